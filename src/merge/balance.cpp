#include "balance.hpp"

#include <algorithm>
#include <vector>

namespace pecia::merge {
namespace {

/// `twice`: two units have the character, or one has it although it was removed.
enum class CharacterFate : char { unexplained, kept, removed, twice };

bool counts(char c) {
  const bool begins = (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // of UTF-8, the first byte of a character
  return begins && c != ' ' && c != '\t' && c != '\n';
}

void mark(std::vector<CharacterFate>& fates, Span span, CharacterFate fate) {
  const auto end = std::min<std::size_t>(span.end, fates.size());
  for (std::size_t n = span.begin; n < end; ++n) fates[n] = fates[n] == CharacterFate::unexplained ? fate : CharacterFate::twice;
}

}  // namespace

Balance balance_of(const Book& book) {
  std::vector<std::vector<CharacterFate>> fates;
  fates.reserve(book.pages.size());
  for (const auto& page : book.pages) fates.emplace_back(page.text.size(), CharacterFate::unexplained);
  for (const auto& change : book.changes) mark(fates[change.page], change.text, CharacterFate::removed);
  for (const auto& unit : book.units) {
    for (const auto& piece : unit.pieces) mark(fates[piece.page], piece.text, CharacterFate::kept);
  }
  Balance balance;
  for (std::size_t page = 0; page < book.pages.size(); ++page) {
    const auto& text = book.pages[page].text;
    for (std::size_t n = 0; n < text.size(); ++n) {
      if (!counts(text[n])) continue;
      ++balance.characters;
      switch (fates[page][n]) {
        case CharacterFate::kept: ++balance.kept; break;
        case CharacterFate::removed: ++balance.removed; break;
        case CharacterFate::twice:
        case CharacterFate::unexplained: ++balance.unexplained; break;
      }
    }
  }
  return balance;
}

}  // namespace pecia::merge
