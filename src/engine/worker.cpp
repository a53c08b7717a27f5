#include "worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "pecia/base/clock.hpp"
#include "pecia/child/shared_memory.hpp"
#include "protocol.hpp"

namespace pecia::engine {
namespace {

constexpr double start_limit_s = 120;
/// A worker that sleeps uses next to no CPU time; one that is crowded out still gets this share.
constexpr double asleep_share = 0.02;
constexpr double wall_factor = 10;

child::SharedMemory copy_of(const page::Image& image) {
  auto copy = child::SharedMemory::create(image.pixels.size());
  if (!image.pixels.empty())
    std::memcpy(copy.writable().data(), image.pixels.data(), image.pixels.size());
  copy.seal();
  return copy;
}

}  // namespace

Room Worker::left() const {
  Room left = room;
  for (auto page = pages.upper_bound(taken); page != pages.end(); ++page) {
    left.pages = std::max(0, left.pages - 1);
    left.bytes -= std::min(left.bytes, page->second.bytes);
  }
  return left;
}

bool Worker::takes_a_page() const {
  const auto now = left();
  return ready && now.pages > 0 && now.bytes > 0;
}

bool Worker::give(std::uint64_t number, std::uint64_t ticket, const Prepared& page) {
  const auto message = protocol::encode(protocol::Read{number, page.options, page.image});
  std::optional<child::SharedMemory> copy;
  int fd = page.image.fd;
  if (fd < 0) fd = copy.emplace(copy_of(page.image)).fd();
  if (!child->send(message, {&fd, 1})) return false;
  pages[number] = {ticket, false, page.image.pixels.size(), Clock::now(), child->cpu_s(),
                   page.options.time_scale};
  return true;
}

std::optional<std::string> watch_page(const Worker& worker, double watchdog_s) {
  if (!worker.ready) {
    if (seconds_since(worker.began) > start_limit_s) return "the engine process did not start";
    return std::nullopt;
  }
  if (worker.pages.empty()) return std::nullopt;
  const auto& page = worker.pages.begin()->second;
  const double limit_s = page.time_scale * watchdog_s;
  const double wall_s = seconds_since(page.began);
  const double cpu_s = worker.child->cpu_s() - page.cpu_at_begin_s;
  const bool asleep = wall_s > limit_s && cpu_s < asleep_share * wall_s;
  if (cpu_s <= limit_s && !asleep && wall_s <= wall_factor * limit_s) return std::nullopt;
  const auto times = page.time_scale > 1 ? fmt::format(", here times {:g}", page.time_scale) : "";
  return fmt::format("no end after {:.0f} s ({:.0f} s of CPU; engine.watchdog_s is {:.0f}{})", wall_s,
                     cpu_s, watchdog_s, times);
}

std::optional<std::string> watch_silence(const Worker& worker, double watchdog_s) {
  const double silent_s = seconds_since(worker.heard);
  if (silent_s <= watchdog_s) return std::nullopt;
  return fmt::format(
      "the engine process has said nothing for {:.0f} s{} (engine.watchdog_s is {:g})", silent_s,
      worker.ready ? "" : " while it was starting", watchdog_s);
}

}  // namespace pecia::engine
