#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/check.hpp"

namespace pecia::merge {

using Findings = std::vector<Finding>;

/// Printed page numbers, and the numbers of headings.
void check_page_numbers(const Book& book, Findings& findings);
void check_heading_numbers(const Book& book, Findings& findings);
/// Tables and formulas. Repairs: short rows of tables are padded.
void check_format(Book& book, bool repair, Findings& findings);
/// Pages and blocks that are there twice, and languages. One pass over the words serves both. Repairs: a block that a
/// model wrote twice is taken out.
void check_words(Book& book, bool repair, Findings& findings);

/// A block, its words hashed.
struct BlockHash {
  std::uint64_t hash = 0;
  std::uint32_t page = 0, block = 0, words = 0;
};
/// By pages that are the same: second pages of pairs that were reported, sorted.
void check_blocks(Book& book, bool repair, std::vector<BlockHash> blocks, const std::vector<std::uint32_t>& duplicate_pages,
                  Findings& findings);

/// Pages as (language or script, or empty), by `LanguageCounter`.
void check_languages(const Book& book, const std::vector<std::string_view>& languages, Findings& findings);

}  // namespace pecia::merge
