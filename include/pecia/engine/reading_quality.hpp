#pragma once

#include "pecia/result/outcome.hpp"

namespace pecia::engine {

/// Letters and digits that were probably read rightly, less those that were probably made up: the sum over the words
/// of (bytes of text) x (confidence - the confidence at which a word is as likely wrong as right). Comparable between
/// readings of one page by one engine: three sure letters are worth less than a full page, and a page of noise less than none.
[[nodiscard]] double worth(const result::Reading& reading);

/// Of two readings of a page by one engine `second` if it is worth clearly more, else `first`. Of a table that was read
/// column by column `second` if it was read in rows, and is worth about as much.
[[nodiscard]] const result::Reading& better_reading(const result::Reading& first, const result::Reading& second);

/// Whether a page deserves another reading (`ReadOptions::reading`): its words are unsure, or there are none although the
/// page is not blank.
[[nodiscard]] bool poor(const result::Reading& reading);

/// A table of numbers that was read column by column: it deserves to be read in rows (`ReadOptions::by_rows`).
[[nodiscard]] bool is_table_in_columns(const result::Reading& reading);

}  // namespace pecia::engine
