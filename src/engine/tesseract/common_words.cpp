#include "tesseract/common_words.hpp"

#include <algorithm>
#include <array>

#include "tesseract/long_s.hpp"

namespace pecia::engine {
namespace {

struct Language {
  std::string_view names;  ///< Tesseract's, each between blanks
  std::string_view words;  ///< articles, prepositions, pronouns and the like, each between blanks
};

// Words of two letters or more that make up about a quarter of any text, and are not as common
// elsewhere.
// clang-format off
constexpr std::array languages{
    Language{" eng enm ", " the of and to in that is was for it with as his be on by this are at from not or have which you had they "},
    Language{" fra frm ", " de la le les et des en que qui un une du est pour dans il par ne sur ce se plus au pas vous nous qu'il son sa je "},
    Language{" deu frk Fraktur deu_latf deu_frak ", " der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an er sie ich so daß "},
    Language{" lat ", " et in est non ad cum ut quod qui sed ex ab per sunt aut si enim autem quae esse hoc eius nec atque pro ac quam etiam "},
    Language{" ita ita_old ", " di che il la in un per non una con del da si le dei al nel come della più gli alla ma anche sono lo "},
    Language{" spa spa_old ", " de la que el en los se del las un por con no una su para es al lo como más pero sus y "},
    Language{" por ", " de que do da em um para com não uma os no se na por mais as dos como mas ao ele das seu sua "},
    Language{" cat ", " de la que el en els per les del amb un una es al dels no va més com són ha seu "},
    Language{" nld ", " de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar bij of uit "},
    Language{" dan dan_frak ", " og af en til er det at den på de som med for et ikke har der var jeg han fra ved "},
    Language{" nor ", " og av en til er det at den på de som med for et ikke har var jeg han fra ved seg "},
    Language{" swe ", " och att det som en på är av för den med till inte om ett han men var jag sig från så "},
    Language{" fin ", " ja on ei se että oli hän en mutta ovat kun niin myös kuin joka mitä sen tai jos "},
    Language{" pol ", " na nie się to jest do że jak ale za co od po tak jego przez dla czy był już "},
    Language{" ces ", " na se je to že do by si jako ale za po od byl jeho který pro ve jsem jen "},
    Language{" slk slk_frak ", " na sa je to že do by si ako ale za po od bol jeho ktorý pre vo som len "},
    Language{" hun ", " az és hogy nem is egy ez csak volt de meg már mint van vagy még ha azt el ki "},
    Language{" ron ", " de în și la cu nu din pe un că este care mai pentru sau se lui dar sunt prin "},
    Language{" tur ", " ve bir bu da de için ile çok daha gibi olan olarak ne kadar sonra en ama ya "},
    Language{" hrv ", " je na se da za su od to bi kao ali ne koji što iz sam samo ili nije već "},
};
// clang-format on

bool contains(std::string_view list, std::string_view word) {
  for (auto at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
    if (at > 0 && list[at - 1] == ' ' && at + word.size() < list.size() &&
        list[at + word.size()] == ' ')
      return true;
  }
  return false;
}

const Language* find(std::string_view language) noexcept {
  const auto found = std::ranges::find_if(
      languages, [&](const Language& entry) { return contains(entry.names, language); });
  return found == languages.end() ? nullptr : &*found;
}

bool is_punctuation(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c & 0x80) != 0;
  return !letter;
}

std::string plain(std::string_view word) {
  std::string text;
  for (std::size_t n = 0; n < word.size(); ++n) {
    if (word.substr(n, long_s.size()) == long_s) {
      text += 's';
      n += long_s.size() - 1;
    } else {
      text += word[n] >= 'A' && word[n] <= 'Z' ? static_cast<char>(word[n] + ('a' - 'A')) : word[n];
    }
  }
  while (!text.empty() && is_punctuation(text.back())) text.pop_back();
  text.erase(text.begin(), std::ranges::find_if_not(text, is_punctuation));
  return text;
}

}  // namespace

bool has_common_words(std::string_view language) noexcept { return find(language) != nullptr; }

bool is_common_word(std::string_view language, std::string_view word) {
  const auto* known = find(language);
  const auto text = plain(word);
  return known != nullptr && text.size() > 1 && contains(known->words, text);
}

}  // namespace pecia::engine
