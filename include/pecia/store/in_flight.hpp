#pragma once

#include <cstdint>
#include <vector>

#include "pecia/store/record.hpp"
#include "pecia/store/run.hpp"

namespace pecia::store {

/// A page that a rank had begun, and for which neither an outcome nor a release is in its journal.
struct InFlightPage {
  PageKey key;
  std::uint32_t generation = 0;
  bool alone = false;  ///< no other page was in flight on its rank, so that no other can be to blame
  bool operator==(const InFlightPage&) const = default;
};

/// A rank whose journal was not closed.
struct RankInFlight {
  std::uint32_t epoch = 0, rank = 0;
  std::vector<InFlightPage> open;  ///< by key; at least one: it died
  bool told_to_stop = false;       ///< it lived long enough to be told so, by a signal or another rank
};

/// Those with pages open or told to stop, from the segments in journal/, by epoch and rank: before `seal_leftovers` deletes them. Damaged
/// segments tell what stands before the damage; those that cannot be read tell nothing.
[[nodiscard]] std::vector<RankInFlight> pages_in_flight(const RunPaths& run);

}  // namespace pecia::store
