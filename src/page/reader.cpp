#include "pecia/page/reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <optional>

#include "conversions.hpp"
#include "page_child.hpp"
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

/// What a child may use before it is ready, besides what its first page may: it loads fonts and data.
constexpr double start_cpu_s = 30, start_wall_s = 120;
constexpr int answers_before_spare = 32;

struct Asked {
  std::variant<protocol::Answer, Failure> answer;
  std::vector<UniqueFd> fds;
};

std::string too_much_cpu(double most_cpu_s, double wall_s) {
  return fmt::format("parsing or decoding took more than {:.0f} s of CPU time ({:.0f} s in all)", most_cpu_s, wall_s);
}

/// Over one request.
struct Watch {
  double cpu_before_s = 0;
  Clock::time_point began;
  double most_cpu_s = 0, most_wall_s = 0;

  void begin_anew(double cpu_s) {
    cpu_before_s = cpu_s;
    began = Clock::now();
  }
  [[nodiscard]] double wall_s() const { return std::chrono::duration<double>(Clock::now() - began).count(); }
  /// Why the child is to be ended, if it is.
  [[nodiscard]] std::optional<std::string> late(double cpu_now_s, bool ready) const {
    const double cpu_s = cpu_now_s - cpu_before_s;
    if (cpu_s > most_cpu_s + (ready ? 0 : start_cpu_s)) return too_much_cpu(most_cpu_s, wall_s());
    if (wall_s() <= most_wall_s + (ready ? 0 : start_wall_s)) return std::nullopt;
    return fmt::format("parsing or decoding did not end in {:.3g} s (and took {:.1f} s of CPU time)", most_wall_s, cpu_s);
  }
};

/// A DOCX or ODT that was made a PDF, or could not be.
struct Converted {
  Source of;
  corpus::Format format = corpus::Format::docx;
  office::Converted made;
};

UniqueFd open_read_only(const std::filesystem::path& file) {
  return UniqueFd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
}

std::uint64_t size_of(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

Failure open_failure(int error_number, const std::filesystem::path& file) {
  if (error_number == ENOENT || error_number == ENOTDIR)
    return {Reason::vanished, "the file is not there any more. Restore it and run again with --retry vanished"};
  const bool forbidden = error_number == EACCES || error_number == EPERM || error_number == ELOOP ||
                         error_number == ENAMETOOLONG;
  return {Reason::io_error,
          system_error(error_number, "the file cannot be opened", printable(file.native())).what(), !forbidden};
}

}  // namespace

struct Reader::State {
  Limits limits;
  std::optional<PageChild> child;
  std::optional<PageChild> spare;  ///< started and warmed up, or on its way to it
  std::optional<Converted> converted;  ///< the document asked for last, where it is an office's
  std::vector<std::string> office_not_confined;  ///< as office::Done has it, of the last conversion
  int answers = 0;
  std::atomic<bool> interrupted{false};

  void start(double scale_limits) {
    child.reset();
    if (spare && scale_limits == spare->memory_scale && spare->takes_a_request()) child = std::move(spare);
    spare.reset();
    if (!child) child.emplace(limits, scale_limits);
  }

  /// So that a child that dies is replaced at once. Not for a few pages: it takes a process start in
  /// the background, and memory (docs/performance.md).
  void keep_spare() {
    if (spare || ++answers < answers_before_spare) return;
    try {
      spare.emplace(limits, 1);
    } catch (const Error&) {
      answers = 0;  // no process is to be had now; without one things are slower, no more
    }
  }

  /// One request, one answer, by way of a PDF for what is no document of pages itself.
  Asked ask(const Source& source, const protocol::Request& request, double scale_limits) {
    if (converted && !same(converted->of, source)) converted.reset();
    if (const auto* failure = converted ? std::get_if<Failure>(&converted->made) : nullptr) return {*failure, {}};
    auto asked = ask_child(source, request, scale_limits);
    const auto* answer = std::get_if<protocol::Answer>(&asked.answer);
    const auto* found = answer != nullptr ? std::get_if<protocol::Office>(answer) : nullptr;
    if (found == nullptr) return asked;
    if (auto failure = convert(source, found->format, scale_limits)) return {std::move(*failure), {}};
    return ask_child(source, request, scale_limits);
  }

