#pragma once

#include <string_view>

#include "pecia/result/outcome.hpp"
#include "tesseract/text_changes.hpp"

namespace pecia::engine {

constexpr std::string_view long_s = "\u017F";

/// Puts the long s where a model that does not know it read an f.
///
/// Most Latin prints before 1800 have the long s at every place but a word's end, and models of today's languages read
/// it as f. The page's own words are the evidence: those that the dictionary has only with s for f, against those that
/// it has with f; and how many letters are an f. Where the former prevail, or f is more frequent than in any language
/// written with it, words change that the dictionary has only with s, and unknown ones, in
/// which s is the likelier letter; what the dictionary has with f stays. A text with a long s in it stays as it is: its
/// model knows the letter. A change is recorded as step "long_s".
[[nodiscard]] result::Reading with_long_s(result::Reading reading, const IsWord& is_word);

}  // namespace pecia::engine
