#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "pecia/app/job.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/corpus/listing.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/store/contents.hpp"

namespace pecia::app {

/// How urgent each document is: as the list of the corpus says, else as the rules of the job do.
class Priorities {
 public:
  Priorities(const Job& job, const corpus::Listing& listing);
  [[nodiscard]] corpus::Priority of(const corpus::Document& document) const;

 private:
  const Job& job_;
  std::unordered_map<DocumentId, corpus::Priority> listed_;
};

/// The pages of a run that have no outcome, or are read again.
struct PagesToRead {
  std::vector<plan::PageRun> runs;
  std::map<PageRef, std::uint32_t> generations;  ///< of pages that are read again
  std::set<PageRef> alone;  ///< pages that nothing else is to be read beside
  std::uint64_t pages = 0;
  double cost_s = 0;
  bool failed_before = false;  ///< of the pages that are not read again, some had failed
};

/// Whether an outcome is not to stand (`--retry`).
using WantsRetry = std::function<bool(const corpus::Document&, Reason, bool failed)>;

/// `contents`: the outcomes so far, nullptr if there is no run yet.
[[nodiscard]] PagesToRead find_pages_to_read(const corpus::Manifest& manifest,
                                             const store::Contents* contents,
                                             const corpus::CostModel& model,
                                             const Job& job,
                                             const Priorities& priorities,
                                             const WantsRetry& wants_retry);

/// The partition of these pages over ranks, ready to be handed out.
[[nodiscard]] std::vector<plan::Share> shares_of(const PagesToRead& pages, const corpus::Manifest& manifest,
                                                 const Job& job, std::span<const plan::RankSpec> ranks);

}  // namespace pecia::app
