#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/bytes.hpp"

namespace pecia::corpus {

// An outline is a help, and may be hostile; what is more than this is left out.
inline constexpr std::size_t most_outline_entries = 10'000;
inline constexpr int most_outline_levels = 32;
inline constexpr std::size_t most_title_bytes = 500;
inline constexpr std::size_t most_label_ranges = 100'000;
inline constexpr std::size_t most_prefix_bytes = 100;

/// An entry of the table of contents that a document brings along.
struct OutlineEntry {
  std::uint32_t page = 0;  ///< at which it leads, from 1
  int level = 1;           ///< from 1
  std::string title;       ///< as `clean_title` makes it, never empty
};

/// How pages are numbered in a PDF's page labels (ISO 32000-1, table 159).
enum class LabelStyle : std::uint8_t {
  none,
  decimal,
  upper_roman,
  lower_roman,
  upper_letters,
  lower_letters
};
/// As the PDF calls it: "", "D", "R", "r", "A", "a".
[[nodiscard]] std::string_view name(LabelStyle style) noexcept;
[[nodiscard]] std::optional<LabelStyle> parse_label_style(std::string_view name) noexcept;

/// Labels of the pages from `first_page` on, to the next range or the last page.
struct LabelRange {
  std::uint32_t first_page = 1;
  LabelStyle style = LabelStyle::none;
  std::string prefix;       ///< as `clean_prefix` makes it
  std::uint32_t start = 1;  ///< number of the first page
};

/// What a document says of its parts: its table of contents, and the printed numbers of its pages
/// (PDF).
struct Outline {
  std::vector<OutlineEntry> entries;  ///< each followed by those below it
  std::vector<LabelRange> labels;     ///< by `first_page`, each once
  [[nodiscard]] bool empty() const noexcept { return entries.empty() && labels.empty(); }
};

/// Any bytes as a title: UTF-8 on one line, without control characters, blanks at the ends or two
/// in a row, shortened.
[[nodiscard]] std::string clean_title(std::string_view text);
/// The same with its blanks, for what stands before a number.
[[nodiscard]] std::string clean_prefix(std::string_view text);

/// Whether it may be one of a document of so many pages: within the limits, as the fields say, and
/// leading to pages that are there.
[[nodiscard]] bool is_outline(const Outline& outline, std::size_t pages) noexcept;
/// Whether the labels say no more than the numbers of the pages from 1, or nothing.
[[nodiscard]] bool are_page_numbers(const std::vector<LabelRange>& labels) noexcept;

/// The label of every page; none at all where there are no ranges. One is empty where the PDF gives
/// the page none, or one that nobody prints (the roman number of 100,000).
[[nodiscard]] std::vector<std::string> page_labels(const Outline& outline, std::size_t pages);

/// For messages between processes. Decoding throws `Error` on anything that encoding does not
/// write, and on what is no outline of so many pages.
void encode(ByteWriter& out, const Outline& outline);
[[nodiscard]] Outline decode_outline(ByteReader& in, std::size_t pages);

}  // namespace pecia::corpus
