#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "check_parts.hpp"
#include "numbers.hpp"
#include "pecia/base/ascii.hpp"
#include "shingles.hpp"

namespace pecia::merge {
namespace {

struct NumberedHeading {
  std::string series;      ///< "chapter", "kapitel", ..; "1.1"; "1" and "I" for one number with a point
  std::vector<int> parts;  ///< 1.2.3
  std::size_t unit = 0;
  std::string title;
};

std::optional<int> small_number(std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  return whole && value >= 0 && value <= 200 ? std::optional{value} : std::nullopt;
}

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
  const auto word = text.substr(0, text.find_first_of(" \t\n"));
  text.remove_prefix(word.size());
  return word;
}

std::string_view without_point(std::string_view word) {
  while (!word.empty() && (word.back() == '.' || word.back() == ':' || word.back() == ')' || word.back() == ',')) word.remove_suffix(1);
  return word;
}

/// "1.2.3" or "1.2.3."; one number alone only with its point, since years and quantities begin titles, too.
std::optional<std::vector<int>> dotted_number(std::string_view word) {
  const auto core = without_point(word);
  std::vector<int> parts;
  for (std::size_t at = 0; at <= core.size();) {
    const auto end = std::min(core.find('.', at), core.size());
    const auto value = small_number(core.substr(at, end - at));
    if (!value || parts.size() == 6) return std::nullopt;
    parts.push_back(*value);
    at = end + 1;
  }
  const bool version = parts.size() > 1 && parts.back() == 0;
  if (version || (parts.size() == 1 && core.size() == word.size())) return std::nullopt;
  return parts;
}

std::optional<NumberedHeading> numbered_heading(std::string_view text) {
  constexpr std::array<std::string_view, 16> words{"chapter",  "kapitel", "capitel", "chapitre", "capitulum", "caput",
                                                   "capitolo", "part",    "teil",    "theil",    "partie",    "book",
                                                   "buch",     "livre",   "liber",   "abschnitt"};
  text.remove_prefix(std::min(text.find_first_not_of("#* "), text.size()));
  auto rest = text.substr(0, 200);
  const auto first = take_word(rest);
  NumberedHeading heading;
  const auto keyword = ascii_lower(first);
  if (std::ranges::find(words, keyword) != words.end()) {
    const auto number = without_point(take_word(rest));
    const auto roman = parse_roman(number);
    const auto value = roman ? roman : small_number(number);
    if (!value) return std::nullopt;
    heading.series = keyword;
    heading.parts = {*value};
  } else if (auto parts = dotted_number(first)) {
    heading.series = parts->size() > 1 ? "1.1" : "1";
    heading.parts = std::move(*parts);
  } else if (const auto roman = first.ends_with('.') ? parse_roman(without_point(first)) : std::nullopt;
             roman && *roman < 40 && first.front() < 'a') {
    heading.series = "I";
    heading.parts = {*roman};
  } else {
    return std::nullopt;
  }
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n"), rest.size()));
  heading.title = rest;
  const auto leads = [&](std::string_view dots) { return rest.find(dots) != std::string_view::npos; };
  if (leads("...") || leads(". . .") || leads("…")) return std::nullopt;  // a line of the contents
  return heading;
}

enum class HeadingBreak : std::uint8_t { none, again, back, jumps };

/// Whether the second may follow the first: the next of its level or of one above, the first of the level below, or counted anew.
HeadingBreak between(const std::vector<int>& a, const std::vector<int>& b) {
  if (b == a) return HeadingBreak::again;
  if (b.size() == 1 && b[0] <= 1) return HeadingBreak::none;
  const auto shared = std::min(a.size(), b.size());
  std::size_t same = 0;
  while (same < shared && a[same] == b[same]) ++same;
  if (same == b.size() || (same < shared && b[same] < a[same])) return HeadingBreak::back;
  const int up = same < a.size() ? b[same] - a[same] : b[same];
  const bool first_below = std::all_of(b.begin() + static_cast<std::ptrdiff_t>(same) + 1, b.end(), [](int part) { return part <= 1; });
  return up <= 1 && first_below ? HeadingBreak::none : HeadingBreak::jumps;
}

/// Whether the second would be right if what stands between were the one number between them, or not counted.
bool goes_round(const std::vector<int>& a, const std::vector<int>& b) {
  auto between_them = a;
  ++between_them.back();
  return between(a, b) == HeadingBreak::none || (a.size() == b.size() && between(between_them, b) == HeadingBreak::none);
}

std::string shown(const NumberedHeading& heading) {
  auto text = heading.series.front() < 'a' ? std::string{} : heading.series + ' ';
  for (std::size_t n = 0; n < heading.parts.size(); ++n) text += fmt::format("{}{}", n == 0 ? "" : ".", heading.parts[n]);
  return text;
}

bool same_title(const NumberedHeading& a, const NumberedHeading& b) {
  return a.title == b.title || a.title.empty() || b.title.empty() || difference(a.title, b.title).common >= .3;
}

class HeadingSeries {
 public:
  HeadingSeries(const Book& book, const std::vector<NumberedHeading>& headings, Findings& findings)
      : book_{book}, headings_{headings}, findings_{findings} {}

