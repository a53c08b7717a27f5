#include "pecia/page/reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/child/child.hpp"
#include "pecia/child/shared_memory.hpp"
#include "protocol.hpp"

namespace pecia::page {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_every{100};

struct Asked {
  std::variant<protocol::Answer, Failure> answer;
  std::vector<UniqueFd> fds;
};

Failure open_failure(int error_number, const std::filesystem::path& file) {
  if (error_number == ENOENT || error_number == ENOTDIR)
    return {Reason::vanished, "the file is not there any more. Restore it and run again with --retry vanished"};
  return {Reason::io_error,
          system_error(error_number, "the file cannot be opened", printable(file.native())).what()};
}

}  // namespace

struct Reader::State {
  Limits limits;
  std::optional<child::Child> child;
  std::optional<Source> open;  ///< what the child has open
  double memory_scale = 1;     ///< of the child's limit
  std::atomic<bool> interrupted{false};

  void start(double scale_limits) {
    child::Program program;
    program.executable = child::find_program("pecia-page");
    memory_scale = scale_limits;
    program.limits.memory_bytes = static_cast<std::uint64_t>(static_cast<double>(limits.memory_bytes) * memory_scale);
    child.emplace(program);
    open.reset();
  }

  [[nodiscard]] bool has_open(const Source& source) const {
    return child && open && open->file == source.file && open->format == source.format &&
           open->password == source.password;
  }

