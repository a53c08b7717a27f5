#include "pecia/engine/remote_engine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <string>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/child/shared_memory.hpp"
#include "protocol.hpp"

namespace pecia::engine {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int failed_starts_in_a_row = 5;
constexpr double start_limit_s = 120;
constexpr milliseconds look_every{100};  ///< at watchdogs, while nothing comes in
/// A worker that sleeps uses next to no CPU time; one that is crowded out still gets this share.
constexpr double asleep_share = 0.02;
constexpr double wall_factor = 10;

struct Waiting {
  std::uint64_t ticket = 0;
  Prepared page;
};

struct Worker {
  std::optional<child::Child> child;
  bool ready = false;  ///< has said hello
  std::optional<std::uint64_t> ticket;
  std::string languages;  ///< of its last page: their models are loaded
  Clock::time_point began;
  double cpu_at_begin_s = 0;

  [[nodiscard]] bool idle() const { return ready && !ticket; }
};

double seconds_since(Clock::time_point time) { return std::chrono::duration<double>(Clock::now() - time).count(); }

std::string joined(const ReadOptions& options) { return fmt::format("{}", fmt::join(options.languages, "+")); }

}  // namespace

struct RemoteEngine::State {
  RemoteSettings settings;
  Description description;
  std::vector<Worker> workers;
  std::deque<Waiting> waiting;
  std::vector<Completion> done;
  int failed_starts = 0;

  void start(Worker& worker) {
    worker = Worker{};
    worker.child.emplace(settings.program);
    worker.began = Clock::now();
  }

  /// Ends a worker; its page, if it has one, fails for `reason`.
  void replace(Worker& worker, Reason reason, const std::string& why) {
    const auto how = worker.child->end();
    if (!worker.ready && ++failed_starts >= failed_starts_in_a_row)
      throw Error{fmt::format("{} does not start: {} ({} tries). `pecia doctor` says what is missing",
                              settings.program.executable.string(), how, failed_starts)};
    if (worker.ticket) {
      done.push_back({*worker.ticket, PageFailure{reason, fmt::format("{}: {}", why, how)}, seconds_since(worker.began)});
    } else {
      log::warning("an idle engine process is gone ({}); another takes its place", how);
    }
    start(worker);
  }

  void dispatch() {
    for (auto& worker : workers) {
      while (worker.idle() && !waiting.empty()) give_page(worker);
    }
  }

  void give_page(Worker& worker) {
    // Rather a page in languages whose models it has loaded; else the one that has waited longest.
    auto next = std::ranges::find_if(
        waiting, [&](const Waiting& page) { return joined(page.page.options) == worker.languages; });
    if (next == waiting.end()) next = waiting.begin();
    auto page = std::move(*next);
    waiting.erase(next);
    worker.languages = joined(page.page.options);
    worker.began = Clock::now();
    worker.cpu_at_begin_s = worker.child->cpu_s();
    const auto message = protocol::encode(protocol::Read{page.ticket, page.page.options, page.page.image});
    std::optional<child::SharedMemory> copy;
    int fd = page.page.image.fd;
    if (fd < 0) {
      copy = child::SharedMemory::create(page.page.image.pixels.size());
      if (!page.page.image.pixels.empty())
        std::memcpy(copy->writable().data(), page.page.image.pixels.data(), page.page.image.pixels.size());
      copy->seal();
      fd = copy->fd();
    }
    if (worker.child->send(message, {&fd, 1})) {
      worker.ticket = page.ticket;
      return;
    }
    waiting.push_front(std::move(page));  // it was gone before it had the page: not the page's fault
    replace(worker, Reason::engine_crashed, "the engine process was gone");
  }

  void receive(Worker& worker) {
    auto received = worker.child->receive(milliseconds{0});
    if (received.status == child::Child::Status::timeout) return;
    if (received.status == child::Child::Status::gone) {
      replace(worker, Reason::engine_crashed, "the engine process died while it read the page");
      return;
    }
    try {
      auto answer = protocol::decode_answer(received.packet.bytes);
      if (auto* hello = std::get_if<protocol::Hello>(&answer)) {
        if (!hello->problem.empty()) throw UsageError{hello->problem};
        require(!worker.ready, "two hellos");
        worker.ready = true;
        failed_starts = 0;
        description = hello->description;
        return;
      }
      auto& completion = std::get<Completion>(answer);
      require(worker.ticket == completion.ticket, "an answer to a question that was not asked");
      completion.seconds = seconds_since(worker.began);
      done.push_back(std::move(completion));
      worker.ticket.reset();
    } catch (const UsageError&) {
      throw;
    } catch (const Error& error) {
      replace(worker, Reason::engine_failed, fmt::format("the engine process answered nonsense ({})", error.what()));
    }
  }

