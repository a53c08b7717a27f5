#pragma once

#include <cstdint>
#include <vector>

#include "pecia/corpus/document.hpp"

namespace pecia::corpus {

/// Which pages of a document have been asked for, measured or not.
using Asked = std::vector<bool>;  ///< by page, page 1 at 0

/// The pages (from 1) to measure next, ascending: of a document that was not looked into, its only
/// one or some spread evenly over it, first and last left out (covers are like nothing else); later
/// the middle of each gap, so that about twice as many are known. Empty when all were asked for.
[[nodiscard]] std::vector<std::uint32_t> next_sample(const Asked& asked);

/// What is at stake in measuring more of a document: the estimated seconds of the pages not asked
/// for, times how much those that were measured disagree (coefficient of variation of their ink).
/// 1 stands for the disagreement where fewer than two were measured; pages are thought to disagree
/// a little even if those few agree.
[[nodiscard]] double uncertainty_s(const std::vector<PageEvidence>& pages, const Asked& asked);

/// Whether a page's image is decoded in some milliseconds, as far as its coding tells. Others are
/// rasterised, or coded so that it takes ten times as long.
[[nodiscard]] bool is_at_hand(const PageEvidence& page) noexcept;

/// Where time to measure goes first: `uncertainty_s` for the time that a page not asked for takes.
[[nodiscard]] double worth_of_sampling(const std::vector<PageEvidence>& pages, const Asked& asked);

}  // namespace pecia::corpus