  void operator()() {
    std::map<std::vector<int>, std::size_t> seen{{headings_.front().parts, 0}};
    std::size_t last = 0;
    bool after_stray = false;
    for (std::size_t n = 1; n < headings_.size(); ++n) {
      const auto &a = headings_[last], &b = headings_[n];
      const auto before = seen.try_emplace(b.parts, n).first->second;
      const auto what = after_stray ? HeadingBreak::none : between(a.parts, b.parts);
      after_stray = false;
      // A running head that was taken for a heading, or a heading that the contents had before.
      const bool known = (what == HeadingBreak::again || what == HeadingBreak::back) && before != n && same_title(headings_[before], b);
      if (what != HeadingBreak::none && !known) {
        after_stray = is_stray(what, n, a);
        if (after_stray)
          add(Severity::note, b, fmt::format("heading {} stands between {} and {}: misread?", shown(b), shown(a), shown(headings_[n + 1])));
        else
          report(what, a, b);
      }
      if (!after_stray) last = n;
    }
  }

 private:
  /// The heading behind it goes on from the one before it.
  [[nodiscard]] bool is_stray(HeadingBreak what, std::size_t n, const NumberedHeading& a) const {
    return what != HeadingBreak::again && n + 1 < headings_.size() && goes_round(a.parts, headings_[n + 1].parts) &&
           between(headings_[n].parts, headings_[n + 1].parts) != HeadingBreak::none;
  }

  void report(HeadingBreak what, const NumberedHeading& a, const NumberedHeading& b) {
    if (what == HeadingBreak::jumps && stands_between(a, b)) return;
    if (what == HeadingBreak::jumps)
      add(Severity::note, b, fmt::format("headings go from {} to {}: one may be missing", shown(a), shown(b)));
    if (what == HeadingBreak::again) add(Severity::note, b, fmt::format("heading {} is there twice, with other titles", shown(b)));
    if (what == HeadingBreak::back) add(Severity::warning, b, fmt::format("heading {} comes after {}", shown(b), shown(a)));
  }

  /// Lines between the two have the numbers that are missing: headings that were not recognised as such.
  [[nodiscard]] bool stands_between(const NumberedHeading& a, const NumberedHeading& b) const {
    auto parts = a.parts;
    for (auto n = a.unit; n <= b.unit; ++n) {
      for (const auto& piece : book_.units[n].pieces) {
        auto text = text_of(book_.pages[piece.page], piece.text);
        while (!text.empty()) {
          const auto size = std::min(text.find('\n'), text.size());
          const auto line = numbered_heading(text.substr(0, size));
          if (line && line->series == a.series && between(parts, line->parts) == HeadingBreak::none) parts = line->parts;
          text.remove_prefix(std::min(size + 1, text.size()));
        }
      }
    }
    return between(parts, b.parts) == HeadingBreak::none || parts == b.parts;
  }

  void add(Severity severity, const NumberedHeading& at, std::string detail) {
    const auto page = book_.units[at.unit].pieces.front().page;
    findings_.push_back({FindingKind::heading_order, severity, book_.pages[page].number, std::move(detail)});
  }

  const Book& book_;
  const std::vector<NumberedHeading>& headings_;
  Findings& findings_;
};

}  // namespace

void check_heading_numbers(const Book& book, Findings& findings) {
  std::map<std::string, std::vector<NumberedHeading>> series;
  for (std::size_t n = 0; n < book.units.size(); ++n) {
    const auto& unit = book.units[n];
    if (unit.role != Role::heading || unit.pieces.empty()) continue;
    auto heading = numbered_heading(text_of(book, unit));
    if (!heading) continue;
    heading->unit = n;
    series[heading->series].push_back(std::move(*heading));
  }
  // Where headings have numbers like 1.1, a number alone is mostly an item of a list.
  if (series["1.1"].size() >= 3) series.erase("1");
  for (const auto& [name, headings] : series) {
    if (headings.size() > 1) HeadingSeries{book, headings, findings}();
  }
}

}  // namespace pecia::merge
