#pragma once

#include <string>
#include <string_view>

#include "pecia/merge/book.hpp"
#include "words.hpp"

namespace pecia::merge {

/// What becomes of a hyphen at the end of a line.
struct HyphenVerdict {
  enum class Fate : std::uint8_t {
    none,     ///< there is no hyphen, or the next line does not continue the word: a blank is between them
    dropped,  ///< the parts are one word
    kept,     ///< the word is written with it: nothing is between the parts
  } fate = Fate::none;
  std::uint32_t bytes = 0;  ///< of the hyphen
  std::string evidence;
};

/// Decides by the document's own words, by dictionaries, and by what holds in every language.
class Hyphens {
 public:
  Hyphens(const WordList& words, const MergeSettings& settings) : words_{words}, settings_{settings} {}

  /// Of a line and the one behind it, of a page in these languages.
  [[nodiscard]] HyphenVerdict judge(std::string_view line, std::string_view next, std::string_view languages) const;

 private:
  [[nodiscard]] HyphenVerdict by_words(std::string_view left, std::string_view right, std::string_view languages) const;
  [[nodiscard]] HyphenVerdict by_dictionaries(std::string_view left, std::string_view right, std::string_view languages) const;

  const WordList& words_;
  const MergeSettings& settings_;
};

}  // namespace pecia::merge
