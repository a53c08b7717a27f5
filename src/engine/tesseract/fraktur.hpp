#pragma once

#include <span>
#include <string>

#include "pecia/result/outcome.hpp"
#include "tesseract/text_changes.hpp"

namespace pecia::engine {

/// Puts right what Tesseract's Fraktur models make of glyphs that they were not taught
/// (https://github.com/tesseract-ocr/tessdata/issues/102): the ligature ch, read as `<`, `{` or h, and the capital that
/// is I as well as J. Only what cannot stand in a German text is changed: `<` and `{` within a word, sh at a word's
/// beginning, lh, nh, rh, ih and iht at its end, the non-words noh, doh, auh and euh, J before a consonant. A word of
/// the dictionary stays as it is; but ih, niht, noh, doh, auh and euh, which dictionaries made from misread texts have,
/// where another ch of the page was misread. A change is recorded as step "fraktur".
[[nodiscard]] result::Reading with_fraktur_glyphs(result::Reading reading, const IsWord& is_word);

/// Whether that is to be done with what was read in these languages, the most frequent first: in Fraktur, and besides in
/// German or Latin at most, since others have words such as "she" that the dictionary of the first does not know.
[[nodiscard]] bool is_fraktur(std::span<const std::string> languages);

}  // namespace pecia::engine
