#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "pecia/base/ids.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/run.hpp"
#include "pecia/store/suspects.hpp"

namespace pecia::app {

/// What the deaths of ranks in earlier jobs say of the pages that were in flight on them. Rank 0's, at
/// the start of a job.
class Deaths {
 public:
  /// Takes into suspects.json what the journals tell, which may then be sealed.
  Deaths(const store::RunPaths& run, std::uint32_t epoch);

  /// Pages that ended their rank twice while nothing else was in flight there get their outcome,
  /// unless they have one. `writer`: a number that no rank of this job has.
  void record_poison(const corpus::Manifest& manifest, std::uint32_t writer);
  /// What was read after all is no suspect.
  void forget_done(const store::Contents& contents);
  /// Pages, and of which generation.
  [[nodiscard]] std::map<PageRef, std::uint32_t> to_be_tried_alone(const corpus::Manifest& manifest) const;

 private:
  store::RunPaths run_;
  std::uint32_t epoch_;
  std::vector<store::Suspect> suspects_;
};

void log_pages_alone(const std::set<PageRef>& pages, const corpus::Manifest& manifest);

}  // namespace pecia::app