  /// Into `converted`. What may go better another time is not kept.
  std::optional<Failure> convert(const Source& source, corpus::Format format, double scale_limits) {
    const auto document = open_read_only(source.file);
    if (!document) return open_failure(errno, source.file);
    converted = Converted{source, format, office::shared_pdf(document, format, limits, scale_limits, interrupted)};
    auto* failure = std::get_if<Failure>(&converted->made);
    if (failure == nullptr) {
      office_not_confined = pdf_of_it()->not_confined;
      return std::nullopt;
    }
    auto copy = *failure;
    if (copy.retriable) converted.reset();
    return copy;
  }

  [[nodiscard]] const office::Pdf* pdf_of_it() const {
    const auto* pdf = converted ? std::get_if<std::shared_ptr<const office::Pdf>>(&converted->made) : nullptr;
    return pdf != nullptr ? pdf->get() : nullptr;
  }

  void record_conversion(Steps& steps) const {
    if (const auto* pdf = pdf_of_it()) steps.insert(steps.begin(), {"libreoffice", "converted to PDF by " + printable(pdf->program)});
  }

  /// A child that was gone before it had the request is not the page's fault.
  Asked ask_child(const Source& source, protocol::Request request, double scale_limits) {
    for (int tries = 0; tries < 2; ++tries) {
      if (interrupted) return {Failure{Reason::timeout, "interrupted", true}, {}};
      if (!child || child->memory_scale != scale_limits || !child->takes_a_request()) start(scale_limits);
      const auto* const pdf = pdf_of_it();
      request.opens = !child->has_open(source) || child->open_converted != (pdf != nullptr);
      request.password = source.password;
      request.max_pixels = static_cast<std::uint64_t>(static_cast<double>(limits.pixels) * std::min(scale_limits, 1.0));
      UniqueFd file;
      if (request.opens) {
        if (pdf == nullptr) file = open_read_only(source.file);
        if (pdf == nullptr && !file) return {open_failure(errno, source.file), {}};
      }
      const int fd = pdf != nullptr ? pdf->file.get() : file.get();
      if (request.opens) {
        child->open_bytes = size_of(fd);
        child->open_converted = pdf != nullptr;
      }
      const auto fds = request.opens ? std::span{&fd, 1} : std::span<const int>{};
      Watch watch{child->process.cpu_s(), Clock::now(), limits.cpu_s * scale_limits, limits.wall_s * scale_limits};
      child->process.allow_cpu(watch.most_cpu_s + (child->ready ? 0 : start_cpu_s));
      if (child->process.send(protocol::encode(request), fds)) {
        child->open = source;
        auto asked = wait(request, watch);
        if (child) keep_spare();
        return asked;
      }
      child.reset();
    }
    return {Failure{Reason::child_crashed, "pecia-page ends before it takes a request", true}, {}};
  }

  Asked wait(const protocol::Request& request, Watch watch) {
    while (true) {
      auto received = child->process.receive(look_every);
      if (received.status == child::Child::Status::gone) return {crashed(watch), {}};
      if (received.status == child::Child::Status::message) {
        try {
          auto answer = protocol::decode_answer(received.packet.bytes);
          if (auto* hello = std::get_if<protocol::Hello>(&answer)) {
            child->greet(std::move(*hello));
            watch.begin_anew(child->process.cpu_s());
            child->process.allow_cpu(watch.most_cpu_s);
            continue;
          }
          check_answer(request, answer, received.packet.fds.size(), child->open_bytes, child->open_converted);
          child->ready = true;  // it may leave its hello out
          return {std::move(answer), std::move(received.packet.fds)};
        } catch (const Error& error) {
          return {nonsense(error.what()), {}};
        }
      }
      if (interrupted) {
        child.reset();
        return {Failure{Reason::timeout, "interrupted", true}, {}};
      }
      auto late = watch.late(child->process.cpu_s(), child->ready);
      if (!late) continue;
      child.reset();
      return {Failure{Reason::timeout, std::move(*late), true}, {}};
    }
  }

  Probe probe(const Source& source, protocol::Verb verb, double scale_limits);

