#include "language.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace pecia::merge {
namespace {

struct Language {
  std::string_view code, name, words;
};

/// Words that are common in texts of all kinds and centuries; those that most of these languages share are left out.
constexpr std::array<Language, 8> languages{{
    {"eng", "English",
     "the of and to in that is was for it with as his on be by at he which this have from had are not but they or were their"},
    {"deu", "German",
     "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat daß dass bei wie nach "
     "vnd oder wird sie so wir ich"},
    {"fra", "French",
     "de la le et les des en un du une que est pour qui dans par plus il sur ne au ce pas son avec sont aux elle mais ou nous vous cette "
     "ces leur"},
    {"lat", "Latin",
     "et in est non ad ut cum quod qui ex per sed quae si ab de hoc ac atque esse aut enim eius autem sunt quam nec pro etiam quo ita a "
     "nunc ipse"},
    {"ita", "Italian",
     "di e il che la in un è per una del non i le con si da della al dei nel gli come sono ed alla delle più questo anche"},
    {"spa", "Spanish",
     "de la que el en y los se del las un por con no una su para es al lo como más o pero sus le ha este sobre entre cuando muy"},
    {"nld", "Dutch",
     "de van het een en in is dat op te zijn met voor niet aan er om door als bij ook uit werd tot heeft naar deze worden dan wordt"},
    {"por", "Portuguese",
     "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao das foi à seu sua pelo pela são"},
}};

constexpr std::array<std::string_view, 7> scripts{"Latin", "Greek", "Cyrillic", "Hebrew", "Arabic", "CJK", "Hangul"};
constexpr std::size_t no_script = scripts.size();

/// Of the first letter that is not ASCII, by the bytes of UTF-8.
std::size_t script_of(std::string_view word) {
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 'a' && byte <= 'z') return 0;
    if (byte < 0xC3) continue;
    if (byte <= 0xCA) return 0;
    if (byte == 0xCE || byte == 0xCF) return 1;
    if (byte >= 0xD0 && byte <= 0xD3) return 2;
    if (byte == 0xD6 || byte == 0xD7) return 3;
    if (byte >= 0xD8 && byte <= 0xDB) return 4;
    if (byte >= 0xE3 && byte <= 0xE9) return 5;
    if (byte >= 0xEA && byte <= 0xED) return 6;
    return no_script;
  }
  return no_script;
}

using Masks = std::unordered_map<std::string_view, std::uint8_t>;

Masks make_masks() {
  Masks masks;
  for (std::size_t n = 0; n < languages.size(); ++n) {
    auto words = languages[n].words;
    while (!words.empty()) {
      const auto size = std::min(words.find(' '), words.size());
      masks[words.substr(0, size)] |= static_cast<std::uint8_t>(1U << n);
      words.remove_prefix(std::min(size + 1, words.size()));
    }
  }
  return masks;
}

}  // namespace

void LanguageCounter::add_word(std::string_view word) {
  static const Masks masks = make_masks();
  const auto script = script_of(word);
  if (script == no_script) return;
  ++words_;
  letters_[script] += word.size();
  if (word.size() > 9) return;
  const auto found = masks.find(word);
  if (found == masks.end()) return;
  for (std::size_t n = 0; n < hits_.size(); ++n) hits_[n] += (found->second >> n) & 1U;
}

std::string_view LanguageCounter::language() const {
  std::size_t all = 0;
  for (const auto letters : letters_) all += letters;
  const auto script = static_cast<std::size_t>(std::ranges::max_element(letters_) - letters_.begin());
  if (all < 200 || letters_[script] * 10 < all * 7) return {};
  if (script > 0) return scripts[script];
  auto sorted = hits_;
  std::ranges::sort(sorted, std::greater{});
  // A fifth of a text are such words; in Latin, which has no articles, an eighth.
  if (sorted[0] < 12 || sorted[0] * 12 < words_ || sorted[0] * 2 < sorted[1] * 3) return {};
  return languages[static_cast<std::size_t>(std::ranges::find(hits_, sorted[0]) - hits_.begin())].code;
}

std::string_view english_name(std::string_view language) {
  const auto* known = std::ranges::find(languages, language, &Language::code);
  return known == languages.end() ? language : known->name;
}

bool is_covered(std::string_view language, std::string_view models) {
  if (models.empty()) return true;
  while (!models.empty()) {
    auto model = models.substr(0, models.find('+'));
    models.remove_prefix(std::min(model.size() + 1, models.size()));
    model = model.substr(0, model.find('_'));  // deu_latf, ita_old
    if (model == "frk") model = "deu";
    const bool known = std::ranges::find(languages, model, &Language::code) != languages.end();
    if (!known || model == language) return true;
  }
  return false;
}

}  // namespace pecia::merge
