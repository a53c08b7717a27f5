#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pecia/merge/document.hpp"

namespace pecia::exporting {

/// Whether a page is missing: it failed, or is not read yet. A page that was skipped is none: a
/// rule wanted that.
[[nodiscard]] bool is_gap(const merge::Page& page) noexcept;
[[nodiscard]] bool has_gaps(const merge::Document& document) noexcept;

/// The missing pages of a document: numbers, ascending.
struct Gaps {
  std::vector<std::uint32_t> failed, pending;
  [[nodiscard]] bool none() const noexcept { return failed.empty() && pending.empty(); }
};
[[nodiscard]] Gaps gaps_of(const merge::Document& document);
/// "1, 3-7"; of many the first, and how many more pages there are: "1, 3, 5 and 12 more".
[[nodiscard]] std::string ranges_of(const std::vector<std::uint32_t>& numbers);
/// "2 pages could not be read: 3, 7; 1 page is not read yet: 9". Empty if there are no gaps.
[[nodiscard]] std::string sentence_of(const Gaps& gaps);
/// The same without the numbers, for the files of single pages.
[[nodiscard]] std::string counts_of(const Gaps& gaps);

/// What a document with gaps says at its top: "this document has gaps: pages 3, 7-9 could not be
/// read; page 12 is not read yet". Empty for one without, and for one whose pages could not be
/// counted: there the page's own notice is at the top.
[[nodiscard]] std::string gaps_notice(const merge::Document& document);

}  // namespace pecia::exporting
