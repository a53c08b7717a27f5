#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pecia::merge {

/// A tag of HTML as models write it.
struct HtmlTag {
  std::string name;  ///< in lower case
  bool closes = false;
  std::uint32_t columns = 1, rows = 1;  ///< colspan and rowspan, bounded
  std::size_t size = 0;                 ///< bytes, brackets included
};

/// The tag at the beginning of a text that begins with '<': of a name that tables of models hold, with attributes of the form
/// name=value, no blanks around the '=', or none. All else in angle brackets is text ("a <b and c> d").
[[nodiscard]] std::optional<HtmlTag> html_tag(std::string_view text);
/// Whether a tag of this name stands within a word ("10<sup>3</sup>"); words end at all others.
[[nodiscard]] bool is_within_words(std::string_view name) noexcept;

/// Appends the character that an entity at the beginning of the text stands for; returns its size, 0 if there is none.
[[nodiscard]] std::size_t take_entity(std::string_view text, std::string& out);

}  // namespace pecia::merge
