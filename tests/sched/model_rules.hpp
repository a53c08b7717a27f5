#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sched/model_rank.hpp"

namespace pecia::test {

/// What the rules are applied to.
struct Moment {
  const std::vector<std::shared_ptr<ModelRank>>& ranks;
  bool mishap, drained, copied;  ///< has there been one, so far
};

/// Which rule the end of rank 0 breaks; empty if none.
inline std::string broken_at_the_end(const Moment& moment) {
  const auto& root = *moment.ranks.front();
  const auto all_closed =
      std::ranges::all_of(moment.ranks, [](const auto& rank) { return rank->closed; });
  if (!root.abort && !all_closed) return "the end came before all had closed";
  std::uint64_t committed = 0;
  for (std::size_t page = 0; page < root.records.size(); ++page)
    committed +=
        std::ranges::any_of(moment.ranks, [&](const auto& rank) { return rank->records[page] > 0; })
            ? 1
            : 0;
  const auto& progress = root.scheduler.progress();
  const bool all_done = progress.done == root.records.size();
  const bool failed = !root.scheduler.failures().empty();
  if (!moment.drained && !failed && !all_done) return "ended before all was done";
  if (progress.done > committed) return "more is said to be done than is committed";
  if (progress.done != committed && !moment.mishap) return "not all that is committed is known";
  if (root.status == sched::ExitStatus::complete && !all_done) return "complete, and is not";
  if (failed != (root.status == sched::ExitStatus::error))
    return "a failure is an error, and nothing else";
  if (!moment.mishap && !moment.drained && root.status != sched::ExitStatus::complete)
    return "should be complete";
  if (root.abort != !progress.dead.empty()) return "abort is for dead ranks";
  return {};
}

/// Which rule that holds at every moment is broken; empty if none.
inline std::string broken_rule(const Moment& moment,
                               const std::function<int(std::uint32_t)>& times_granted) {
  const auto& root = *moment.ranks.front();
  for (std::uint32_t page = 0; page < root.records.size(); ++page) {
    int records = 0, hands = 0;
    for (const auto& rank : moment.ranks) {
      records += rank->records[page];
      if (!rank->finished) hands += SchedulerProbe::times_held(rank->scheduler, page);
    }
    if (records == 0 && SchedulerProbe::done(root.scheduler, page)) return "done without a record";
    if (moment.mishap || moment.copied) continue;
    if (records > 1) return "read twice";
    if (moment.drained || records > 0) continue;
    hands += times_granted(page);
    if (hands > 1) return "in two hands";
    if (hands < 1) return "in nobody's hands";
  }
  for (const auto& warning : root.scheduler.warnings()) {
    if (warning.find("nobody's hands") != std::string::npos) return "the safety net was needed";
  }
  return root.finished ? broken_at_the_end(moment) : std::string{};
}

}  // namespace pecia::test
