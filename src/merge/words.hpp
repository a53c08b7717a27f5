#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "pecia/merge/page_model.hpp"

namespace pecia::merge {

/// The hyphen at the end of a line.
struct LineHyphen {
  std::uint32_t bytes = 0;     ///< 0: there is none
  bool certain = false;        ///< a sign that is nothing else: soft hyphen, ¬, the double hyphen of Fraktur
  bool equals_sign = false;    ///< '=' of Fraktur, which means other things elsewhere
  bool behind_number = false;  ///< "64-": never dropped
};
[[nodiscard]] LineHyphen hyphen_at_end(std::string_view line) noexcept;

/// The word at an end of a line: letters, with apostrophes and hyphens between them.
[[nodiscard]] std::string_view first_word(std::string_view text) noexcept;
[[nodiscard]] std::string_view last_word(std::string_view text) noexcept;

/// How often a document has each word, but for the parts of those that lines break. Words are told apart by 64 bits of hash.
class WordList {
 public:
  explicit WordList(std::span<const PageModel> pages);

  /// Of a word in any case.
  [[nodiscard]] std::uint32_t count(std::string_view word) const;
  /// Lines that end in a letter and '=', where the next begins in lower case.
  [[nodiscard]] std::uint32_t equals_signs() const noexcept { return equals_signs_; }

 private:
  void add(std::string_view line, bool part_at_begin, bool part_at_end);

  std::unordered_map<std::uint64_t, std::uint32_t> counts_;
  std::uint32_t equals_signs_ = 0;
};

}  // namespace pecia::merge
