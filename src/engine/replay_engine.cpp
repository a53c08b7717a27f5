#include <algorithm>
#include <thread>

#include "pecia/base/version.hpp"
#include "pecia/engine/simple_engines.hpp"

namespace pecia::engine {

page::ImageRequest ReplayEngine::wants(const page::PageInfo&, const ReadOptions&) const { return {}; }

Prepared ReplayEngine::prepare(const page::Image& image, const ReadOptions& options) const {
  return {image, options, image.pixels.size()};
}

Room ReplayEngine::room() const { return {threads_ - static_cast<int>(sleeping_.size()), std::size_t{1} << 30}; }

void ReplayEngine::submit(std::uint64_t ticket, Prepared page) {
  const double seconds = page.options.replay_seconds * time_scale_;
  const auto nap = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  sleeping_.push_back({ticket, Clock::now() + nap, seconds});
}

std::vector<Completion> ReplayEngine::step(std::chrono::milliseconds max_wait) {
  auto wake = Clock::now() + max_wait;
  for (const auto& page : sleeping_) wake = std::min(wake, page.until);
  std::this_thread::sleep_until(wake);
  std::vector<Completion> done;
  const auto now = Clock::now();
  std::erase_if(sleeping_, [&](const Sleeping& page) {
    if (page.until > now) return false;
    result::Reading reading;
    reading.text = "replayed\n";
    reading.confidence = 1;
    done.push_back({page.ticket, std::move(reading), page.seconds});
    return true;
  });
  return done;
}

void ReplayEngine::cancel(std::uint64_t ticket) {
  std::erase_if(sleeping_, [&](const Sleeping& page) { return page.ticket == ticket; });
}

Description ReplayEngine::description() const { return {"replay", std::string{version()}, "replay"}; }

}  // namespace pecia::engine
