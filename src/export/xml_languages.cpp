#include "xml_languages.hpp"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pecia::exporting {
namespace {

struct Entry {
  std::string_view iso, bcp47, page;
};

/// Those of Tesseract's models. BCP 47 wants the shortest code; names are those of PAGE 2019-07-15.
constexpr std::array<Entry, 111> known_languages{{
    {"afr", "af", "Afrikaans"},
    {"amh", "am", "Amharic"},
    {"ara", "ar", "Arabic"},
    {"asm", "as", "Assamese"},
    {"aze", "az", "Azerbaijani"},
    {"bel", "be", "Belarusian"},
    {"ben", "bn", "Bengali"},
    {"bod", "bo", "Tibetan"},
    {"bos", "bs", "Bosnian"},
    {"bre", "br", "Breton"},
    {"bul", "bg", "Bulgarian"},
    {"cat", "ca", "Catalan"},
    {"ceb", "ceb", "other"},
    {"ces", "cs", "Czech"},
    {"zho", "zh", "Chinese"},
    {"chr", "chr", "other"},
    {"cos", "co", "Corsican"},
    {"cym", "cy", "Welsh"},
    {"dan", "da", "Danish"},
    {"deu", "de", "German"},
    {"div", "dv", "Divehi"},
    {"dzo", "dz", "Dzongkha"},
    {"ell", "el", "Greek"},
    {"eng", "en", "English"},
    {"enm", "enm", "other"},
    {"epo", "eo", "Esperanto"},
    {"est", "et", "Estonian"},
    {"eus", "eu", "Basque"},
    {"fao", "fo", "Faroese"},
    {"fas", "fa", "Persian"},
    {"fil", "fil", "Tagalog"},
    {"fin", "fi", "Finnish"},
    {"fra", "fr", "French"},
    {"frm", "frm", "other"},
    {"fry", "fy", "Western Frisian"},
    {"gla", "gd", "Gaelic"},
    {"gle", "ga", "Irish"},
    {"glg", "gl", "Galician"},
    {"grc", "grc", "Greek"},
    {"guj", "gu", "Gujarati"},
    {"hat", "ht", "Haitian"},
    {"heb", "he", "Hebrew"},
    {"hin", "hi", "Hindi"},
    {"hrv", "hr", "Croatian"},
    {"hun", "hu", "Hungarian"},
    {"hye", "hy", "Armenian"},
    {"iku", "iu", "Inuktitut"},
    {"ind", "id", "Indonesian"},
    {"isl", "is", "Icelandic"},
    {"ita", "it", "Italian"},
    {"jav", "jv", "Javanese"},
    {"jpn", "ja", "Japanese"},
    {"kan", "kn", "Kannada"},
    {"kat", "ka", "Georgian"},
    {"kaz", "kk", "Kazakh"},
    {"khm", "km", "Khmer"},
    {"kir", "ky", "Kyrgyz"},
    {"kmr", "kmr", "Kurdish"},
    {"kor", "ko", "Korean"},
    {"lao", "lo", "Lao"},
    {"lat", "la", "Latin"},
    {"lav", "lv", "Latvian"},
    {"lit", "lt", "Lithuanian"},
    {"ltz", "lb", "Luxembourgish"},
    {"mal", "ml", "Malayalam"},
    {"mar", "mr", "Marathi"},
    {"mkd", "mk", "Macedonian"},
    {"mlt", "mt", "Maltese"},
    {"mon", "mn", "Mongolian"},
    {"mri", "mi", "Māori"},
    {"msa", "ms", "Malay"},
    {"mya", "my", "Burmese"},
    {"nep", "ne", "Nepali"},
    {"nld", "nl", "Dutch"},
    {"nor", "no", "Norwegian"},
    {"oci", "oc", "Occitan"},
    {"ori", "or", "Oriya"},
    {"pan", "pa", "Panjabi"},
    {"pol", "pl", "Polish"},
    {"por", "pt", "Portuguese"},
    {"pus", "ps", "Pashto"},
    {"que", "qu", "Quechua"},
    {"ron", "ro", "Romanian"},
    {"rus", "ru", "Russian"},
    {"san", "sa", "Sanskrit"},
    {"sin", "si", "Sinhala"},
    {"slk", "sk", "Slovak"},
    {"slv", "sl", "Slovene"},
    {"snd", "sd", "Sindhi"},
    {"spa", "es", "Spanish"},
    {"sqi", "sq", "Albanian"},
    {"srp", "sr", "Serbian"},
    {"sun", "su", "Sundanese"},
    {"swa", "sw", "Swahili"},
    {"swe", "sv", "Swedish"},
    {"syr", "syr", "other"},
    {"tam", "ta", "Tamil"},
    {"tat", "tt", "Tatar"},
    {"tel", "te", "Telugu"},
    {"tgk", "tg", "Tajik"},
    {"tha", "th", "Thai"},
    {"tir", "ti", "Tigrinya"},
    {"ton", "to", "Tonga"},
    {"tur", "tr", "Turkish"},
    {"uig", "ug", "Uighur"},
    {"ukr", "uk", "Ukrainian"},
    {"urd", "ur", "Urdu"},
    {"uzb", "uz", "Uzbek"},
    {"vie", "vi", "Vietnamese"},
    {"yid", "yi", "Yiddish"},
    {"yor", "yo", "Yoruba"},
}};

/// Tesseract's names that are no ISO codes, or say something else than the ISO code (frk: Fraktur, not Frankish).
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> other_names{
    {{"frk", "deu"}, {"chi", "zho"}, {"kur", "kmr"}, {"ger", "deu"}, {"fre", "fra"}, {"dut", "nld"}, {"gre", "ell"}}};

/// "chi_sim_vert" -> "chi", "script/Fraktur" -> "".
std::string_view code_of(std::string_view name) {
  const auto code = name.substr(0, name.find('_'));
  const auto* other = std::ranges::find(other_names, code, &std::pair<std::string_view, std::string_view>::first);
  return other == other_names.end() ? code : other->second;
}

bool is_vertical_script(UChar32 character) {
  UErrorCode failure = U_ZERO_ERROR;
  const auto script = uscript_getScript(character, &failure);
  return U_SUCCESS(failure) != 0 && (script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
                                     script == USCRIPT_HANGUL || script == USCRIPT_BOPOMOFO || script == USCRIPT_MONGOLIAN);
}

/// Calls `use` for every character of valid UTF-8; ICU's macro for it does not compile with our warnings.
template <class Use>
void for_each_character(std::string_view text, Use use) {
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    UChar32 character = size == 1 ? first : first & (0x7F >> size);
    for (std::size_t n = 1; n < size && at + n < text.size(); ++n) character = character << 6 | (text[at + n] & 0x3F);
    use(character);
    at += size;
  }
}

