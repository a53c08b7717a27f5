#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/page_model.hpp"

namespace pecia::exporting {

/// A language as the formats name it.
struct Language {
  std::string iso;    ///< ISO 639-2/T or 639-3, as ALTO: "deu"
  std::string bcp47;  ///< as HTML and hOCR: "de"
  std::string page;   ///< of PAGE's enumeration: "German"; "other" for what it does not list
  friend bool operator==(const Language&, const Language&) = default;
};

/// Of languages as Tesseract names them, joined by '+', each once and in their order: "deu+frk" is German, "chi_sim_vert"
/// Chinese. What names no language (a script, "osd") is left out.
[[nodiscard]] std::vector<Language> languages_of(std::string_view joined);

/// Which words of a page are in another language than the page's first. `page` is not used after construction.
class WordLanguages {
 public:
  explicit WordLanguages(const merge::PageModel& page);
  /// Null: in the page's first language, or nobody says in which.
  [[nodiscard]] const Language* other_than_page(const merge::Word& word) const;

 private:
  std::vector<std::optional<Language>> by_place_;  ///< of the page's languages; empty where it is the first, or none that has a name
};

/// How a text runs.
enum class Direction : std::uint8_t { left_to_right, right_to_left, top_to_bottom };
/// By the letters of the text (Unicode's bidirectional classes).
[[nodiscard]] Direction direction_of(std::string_view text);
/// Top to bottom if the lines of a block are Chinese, Japanese, Korean or Mongolian and taller than wide; else by its letters.
[[nodiscard]] Direction direction_of(const merge::PageModel& page, const merge::Block& block);

}  // namespace pecia::exporting