  /// A request whose answer is a T or a failure.
  template <class T>
  std::variant<T, Failure> ask_for(const Source& source, const protocol::Request& request, double scale_limits) {
    auto asked = ask(source, request, scale_limits);
    if (auto* failure = std::get_if<Failure>(&asked.answer)) return std::move(*failure);
    auto& answer = std::get<protocol::Answer>(asked.answer);
    if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
    return std::get<T>(std::move(answer));  // check_answer has seen to it
  }

  Failure crashed(const Watch& watch) {
    const auto how = child->process.end();
    const bool by_cpu_limit = child->process.ended_by_cpu_limit();
    const bool too_deep = child->process.exit_status() == protocol::nested_too_deep_status;
    child.reset();
    if (by_cpu_limit) return {Reason::timeout, too_much_cpu(watch.most_cpu_s, watch.wall_s()), true};
    if (too_deep)
      return {Reason::too_large, "the document nests arrays, dictionaries or pages within each other deeper than any sound one, which a "
                                 "library that parses it follows without end", false};
    // Its document was taken from under it; or a page of the pixels that it shares, which the machine could not back.
    if (how.starts_with(fmt::format("killed by signal {} ", SIGBUS)))
      return {Reason::io_error, "the file could not be read to its end, since its storage is at fault or it was cut off while it was read; or "
                                "the machine had no memory left for the page's pixels", true};
    return {Reason::child_crashed, fmt::format("the process that parses documents died on it: {}", how), true};
  }

  /// Whatever else it has said and will say is not to be believed either.
  Failure nonsense(std::string_view what) {
    child.reset();
    return {Reason::child_crashed, fmt::format("pecia-page answered nonsense: {}", what), true};
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
  if (converted) probe.format = converted->format;
  if (auto* answer = std::get_if<protocol::Answer>(&asked.answer)) {
    if (auto* found = std::get_if<Probe>(answer)) {
      if (converted) found->format = converted->format;
      return std::move(*found);
    }
    failure = &std::get<Failure>(*answer);
  }
  probe.problem = failure->reason;
  probe.problem_detail = failure->detail;
  probe.retriable = failure->retriable;
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
  try {
    auto& made = std::get<protocol::Rendered>(answer).image;
    const auto size = made.stride_bytes * static_cast<std::size_t>(made.height_px);
    auto memory = std::make_shared<child::SharedMemory>(child::SharedMemory::map(std::move(asked.fds[0]), size));
    made.pixels = memory->bytes().first(size);
    made.fd = memory->fd();
    made.owner = memory;
    state_->record_conversion(made.steps);
    return std::move(made);
  } catch (const std::bad_alloc&) {  // ours, not its fault
    return Failure{Reason::out_of_memory, "this process has no memory left to look at the page's pixels", true};
  } catch (const Error& error) {
    return state_->nonsense(error.what());
  }
}

std::variant<Density, Failure> Reader::measure(const Source& source, std::uint32_t page, double scale_limits) {
  protocol::Request request;
  request.verb = protocol::Verb::measure;
  request.page = page;
  return state_->ask_for<Density>(source, request, scale_limits);
}

std::variant<TextLayer, Failure> Reader::text_layer(const Source& source, std::uint32_t page, bool look, double scale_limits) {
  protocol::Request request;
  request.verb = protocol::Verb::text_layer;
  request.page = page;
  request.look = look;
  auto asked = state_->ask_for<TextLayer>(source, request, scale_limits);
  if (auto* layer = std::get_if<TextLayer>(&asked)) state_->record_conversion(layer->steps);
  return asked;
}

void Reader::interrupt() noexcept { state_->interrupted = true; }

pid_t Reader::child_pid() const noexcept { return state_->child ? state_->child->process.pid() : -1; }

pid_t Reader::spare_pid() const noexcept { return state_->spare ? state_->spare->process.pid() : -1; }

std::vector<std::string> Reader::not_confined() const {
  auto all = state_->child ? state_->child->not_confined : std::vector<std::string>{};
  for (const auto& missing : state_->office_not_confined) all.push_back("(around LibreOffice) " + missing);
  return all;
}

}  // namespace pecia::page