/// Of at least two characters of such a script, and clearly taller than wide.
bool is_vertical(const merge::PageModel& page, const merge::Line& line) {
  std::int64_t vertical = 0, all = 0;
  for_each_character(text_of(page, line.text), [&](UChar32 character) {
    if (u_isUWhiteSpace(character) != 0) return;
    ++all;
    vertical += is_vertical_script(character) ? 1 : 0;
  });
  const float width = line.box.x1 - line.box.x0, height = line.box.y1 - line.box.y0;
  return line.placed && vertical >= 2 && 2 * vertical > all && height > 1.5F * width;
}

/// Each of the names joined by '+'; nothing for one that names no language.
std::vector<std::optional<Language>> languages_by_place(std::string_view joined) {
  std::vector<std::optional<Language>> languages;
  while (!joined.empty()) {
    const auto name = joined.substr(0, joined.find('+'));
    joined.remove_prefix(std::min(joined.size(), name.size() + 1));
    const auto code = code_of(name);
    auto& language = languages.emplace_back();
    if (const auto* entry = std::ranges::find(known_languages, code, &Entry::iso); entry != known_languages.end()) {
      language = {std::string{entry->iso}, std::string{entry->bcp47}, std::string{entry->page}};
    } else if (code.size() == 3 && code != "osd" && code != "equ" &&
               std::ranges::all_of(code, [](char c) { return c >= 'a' && c <= 'z'; })) {
      language = {std::string{code}, std::string{code}, "other"};
    }
  }
  return languages;
}

}  // namespace

std::vector<Language> languages_of(std::string_view joined) {
  std::vector<Language> languages;
  for (auto& language : languages_by_place(joined)) {
    if (language && std::ranges::find(languages, *language) == languages.end()) languages.push_back(std::move(*language));
  }
  return languages;
}

WordLanguages::WordLanguages(const merge::PageModel& page) : by_place_{languages_by_place(page.languages)} {
  const auto of_page = languages_of(page.languages);
  for (auto& language : by_place_) {
    if (language && *language == of_page.front()) language.reset();
  }
}

const Language* WordLanguages::other_than_page(const merge::Word& word) const {
  if (word.language == 0 || word.language > by_place_.size()) return nullptr;
  const auto& language = by_place_[word.language - 1];
  return language ? &*language : nullptr;
}

Direction direction_of(std::string_view text) {
  std::int64_t right_to_left = 0, left_to_right = 0;
  for_each_character(text, [&](UChar32 character) {
    const auto direction = u_charDirection(character);
    if (direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC) ++right_to_left;
    if (direction == U_LEFT_TO_RIGHT) ++left_to_right;
  });
  return right_to_left > left_to_right ? Direction::right_to_left : Direction::left_to_right;
}

Direction direction_of(const merge::PageModel& page, const merge::Block& block) {
  std::uint32_t vertical = 0;
  for (auto line = block.lines_begin; line < block.lines_end; ++line) vertical += is_vertical(page, page.lines[line]) ? 1 : 0;
  if (2 * vertical > block.lines_end - block.lines_begin) return Direction::top_to_bottom;
  return direction_of(text_of(page, block.text));
}

}  // namespace pecia::exporting
