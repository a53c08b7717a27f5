#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "check_parts.hpp"
#include "language.hpp"
#include "pecia/base/text.hpp"
#include "shingles.hpp"

namespace pecia::merge {
namespace {

constexpr std::size_t least_words = 40;  ///< of a page that may be a duplicate
constexpr std::size_t least_shared = 6;  ///< of 32 hashes of shingles
constexpr std::size_t most_scans = 3;    ///< of one page; more are a form
constexpr std::uint32_t least_block_words = 8;

struct Traits {
  std::vector<std::vector<std::uint64_t>> sketches;  ///< by page; empty: too short
  std::vector<std::string_view> languages;
  std::vector<BlockHash> blocks;
};

Traits traits_of(const Book& book) {
  Traits traits;
  for (std::uint32_t number = 0; number < book.pages.size(); ++number) {
    const auto& page = book.pages[number];
    Sketch sketch;
    LanguageCounter counter;
    std::size_t words = 0;
    for (std::uint32_t n = 0; n < page.blocks.size(); ++n) {
      if (!is_in_flow(page.blocks[n].role)) continue;
      BlockHash block{0, number, n, 0};
      sketch.begin_block();
      for_each_word(text_of(page, page.blocks[n].text), [&](std::string_view word) {
        const auto hash = hash_of(word);
        sketch.add_word(hash);
        counter.add_word(word);
        block.hash = mixed(block.hash * 31 + hash);
        ++block.words;
      });
      words += block.words;
      if (block.words >= least_block_words) traits.blocks.push_back(block);
    }
    traits.sketches.push_back(words >= least_words ? sketch.smallest() : std::vector<std::uint64_t>{});
    traits.languages.push_back(counter.language());
  }
  return traits;
}

std::string flow_text(const PageModel& page) {
  std::string text;
  for (const auto& block : page.blocks) {
    if (!is_in_flow(block.role)) continue;
    text += text_of(page, block.text);
    text += '\n';
  }
  return text;
}

/// Misreadings differ by letters; the entries of forms differ by words and numbers.
bool is_same(const Difference& difference) {
  return difference.common >= .75 && difference.unlike <= .03 &&
         difference.unlike_numbers <= std::max<std::size_t>(2, difference.words / 125);
}

/// Returns the pages that are the second of a pair.
std::vector<std::uint32_t> check_pages(const Book& book, const std::vector<std::vector<std::uint64_t>>& sketches, Findings& findings) {
  std::vector<std::uint32_t> duplicates;
  std::vector<bool> reported(book.pages.size());
  for (const auto& pair : candidates(sketches, least_shared, most_scans)) {
    const auto& first = book.pages[pair.first];
    const auto& second = book.pages[pair.second];
    if (reported[pair.second]) continue;
    if (!first.printed_number.empty() && !second.printed_number.empty() && first.printed_number != second.printed_number) continue;
    const auto found = difference(flow_text(first), flow_text(second));
    if (!is_same(found)) continue;
    reported[pair.second] = true;
    duplicates.push_back(pair.second);
    findings.push_back(
        {FindingKind::duplicate_page, Severity::warning, second.number,
         fmt::format("has the text of page {} again ({:.0f} % of the words, the others look like misreadings): scanned twice?",
                     first.number, 100 * found.common)});
  }
  std::ranges::sort(duplicates);
  return duplicates;
}

}  // namespace

void check_words(Book& book, bool repair, Findings& findings) {
  auto traits = traits_of(book);
  const auto duplicates = check_pages(book, traits.sketches, findings);
  check_blocks(book, repair, std::move(traits.blocks), duplicates, findings);
  check_languages(book, traits.languages, findings);
}

}  // namespace pecia::merge
