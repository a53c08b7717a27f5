#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pecia::merge {

/// Hunspell dictionaries (*.dic with *.aff), opened when first asked for and kept. Safe for threads.
class Dictionaries {
 public:
  Dictionaries();
  ~Dictionaries();
  Dictionaries(const Dictionaries&) = delete;
  Dictionaries& operator=(const Dictionaries&) = delete;

  /// Whether a dictionary of one of the languages has the word. `languages` are Tesseract's names joined by '+' ("deu+lat").
  /// Looks in `folders`, or where hunspell's dictionaries usually lie if there are none. Nothing: none of the languages
  /// has a dictionary there that can be read.
  [[nodiscard]] std::optional<bool> has(const std::vector<std::string>& folders, std::string_view languages, std::string_view word);
  /// What tells the dictionaries that `has` would ask from others: by what is in them, so that the same ones are the same on
  /// every machine. Each is looked for and read once.
  [[nodiscard]] std::string fingerprint(const std::vector<std::string>& folders, std::string_view languages);

 private:
  class Opened;
  std::unique_ptr<Opened> opened_;
};

}  // namespace pecia::merge
