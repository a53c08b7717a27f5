#include "pecia/store/in_flight.hpp"

#include <map>
#include <utility>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "shard.hpp"

namespace pecia::store {

std::vector<RankInFlight> pages_in_flight(const RunPaths& run) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, OpenPages> open;
  // Sorted by name, the segments of a rank come in the order in which they were written.
  for (const auto& name : list_segments(run)) {
    const auto segment = parse_segment_name(name);
    if (!segment) continue;
    try {
      (void)replay_segment(run.journal() / name, [](Record&&, std::uint64_t, std::uint32_t) {},
                           &open[{segment->epoch, segment->rank}]);
    } catch (const Error& error) {
      log::warning("which pages were in flight is not known of one segment: {}", error.what());
    }
  }
  std::vector<RankInFlight> ranks;
  for (const auto& [of, pages] : open) {
    if (!pages.empty() || pages.told_to_stop) ranks.push_back({of.first, of.second, pages.list(), pages.told_to_stop});
  }
  return ranks;
}

}  // namespace pecia::store
