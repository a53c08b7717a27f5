#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pecia/export/pdf_messages.hpp"

namespace pecia::exporting::pdf {

/// Where a line of text runs on the page as it is seen. Its letters stand upright for `right`, upside down for `left`, and
/// are turned by a quarter for the others.
enum class Direction : std::uint8_t { right, left, down, up };

/// By the places of its words; of a single one by its shape and script.
[[nodiscard]] Direction direction_of(const PdfLine& line);

/// Whether most of the letters are of a script that is written from right to left.
[[nodiscard]] bool is_right_to_left(std::string_view utf8);
/// The characters of a word in the order in which they stand on the line.
[[nodiscard]] std::string in_drawing_order(std::string_view utf8);

}  // namespace pecia::exporting::pdf