  /// One request, one answer. A child that was gone before it had the request is not the page's fault.
  Asked ask(const Source& source, protocol::Request request, double scale_limits) {
    for (int tries = 0; tries < 2; ++tries) {
      if (interrupted) return {Failure{Reason::timeout, "interrupted", true}, {}};
      if (child && memory_scale != scale_limits) child.reset();  // a limit holds for a child's whole life
      if (!child) start(scale_limits);
      request.opens = !has_open(source);
      request.format = source.format;
      request.password = source.password;
      request.max_pixels = static_cast<std::uint64_t>(static_cast<double>(limits.pixels) * std::min(scale_limits, 1.0));
      UniqueFd file;
      if (request.opens) {
        file.reset(::open(source.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        if (!file) return {open_failure(errno, source.file), {}};
      }
      const int fd = file.get();
      const auto fds = request.opens ? std::span{&fd, 1} : std::span<const int>{};
      const double cpu_before_s = child->cpu_s();
      const bool alive = cpu_before_s >= 0 && child->send(protocol::encode(request), fds);
      if (alive) {
        open = source;
        return wait(cpu_before_s, scale_limits);
      }
      child.reset();
    }
    return {Failure{Reason::child_crashed, "pecia-page ends before it takes a request", true}, {}};
  }

  Asked wait(double cpu_before_s, double scale_limits) {
    const auto began = Clock::now();
    while (true) {
      auto received = child->receive(look_every);
      if (received.status == child::Child::Status::gone) return {crashed(), {}};
      if (received.status == child::Child::Status::message) {
        try {
          return {protocol::decode_answer(received.packet.bytes), std::move(received.packet.fds)};
        } catch (const Error& error) {
          child.reset();
          return {Failure{Reason::child_crashed, fmt::format("pecia-page answered nonsense: {}", error.what()), true}, {}};
        }
      }
      if (interrupted) {
        child.reset();
        return {Failure{Reason::timeout, "interrupted", true}, {}};
      }
      const double cpu_s = child->cpu_s() - cpu_before_s;
      const double wall_s = std::chrono::duration<double>(Clock::now() - began).count();
      const double most_cpu_s = limits.cpu_s * scale_limits, most_wall_s = limits.wall_s * scale_limits;
      if (cpu_s <= most_cpu_s && wall_s <= most_wall_s) continue;
      child.reset();
      auto why = cpu_s > most_cpu_s
                     ? fmt::format("parsing or decoding took more than {:.0f} s of CPU time ({:.0f} s in all)", most_cpu_s, wall_s)
                     : fmt::format("parsing or decoding did not end in {:.3g} s (and took {:.1f} s of CPU time)", most_wall_s, cpu_s);
      return {Failure{Reason::timeout, std::move(why), true}, {}};
    }
  }

  Probe probe(const Source& source, protocol::Verb verb, double scale_limits);

  /// A request whose answer is a T or a failure.
  template <class T>
  std::variant<T, Failure> ask_for(const Source& source, const protocol::Request& request, double scale_limits) {
    auto asked = ask(source, request, scale_limits);
    if (auto* failure = std::get_if<Failure>(&asked.answer)) return std::move(*failure);
    auto& answer = std::get<protocol::Answer>(asked.answer);
    if (auto* wanted = std::get_if<T>(&answer)) return *wanted;
    if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
    return Failure{Reason::child_crashed, "pecia-page answered another question", true};
  }

  Failure crashed() {
    const auto how = child->end();
    child.reset();
    return {Reason::child_crashed, fmt::format("the process that parses documents died on it: {}", how), true};
  }
};

Reader::Reader(Limits limits) : state_{std::make_unique<State>()} { state_->limits = limits; }
Reader::~Reader() = default;

Probe Reader::probe(const Source& source, double scale_limits) {
  return state_->probe(source, protocol::Verb::probe, scale_limits);
}

Probe Reader::count_pages(const Source& source) { return state_->probe(source, protocol::Verb::count, 1); }

Probe Reader::State::probe(const Source& source, protocol::Verb verb, double scale_limits) {
  protocol::Request request;
  request.verb = verb;
  auto asked = ask(source, request, scale_limits);
  Probe probe;
  const auto* failure = std::get_if<Failure>(&asked.answer);
  if (auto* answer = std::get_if<protocol::Answer>(&asked.answer)) {
    if (auto* found = std::get_if<Probe>(answer)) return std::move(*found);
    failure = std::get_if<Failure>(answer);
  }
  probe.problem = failure ? failure->reason : Reason::child_crashed;
  probe.problem_detail = failure ? failure->detail : "pecia-page answered another question";
  return probe;
}

std::variant<PageInfo, Failure> Reader::info(const Source& source, std::uint32_t page, double scale_limits) {
  protocol::Request request;
  request.verb = protocol::Verb::info;
  request.page = page;
  return state_->ask_for<PageInfo>(source, request, scale_limits);
}

std::variant<Image, Failure> Reader::render(const Source& source, std::uint32_t page, const ImageRequest& image,
                                            double scale_limits) {
  protocol::Request request;
  request.verb = protocol::Verb::render;
  request.page = page;
  request.image = image;
  auto asked = state_->ask(source, request, scale_limits);
  if (auto* failure = std::get_if<Failure>(&asked.answer)) return std::move(*failure);
  auto& answer = std::get<protocol::Answer>(asked.answer);
  if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
  auto* rendered = std::get_if<protocol::Rendered>(&answer);
  try {
    require(rendered && asked.fds.size() == 1, "no image in it");
    auto& made = rendered->image;
    const auto size = made.stride_bytes * static_cast<std::size_t>(made.height_px);
    auto memory = std::make_shared<child::SharedMemory>(child::SharedMemory::map(std::move(asked.fds[0]), size));
    made.pixels = memory->bytes().first(size);
    made.fd = memory->fd();
    made.owner = memory;
    return std::move(made);
  } catch (const Error& error) {
    state_->child.reset();
    return Failure{Reason::child_crashed, fmt::format("pecia-page answered nonsense: {}", error.what()), true};
  }
}

std::variant<Density, Failure> Reader::measure(const Source& source, std::uint32_t page, double scale_limits) {
  protocol::Request request;
  request.verb = protocol::Verb::measure;
  request.page = page;
  return state_->ask_for<Density>(source, request, scale_limits);
}

void Reader::interrupt() noexcept { state_->interrupted = true; }

pid_t Reader::child_pid() const noexcept { return state_->child ? state_->child->pid() : -1; }

}  // namespace pecia::page
