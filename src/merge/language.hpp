#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace pecia::merge {

/// Guesses the language of a page by its commonest words, and the script by its letters. Good enough to see that a page is
/// not in the language of the others; not for a line.
class LanguageCounter {
 public:
  void add_word(std::string_view word);  ///< as `for_each_word` gives them

  /// "eng", "deu", "fra", "lat", "ita", "spa", "nld", "por"; of other scripts "Greek", "Cyrillic", "Hebrew", "Arabic", "CJK",
  /// "Hangul". Empty where it is not clear.
  [[nodiscard]] std::string_view language() const;

 private:
  std::array<std::size_t, 8> hits_{};
  std::array<std::size_t, 7> letters_{};  ///< bytes of words, by script
  std::size_t words_ = 0;
};

/// "German"; the name itself where it has no other.
[[nodiscard]] std::string_view english_name(std::string_view language);

/// Whether a text in this language can be expected of models for `languages` (joined by '+', as Tesseract's models are named). True
/// also where nothing is known of one of the models.
[[nodiscard]] bool is_covered(std::string_view language, std::string_view languages);

}  // namespace pecia::merge
