#pragma once

#include <string>
#include <string_view>

#include "pecia/merge/table.hpp"

namespace pecia::merge {

/// What the words between two tables, or above one, say of them.
struct CaptionMark {
  bool of_table = false;   ///< names a table: "Table 3", "Tab. IV", "Tableau"
  bool continued = false;  ///< "(continued)", "Fortsetzung", "suite"
  std::string number;      ///< of the table, lower case; empty: none
};
[[nodiscard]] CaptionMark caption_mark(std::string_view text);

/// "Carried forward", "Übertrag", "À reporter" in its last row.
[[nodiscard]] bool is_carried(const Table& table);
/// "Total", "Summe" begins its last row.
[[nodiscard]] bool ends_in_total(const Table& table);

/// How much two rows say the same, 0 to 1: OCR misreads a letter here and there.
[[nodiscard]] double likeness(const Row& a, const Row& b);
/// Rows at the beginning of `second` that repeat the head of `first`.
[[nodiscard]] std::size_t repeated_head_rows(const Table& first, const Table& second);
/// `second` has a head of its own that is not that of `first`.
[[nodiscard]] bool has_other_head(const Table& first, const Table& second);

/// The columns stand at the same places, all shifted alike: pages lie differently on the scanner. True where no places are known.
[[nodiscard]] bool columns_agree(const PageModel& first_page, const Table& first, const PageModel& second_page, const Table& second);
/// No column of numbers goes on as one of words, or the other way round.
[[nodiscard]] bool kinds_agree(const Table& first, const Table& second);

}  // namespace pecia::merge
