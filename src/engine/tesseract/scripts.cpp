#include "tesseract/scripts.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pecia::engine {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

/// github.com/tesseract-ocr/tessdoc: the languages of version 4 and 5 that are not written in
/// Latin.
constexpr std::array scripts{
    Entry{"amh", "Ethiopic"},
    Entry{"ara", "Arabic"},
    Entry{"asm", "Bengali"},
    Entry{"aze_cyrl", "Cyrillic"},
    Entry{"bel", "Cyrillic"},
    Entry{"ben", "Bengali"},
    Entry{"bod", "Tibetan"},
    Entry{"bul", "Cyrillic"},
    Entry{"chi_sim", "Han"},
    Entry{"chi_sim_vert", "Han"},
    Entry{"chi_tra", "Han"},
    Entry{"chi_tra_vert", "Han"},
    Entry{"chr", "Cherokee"},
    Entry{"div", "Thaana"},
    Entry{"dzo", "Tibetan"},
    Entry{"ell", "Greek"},
    Entry{"fas", "Arabic"},
    Entry{"grc", "Greek"},
    Entry{"guj", "Gujarati"},
    Entry{"heb", "Hebrew"},
    Entry{"hin", "Devanagari"},
    Entry{"hye", "Armenian"},
    Entry{"iku", "Canadian_Aboriginal"},
    Entry{"jpn", "Japanese"},
    Entry{"jpn_vert", "Japanese"},
    Entry{"kan", "Kannada"},
    Entry{"kat", "Georgian"},
    Entry{"kat_old", "Georgian"},
    Entry{"kaz", "Cyrillic"},
    Entry{"khm", "Khmer"},
    Entry{"kir", "Cyrillic"},
    Entry{"kor", "Korean"},
    Entry{"kor_vert", "Korean"},
    Entry{"kur_ara", "Arabic"},
    Entry{"lao", "Lao"},
    Entry{"mal", "Malayalam"},
    Entry{"mar", "Devanagari"},
    Entry{"mkd", "Cyrillic"},
    Entry{"mon", "Cyrillic"},
    Entry{"mya", "Myanmar"},
    Entry{"nep", "Devanagari"},
    Entry{"ori", "Oriya"},
    Entry{"pan", "Gurmukhi"},
    Entry{"pus", "Arabic"},
    Entry{"rus", "Cyrillic"},
    Entry{"san", "Devanagari"},
    Entry{"sin", "Sinhala"},
    Entry{"snd", "Arabic"},
    Entry{"srp", "Cyrillic"},
    Entry{"syr", "Syriac"},
    Entry{"tam", "Tamil"},
    Entry{"tat", "Cyrillic"},
    Entry{"tel", "Telugu"},
    Entry{"tgk", "Cyrillic"},
    Entry{"tha", "Thai"},
    Entry{"tir", "Ethiopic"},
    Entry{"uig", "Arabic"},
    Entry{"ukr", "Cyrillic"},
    Entry{"urd", "Arabic"},
    Entry{"uzb_cyrl", "Cyrillic"},
    Entry{"yid", "Hebrew"},
};

constexpr std::string_view script_folder = "script/";

}  // namespace

std::string_view script_of_page(std::string_view script) noexcept {
  if (script == "Vietnamese") return "Latin";
  if (script.starts_with("Han") && script != "Hangul" && script != "Hangul_vert") return "Han";
  if (script.starts_with("Hangul")) return "Korean";
  if (script.starts_with("Japanese") || script == "Hiragana" || script == "Katakana")
    return "Japanese";
  return script;
}

bool is_language(std::string_view model) noexcept {
  return model != "osd" && model != "equ" && model != "snum" && !model.ends_with("_vert") && !model.starts_with("script/");
}

std::string_view script_of(std::string_view language) noexcept {
  if (language.starts_with(script_folder))
    return script_of_page(language.substr(script_folder.size()));
  if (language == "frk" || language == "Fraktur" || language == "deu_latf" ||
      language.ends_with("_frak"))
    return "Fraktur";
  const auto found = std::ranges::find(scripts, language, &Entry::first);
  return found == scripts.end() ? "Latin" : found->second;
}

}  // namespace pecia::engine
