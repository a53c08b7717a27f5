#include "pecia/corpus/outline.hpp"

#include <algorithm>
#include <array>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::corpus {
namespace {

constexpr std::array<std::string_view, 6> style_names{"", "D", "R", "r", "A", "a"};
constexpr std::size_t most_label_bytes = most_prefix_bytes + 30;

/// Bytes of the control character, line or paragraph separator with which UTF-8 text begins; 0: it
/// begins with none.
std::size_t control_bytes(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20 || first == 0x7F) return 1;
  if (first == 0xC2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xA0) return 2;
  return text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9") ? 3 : 0;
}

bool is_clean(std::string_view text, std::size_t most_bytes) noexcept {
  if (text.size() > most_bytes || !is_utf8(text)) return false;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (control_bytes(text) > 0) return false;
  }
  return true;
}

/// UTF-8, a blank in the place of each control character.
std::string without_controls(std::string_view text) {
  const auto whole = to_utf8(text);
  std::string clean;
  clean.reserve(whole.size());
  for (std::string_view left = whole; !left.empty();) {
    const auto control = control_bytes(left);
    clean += control > 0 ? ' ' : left[0];
    left.remove_prefix(std::max<std::size_t>(control, 1));
  }
  return clean;
}

/// Empty: nobody would print it.
std::string roman(std::uint64_t number) {
  constexpr std::array<std::pair<std::uint64_t, std::string_view>, 13> signs{{{1000, "m"},
                                                                              {900, "cm"},
                                                                              {500, "d"},
                                                                              {400, "cd"},
                                                                              {100, "c"},
                                                                              {90, "xc"},
                                                                              {50, "l"},
                                                                              {40, "xl"},
                                                                              {10, "x"},
                                                                              {9, "ix"},
                                                                              {5, "v"},
                                                                              {4, "iv"},
                                                                              {1, "i"}}};
  std::string text;
  if (number / 1000 >= most_label_bytes) return text;
  for (const auto& [value, sign] : signs) {
    for (; number >= value; number -= value) text += sign;
  }
  return text;
}

/// a to z, aa to zz, aaa to zzz, ... (ISO 32000-1, 12.4.2).
std::string letters(std::uint64_t number) {
  if (number == 0 || (number - 1) / 26 >= most_label_bytes) return {};
  return std::string(static_cast<std::size_t>((number - 1) / 26 + 1),
                     static_cast<char>('a' + (number - 1) % 26));
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return text;
}

std::string number_of(LabelStyle style, std::uint64_t number) {
  switch (style) {
    case LabelStyle::decimal:
      return std::to_string(number);
    case LabelStyle::upper_roman:
      return upper(roman(number));
    case LabelStyle::lower_roman:
      return roman(number);
    case LabelStyle::upper_letters:
      return upper(letters(number));
    case LabelStyle::lower_letters:
      return letters(number);
    case LabelStyle::none:
      break;
  }
  return {};
}

std::string label_of(const LabelRange& range, std::uint64_t page) {
  const auto number = number_of(range.style, range.start + (page - range.first_page));
  if (number.empty() && range.style != LabelStyle::none) return {};
  auto label = clean_title(range.prefix + number);
  return label.size() <= most_label_bytes ? label : std::string{};
}

}  // namespace

std::string_view name(LabelStyle style) noexcept {
  return style_names[static_cast<std::size_t>(style)];
}

std::optional<LabelStyle> parse_label_style(std::string_view name) noexcept {
  const auto* found = std::ranges::find(style_names, name);
  if (found == style_names.end()) return std::nullopt;
  return static_cast<LabelStyle>(found - style_names.begin());
}

std::string clean_title(std::string_view text) {
  auto clean = without_controls(text);
  const auto both_blank = [](char one, char other) { return one == ' ' && other == ' '; };
  clean.erase(std::unique(clean.begin(), clean.end(), both_blank), clean.end());
  if (clean.starts_with(' ')) clean.erase(0, 1);
  if (clean.ends_with(' ')) clean.pop_back();
  return shortened(clean, most_title_bytes);
}

std::string clean_prefix(std::string_view text) {
  return shortened(without_controls(text), most_prefix_bytes);
}

bool is_outline(const Outline& outline, std::size_t pages) noexcept {
  if (outline.entries.size() > most_outline_entries || outline.labels.size() > most_label_ranges)
    return false;
  for (const auto& entry : outline.entries) {
    if (entry.page < 1 || entry.page > pages || entry.level < 1 ||
        entry.level > most_outline_levels)
      return false;
    if (entry.title.empty() || !is_clean(entry.title, most_title_bytes)) return false;
  }
  std::uint32_t last = 0;
  for (const auto& range : outline.labels) {
    if (range.first_page <= last || range.first_page > pages) return false;
    if (static_cast<std::size_t>(range.style) >= style_names.size() ||
        !is_clean(range.prefix, most_prefix_bytes))
      return false;
    last = range.first_page;
  }
  return true;
}

bool are_page_numbers(const std::vector<LabelRange>& labels) noexcept {
  const auto says_nothing = [](const LabelRange& range) {
    return range.style == LabelStyle::none && range.prefix.empty();
  };
  const auto counts = [](const LabelRange& range) {
    return range.style == LabelStyle::decimal && range.prefix.empty() &&
           range.start == range.first_page;
  };
  return std::ranges::all_of(
      labels, [&](const LabelRange& range) { return says_nothing(range) || counts(range); });
}

std::vector<std::string> page_labels(const Outline& outline, std::size_t pages) {
  std::vector<std::string> labels;
  if (outline.labels.empty()) return labels;
  labels.resize(pages);
  for (std::size_t n = 0; n < outline.labels.size(); ++n) {
    const auto& range = outline.labels[n];
    const auto end = n + 1 < outline.labels.size() ? outline.labels[n + 1].first_page : pages + 1;
    for (std::size_t page = range.first_page; page < end && page <= pages; ++page)
      labels[page - 1] = label_of(range, page);
  }
  return labels;
}

void encode(ByteWriter& out, const Outline& outline) {
  out.put(static_cast<std::uint32_t>(outline.entries.size()));
  for (const auto& entry : outline.entries)
    out.put(entry.page).put(static_cast<std::uint8_t>(entry.level)).put_text(entry.title);
  out.put(static_cast<std::uint32_t>(outline.labels.size()));
  for (const auto& range : outline.labels)
    out.put(range.first_page).put(range.style).put_text(range.prefix).put(range.start);
}

Outline decode_outline(ByteReader& in, std::size_t pages) {
  constexpr std::size_t entry_bytes = 4 + 1 + 4, range_bytes = 4 + 1 + 4 + 4;
  Outline outline;
  const auto entries = in.get_count(entry_bytes);
  require(entries <= most_outline_entries, "an outline without end");
  outline.entries.resize(entries);
  for (auto& entry : outline.entries) {
    entry.page = in.get<std::uint32_t>();
    entry.level = in.get<std::uint8_t>();
    entry.title = in.get_text();
  }
  const auto ranges = in.get_count(range_bytes);
  require(ranges <= most_label_ranges, "page labels without end");
  outline.labels.resize(ranges);
  for (auto& range : outline.labels) {
    range.first_page = in.get<std::uint32_t>();
    range.style = in.get<LabelStyle>();
    range.prefix = in.get_text();
    range.start = in.get<std::uint32_t>();
  }
  require(is_outline(outline, pages), "an outline that leads nowhere");
  return outline;
}

}  // namespace pecia::corpus
