#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <vector>

#include "pecia/store/in_flight.hpp"
#include "pecia/store/record.hpp"
#include "pecia/store/run.hpp"

namespace pecia::store {

/// A page that was in flight when a rank died, and the jobs (epochs) in which that was so, by what they
/// say of it. Sets, so that a job that is told of twice counts once.
struct Suspect {
  PageKey key;
  std::uint32_t generation = 0;
  std::set<std::uint32_t> died_alone;     ///< this rank alone had pages in flight, and another lived to be told to stop
  std::set<std::uint32_t> died_together;  ///< any other death: perhaps all ranks ended at once
  std::set<std::uint32_t> trials;         ///< as `died_alone`, and no other page was in flight on the rank

  /// It is to be read with no other page in flight on its rank.
  [[nodiscard]] bool to_be_tried_alone() const noexcept {
    return !died_alone.empty() || died_together.size() >= 2 || !trials.empty();
  }
  /// It ended its rank twice when nothing else can have.
  [[nodiscard]] bool is_poison() const noexcept { return trials.size() >= 2; }
};

/// suspects.json; by key. Nothing if it is missing; throws `Error` if it is damaged.
[[nodiscard]] std::vector<Suspect> read_suspects(const RunPaths& run);
/// Whole and renamed; none: removed. By the holder of `epoch` alone.
void write_suspects(const RunPaths& run, std::uint32_t epoch, std::span<const Suspect> suspects);

/// What is known of an earlier job.
struct JobEnd {
  std::uint32_t ranks = 1;
  bool from_outside = false;  ///< the batch system ended it: that a page was in flight alone says nothing
};

/// Adds what ranks left in flight. A page of a greater generation begins anew.
void add_deaths(std::vector<Suspect>& suspects, std::span<const RankInFlight> ranks,
                const std::function<JobEnd(std::uint32_t epoch)>& end_of);

}  // namespace pecia::store
