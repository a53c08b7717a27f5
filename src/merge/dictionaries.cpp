#include "pecia/merge/dictionaries.hpp"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <hunspell.hxx>
#include <map>
#include <mutex>
#include <utility>

#include "pecia/base/text.hpp"

namespace pecia::merge {
namespace {

namespace fs = std::filesystem;

/// Tesseract's names of languages (ISO 639-2, with additions) and those of dictionaries (ISO 639-1).
constexpr std::array<std::pair<std::string_view, std::string_view>, 34> language_names{{
    {"eng", "en"},      {"enm", "en"},     {"deu", "de"},     {"deu_latf", "de"},
    {"deu_frak", "de"}, {"frk", "de"},     {"Fraktur", "de"}, {"script/Fraktur", "de"},
    {"fra", "fr"},      {"frm", "fr"},     {"ita", "it"},     {"ita_old", "it"},
    {"spa", "es"},      {"spa_old", "es"}, {"por", "pt"},     {"nld", "nl"},
    {"lat", "la"},      {"pol", "pl"},     {"ces", "cs"},     {"slk", "sk"},
    {"hun", "hu"},      {"ron", "ro"},     {"dan", "da"},     {"swe", "sv"},
    {"nor", "nb"},      {"fin", "fi"},     {"est", "et"},     {"lav", "lv"},
    {"lit", "lt"},      {"rus", "ru"},     {"ukr", "uk"},     {"bul", "bg"},
    {"ell", "el"},      {"hrv", "hr"},
}};

std::string_view dictionary_language(std::string_view language) {
  const auto* known = std::ranges::find(language_names, language, [](const auto& entry) { return entry.first; });
  return known == language_names.end() ? std::string_view{} : known->second;
}

/// The first, by name, of a language: "de.dic", "de_AT.dic", "de_DE.dic", ...; a dictionary of the whole language is not
/// asked of every country's.
fs::path find_dictionary(const std::vector<std::string>& folders, std::string_view language) {
  for (const auto& folder : folders) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
      const auto stem = entry->path().stem().string();
      const bool fits =
          stem == language || (stem.starts_with(language) && stem.size() == language.size() + 3 && stem[language.size()] == '_');
      if (fits && entry->path().extension() == ".dic" && fs::exists(fs::path{entry->path()}.replace_extension(".aff"), error))
        found.push_back(entry->path());
    }
    if (!found.empty()) return *std::ranges::min_element(found);
  }
  return {};
}

std::string fingerprint_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string bytes(1 << 18, '\0');
  unsigned crc = 0;
  std::uint64_t size = 0;
  for (std::streamsize count = 1; count > 0; size += static_cast<std::uint64_t>(count)) {
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    count = in.gcount();
    crc = crc32c({bytes.data(), static_cast<std::size_t>(count)}, crc);
  }
  return fmt::format("{:08x} {}", crc, size);
}

/// A dictionary has an encoding of its own.
class Dictionary {
 public:
  explicit Dictionary(const fs::path& dic)
      : spell_{fs::path{dic}.replace_extension(".aff").c_str(), dic.c_str()},
        to_its_own_{iconv_open(spell_.get_dict_encoding().c_str(), "UTF-8")} {}
  ~Dictionary() {
    if (usable()) iconv_close(to_its_own_);
  }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  [[nodiscard]] bool usable() const { return to_its_own_ != iconv_t(-1); }  // NOLINT: how iconv says so

  bool has(std::string_view word) {
    std::string in{word}, out(4 * word.size() + 4, '\0');
    char* from = in.data();
    char* to = out.data();
    auto from_bytes = in.size(), to_bytes = out.size();
    if (iconv(to_its_own_, &from, &from_bytes, &to, &to_bytes) == static_cast<std::size_t>(-1)) {
      iconv(to_its_own_, nullptr, nullptr, nullptr, nullptr);
      return false;
    }
    out.resize(out.size() - to_bytes);
    return spell_.spell(out);
  }

 private:
  Hunspell spell_;
  iconv_t to_its_own_;
};

}  // namespace

class Dictionaries::Opened {
 public:
  std::optional<bool> has(const std::vector<std::string>& folders, std::string_view languages, std::string_view word) {
    const std::lock_guard lock{mutex_};
    std::optional<bool> known;
    for_each(languages, [&](std::string_view language) {
      if (auto* dictionary = open(folders, language)) known = known.value_or(false) || dictionary->has(word);
    });
    return known;
  }

  std::string fingerprint(const std::vector<std::string>& folders, std::string_view languages) {
    const std::lock_guard lock{mutex_};
    std::string all;
    for_each(languages, [&](std::string_view language) {
      auto& found = find(folders, language);
      if (found.path.empty()) return;
      if (found.fingerprint.empty())
        found.fingerprint = fmt::format("{} {};", fingerprint_of(found.path), fingerprint_of(fs::path{found.path}.replace_extension(".aff")));
      all += found.fingerprint;
    });
    return all;
  }

 private:
  struct Found {
    fs::path path;  ///< empty: there is none
    std::string fingerprint;
    bool opened = false;
    std::unique_ptr<Dictionary> dictionary;
  };

  template <class Do>
  static void for_each(std::string_view languages, Do&& act) {
    while (!languages.empty()) {
      const auto size = std::min(languages.find('+'), languages.size());
      if (const auto language = dictionary_language(languages.substr(0, size)); !language.empty()) act(language);
      languages.remove_prefix(std::min(size + 1, languages.size()));
    }
  }

  Found& find(const std::vector<std::string>& folders, std::string_view language) {
    static const std::vector<std::string> usual{"/usr/share/hunspell", "/usr/local/share/hunspell", "/usr/share/myspell/dicts"};
    const auto [at, is_new] = found_.try_emplace({folders, std::string{language}});
    if (is_new) at->second.path = find_dictionary(folders.empty() ? usual : folders, language);
    return at->second;
  }

  Dictionary* open(const std::vector<std::string>& folders, std::string_view language) {
    auto& found = find(folders, language);
    if (!found.opened && !found.path.empty()) found.dictionary = std::make_unique<Dictionary>(found.path);
    if (found.dictionary && !found.dictionary->usable()) found.dictionary.reset();
    found.opened = true;
    return found.dictionary.get();
  }

  std::mutex mutex_;  ///< Hunspell itself is for one thread
  std::map<std::pair<std::vector<std::string>, std::string>, Found> found_;
};

Dictionaries::Dictionaries() : opened_{std::make_unique<Opened>()} {}
Dictionaries::~Dictionaries() = default;

std::optional<bool> Dictionaries::has(const std::vector<std::string>& folders, std::string_view languages, std::string_view word) {
  return opened_->has(folders, languages, word);
}

std::string Dictionaries::fingerprint(const std::vector<std::string>& folders, std::string_view languages) {
  return opened_->fingerprint(folders, languages);
}

}  // namespace pecia::merge
