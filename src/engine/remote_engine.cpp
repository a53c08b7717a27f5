#include "pecia/engine/remote_engine.hpp"

#include <algorithm>
#include <utility>

#include "pecia/base/error.hpp"
#include "pecia/base/stop.hpp"
#include "remote_state.hpp"

namespace pecia::engine {
namespace {

using Clock = Worker::Clock;
using std::chrono::milliseconds;

constexpr milliseconds look_at_watchdogs_every{100};  ///< at watchdogs, while nothing comes in

}  // namespace

RemoteEngine::RemoteEngine(RemoteSettings settings) : state_{std::make_unique<State>()} {
  auto& s = *state_;
  s.settings = std::move(settings);
  s.workers.resize(static_cast<std::size_t>(s.settings.workers));
  for (auto& worker : s.workers) s.start(worker);
  while (std::ranges::none_of(s.workers, &Worker::ready)) {
    s.poll_workers(look_at_watchdogs_every);
    // A large model may take longer to load than a run that is stopped has left.
    const bool abandoned = s.settings.abandoned && s.settings.abandoned();
    if (s.settings.continuous && (abandoned || stop::requested() != stop::Request::none))
      throw Stopped{"asked to stop while the engine process was starting"};
  }
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
  const auto waiting = static_cast<int>(s.waiting.size());
  if (s.settings.continuous) {
    Room room{0, 0};
    if (s.one_is_alone()) return room;
    for (const auto& worker : s.workers) {
      if (!worker.takes_a_page()) continue;
      const auto left = worker.left();
      room.pages += static_cast<int>(std::min(static_cast<std::size_t>(left.pages), s.places(worker)));
      room.bytes += left.bytes;
    }
    room.pages = std::max(0, room.pages - waiting);
    return room;
  }
  if (s.one_is_alone()) return {0, 0};
  // One page a worker waits here, so that none waits for its next one.
  std::size_t taken = 0;
  for (const auto& worker : s.workers) taken += worker.pages.size();
  return {std::max(0, 2 * s.settings.workers - static_cast<int>(taken) - waiting),
          std::size_t{1} << 30};
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
    s.poll_workers(std::clamp(left, milliseconds{0}, look_at_watchdogs_every));
  } while (s.done.empty() && Clock::now() < until);
  return std::exchange(s.done, {});
}

void RemoteEngine::cancel(std::uint64_t ticket) {
  auto& s = *state_;
  std::erase_if(s.waiting, [&](const State::Waiting& page) { return page.ticket == ticket; });
  for (auto& worker : s.workers) {
    const auto has = std::ranges::find_if(worker.pages, [&](const auto& entry) {
      return entry.second.ticket == ticket && !entry.second.cancelled;
    });
    if (has == worker.pages.end()) continue;
    if (s.settings.continuous) {
      has->second.cancelled = true;
      // If it is gone, `step` will hear of it.
      (void)worker.child->send(protocol::encode(protocol::Cancel{has->first}));
    } else {
      s.start(worker);  // the old process ends with its Child
    }
  }
  std::erase_if(s.done, [&](const Completion& completion) { return completion.ticket == ticket; });
}

Description RemoteEngine::description() const { return state_->description; }

std::vector<pid_t> RemoteEngine::worker_pids() const {
  std::vector<pid_t> pids;
  for (const auto& worker : state_->workers) pids.push_back(worker.child->pid());
  return pids;
}

}  // namespace pecia::engine