  void look_at_watchdog(Worker& worker) {
    const double wall_s = seconds_since(worker.began);
    if (!worker.ready) {
      if (wall_s > start_limit_s) replace(worker, Reason::engine_timeout, "the engine process did not start");
      return;
    }
    if (!worker.ticket) return;
    const double cpu_s = worker.child->cpu_s() - worker.cpu_at_begin_s;
    const bool asleep = wall_s > settings.watchdog_s && cpu_s < asleep_share * wall_s;
    if (cpu_s > settings.watchdog_s || asleep || wall_s > wall_factor * settings.watchdog_s)
      replace(worker, Reason::engine_timeout,
              fmt::format("no end after {:.0f} s ({:.0f} s of CPU; engine.watchdog_s is {:.0f})", wall_s, cpu_s,
                          settings.watchdog_s));
  }

  void poll_workers(milliseconds max_wait) {
    std::vector<pollfd> fds;
    for (const auto& worker : workers) fds.push_back({worker.child->fd(), POLLIN, 0});
    if (::poll(fds.data(), fds.size(), static_cast<int>(max_wait.count())) > 0) {
      for (std::size_t n = 0; n < workers.size(); ++n) {
        if (fds[n].revents != 0) receive(workers[n]);
      }
    }
    for (auto& worker : workers) look_at_watchdog(worker);
    dispatch();
  }
};

RemoteEngine::RemoteEngine(RemoteSettings settings) : state_{std::make_unique<State>()} {
  auto& s = *state_;
  s.settings = std::move(settings);
  s.workers.resize(static_cast<std::size_t>(s.settings.workers));
  for (auto& worker : s.workers) s.start(worker);
  while (std::ranges::none_of(s.workers, &Worker::ready)) s.poll_workers(look_every);
}

RemoteEngine::~RemoteEngine() = default;

page::ImageRequest RemoteEngine::wants(const page::PageInfo&, const ReadOptions&) const {
  return state_->settings.request;
}

Prepared RemoteEngine::prepare(const page::Image& image, const ReadOptions& options) const {
  return {image, options, image.pixels.size()};
}

Room RemoteEngine::room() const {
  const auto& s = *state_;
  // One page a worker waits here, so that none waits for its next one.
  const auto taken = std::ranges::count_if(s.workers, [](const Worker& w) { return w.ticket.has_value(); }) +
                     static_cast<std::ptrdiff_t>(s.waiting.size());
  return {std::max(0, 2 * s.settings.workers - static_cast<int>(taken)), std::size_t{1} << 30};
}

void RemoteEngine::submit(std::uint64_t ticket, Prepared page) {
  require(room().pages > 0, "a page was submitted to an engine without room");
  state_->waiting.push_back({ticket, std::move(page)});
  state_->dispatch();
}

std::vector<Completion> RemoteEngine::step(milliseconds max_wait) {
  auto& s = *state_;
  const auto until = Clock::now() + max_wait;
  do {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    s.poll_workers(std::clamp(left, milliseconds{0}, look_every));
  } while (s.done.empty() && Clock::now() < until);
  return std::exchange(s.done, {});
}

void RemoteEngine::cancel(std::uint64_t ticket) {
  auto& s = *state_;
  std::erase_if(s.waiting, [&](const Waiting& page) { return page.ticket == ticket; });
  for (auto& worker : s.workers) {
    if (worker.ticket == ticket) s.start(worker);  // the old process ends with its Child
  }
  std::erase_if(s.done, [&](const Completion& completion) { return completion.ticket == ticket; });
}

Description RemoteEngine::description() const { return state_->description; }

std::vector<pid_t> RemoteEngine::worker_pids() const {
  std::vector<pid_t> pids;
  for (const auto& worker : state_->workers) pids.push_back(worker.child->pid());
  return pids;
}

int serve(child::Parent& parent, Engine& engine, const std::string& problem) {
  parent.send(protocol::encode(protocol::Hello{engine.description(), problem}));
  while (auto packet = parent.receive()) {
    auto read = protocol::decode_read(packet->bytes);
    require(packet->fds.size() == 1, "a page came without its pixels");
    const auto size = read.image.stride_bytes * static_cast<std::size_t>(read.image.height_px);
    auto memory = std::make_shared<child::SharedMemory>(child::SharedMemory::map(std::move(packet->fds[0]), size));
    read.image.pixels = memory->bytes();
    read.image.owner = memory;
    engine.submit(read.ticket, engine.prepare(read.image, read.options));
    std::vector<Completion> done;
    while (done.empty()) done = engine.step(std::chrono::seconds{1});
    for (const auto& completion : done) parent.send(protocol::encode(completion));
  }
  return 0;
}

}  // namespace pecia::engine
