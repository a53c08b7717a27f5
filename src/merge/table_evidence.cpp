#include "table_evidence.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "layout.hpp"
#include "table_parts.hpp"

namespace pecia::merge {
namespace {

/// Lower-case letters and digits, also of other scripts; everything else is a blank. 'Ä', 'É', ... stay as they are.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else if (kept) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto size = std::min(text.find(' '), text.size());
    if (size > 0) words.push_back(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  return words;
}

template <std::size_t N>
bool begins_with_any(std::string_view text, const std::array<std::string_view, N>& beginnings) {
  return std::ranges::any_of(beginnings, [&](std::string_view beginning) {
    return text.starts_with(beginning) && (text.size() == beginning.size() || text[beginning.size()] == ' ');
  });
}

std::string row_text(const Row& row) {
  std::string text;
  for (const auto& cell : row.cells) {
    const auto more = plain(cell.text);
    if (!more.empty()) text += (text.empty() ? "" : " ") + more;
    if (text.size() > 400) break;
  }
  return text;
}

/// A row of names rather than of values.
bool is_headlike(const Row& row) {
  if (!row.cells.empty() && std::ranges::all_of(row.cells, [](const Cell& cell) { return cell.head || cell.text.empty(); })) return true;
  std::size_t words = 0, numbers = 0;
  for (const auto& cell : row.cells) {
    if (is_number(cell.text))
      ++numbers;
    else if (plain(cell.text).size() > 1)
      ++words;
  }
  return words >= 2 && words >= numbers;
}

bool is_said_head(const Row& row) { return std::ranges::any_of(row.cells, &Cell::head); }

std::string_view first_text(const Row& row) {
  const auto cell = std::ranges::find_if(row.cells, [](const Cell& c) { return !c.text.empty(); });
  return cell == row.cells.end() ? std::string_view{} : std::string_view{cell->text};
}

struct ColumnPlace {
  std::vector<float> left, right;
};

std::vector<ColumnPlace> places_of(const Table& table) {
  std::vector<ColumnPlace> places(table.columns);
  Layout layout;
  for (const auto& row : table.rows) {
    const auto at = layout(row);
    for (std::size_t n = 0; n < row.cells.size(); ++n) {
      if (!row.cells[n].placed || row.cells[n].colspan != 1) continue;
      places[at.columns[n]].left.push_back(row.cells[n].box.x0);
      places[at.columns[n]].right.push_back(row.cells[n].box.x1);
    }
  }
  return places;
}

}  // namespace

CaptionMark caption_mark(std::string_view text) {
  constexpr std::array<std::string_view, 8> tables{"table", "tabelle", "tableau", "tab", "tafel", "tabula", "tavola", "tabel"};
  constexpr std::array<std::string_view, 12> continuing{"continued",   "cont",      "contd",   "fortsetzung", "forts",    "suite",
                                                        "fortgesetzt", "concluded", "schluss", "schluß",      "continua", "vervolg"};
  CaptionMark mark;
  if (text.size() > 200) return mark;
  const auto whole = plain(text);
  const auto words = words_of(whole);
  const auto is_in = [](const auto& list, std::string_view word) { return std::ranges::find(list, word) != list.end(); };
  if (!words.empty() && is_in(tables, words.front())) {
    mark.of_table = true;
    if (words.size() > 1 && words[1].find_first_not_of("0123456789ivxlcabcd") == std::string_view::npos && words[1].size() <= 5)
      mark.number = words[1];
  }
  const auto found = std::ranges::find_if(words, [&](std::string_view word) { return is_in(continuing, word); });
  const bool bracketed = text.find_first_of("([") != std::string_view::npos;
  // "suite" and "concluded" are words of sentences, too.
  mark.continued = found != words.end() && (mark.of_table || words.size() <= 3 || (bracketed && words.size() <= 8) ||
                                            (words.size() <= 6 && (found == words.begin() || *found == "continued")));
  return mark;
}

bool is_carried(const Table& table) {
  constexpr std::array<std::string_view, 8> beginnings{"carried forward", "carried over", "übertrag",   "Übertrag",
                                                       "à reporter",      "a reporter",   "À reporter", "transport"};
  return !table.rows.empty() && begins_with_any(plain(first_text(table.rows.back())), beginnings);
}

bool ends_in_total(const Table& table) {
  constexpr std::array<std::string_view, 8> beginnings{"total", "totals", "summe", "insgesamt", "zusammen", "gesamt", "somme", "totaux"};
  return !table.rows.empty() && begins_with_any(plain(first_text(table.rows.back())), beginnings);
}

double likeness(const Row& a, const Row& b) {
  const auto left = row_text(a), right = row_text(b);
  if (left.size() < 2 || right.size() < 2) return 0;
  if (left == right) return 1;
  std::map<std::string_view, int> pairs;
  for (std::size_t n = 0; n + 1 < left.size(); ++n) ++pairs[std::string_view{left}.substr(n, 2)];
  std::size_t common = 0;
  for (std::size_t n = 0; n + 1 < right.size(); ++n) common += pairs[std::string_view{right}.substr(n, 2)]-- > 0 ? 1 : 0;
  return 2. * static_cast<double>(common) / static_cast<double>(left.size() + right.size() - 2);  // Dice's coefficient of pairs of letters
}

/// A misread letter makes no other head, a digit may: of another year, another part.
bool has_same_digits(const Row& a, const Row& b) {
  const auto digits = [](const Row& row) {
    auto text = row_text(row);
    std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
    return text;
  };
  return digits(a) == digits(b);
}

std::size_t repeated_head_rows(const Table& first, const Table& second) {
  const auto most = std::min({first.rows.size(), second.rows.size(), std::size_t{3}});
  std::size_t count = 0;
  while (count < most && is_headlike(first.rows[count]) && likeness(first.rows[count], second.rows[count]) >= .85 &&
         has_same_digits(first.rows[count], second.rows[count]))
    ++count;
  return count < second.rows.size() ? count : 0;
}

bool has_other_head(const Table& first, const Table& second) {
  if (first.rows.empty() || second.rows.empty() || !is_said_head(second.rows.front())) return false;
  return likeness(first.rows.front(), second.rows.front()) < .85;
}

bool columns_agree(const PageModel& first_page, const Table& first, const PageModel& second_page, const Table& second) {
  const auto a = places_of(first), b = places_of(second);
  const auto known = [](const ColumnPlace& place) { return !place.left.empty(); };
  if (std::ranges::none_of(a, known) || std::ranges::none_of(b, known)) return true;
  const float scale = first_page.width_px > 0 && second_page.width_px > 0 ? first_page.width_px / second_page.width_px : 1;
  struct Offset {
    float left = 0, middle = 0, right = 0;
  };
  std::vector<Offset> offsets;
  std::vector<float> middles;
  float x0 = 1e9F, x1 = 0;
  for (std::size_t n = 0; n < std::min(a.size(), b.size()); ++n) {
    if (!known(a[n]) || !known(b[n])) continue;
    const auto left = median(a[n].left), right = median(a[n].right);
    Offset offset{median(b[n].left) * scale - left, 0, median(b[n].right) * scale - right};
    offset.middle = (offset.left + offset.right) / 2;
    offsets.push_back(offset);
    for (const auto value : {offset.left, offset.middle, offset.right}) middles.push_back(value);
    x0 = std::min(x0, left);
    x1 = std::max(x1, right);
  }
  if (offsets.size() < 2) return false;
  const auto width = first_page.width_px > 0 ? first_page.width_px : (x1 - x0) * 1.3F;
  const auto shift = median(middles);
  const auto apart = [&](const Offset& offset) {
    return std::min({std::abs(offset.left - shift), std::abs(offset.middle - shift), std::abs(offset.right - shift)}) > .02F * width;
  };
  const auto strays = static_cast<std::size_t>(std::ranges::count_if(offsets, apart));
  return std::abs(shift) <= .12F * width && strays * 5 <= offsets.size() - (offsets.size() < 5 ? offsets.size() : 0);
}

bool kinds_agree(const Table& first, const Table& second) {
  struct Count {
    double numbers = 0, cells = 0;
  };
  const auto count = [](const Table& table) {
    std::vector<Count> counts(table.columns);
    Layout layout;
    for (const auto& row : table.rows) {
      const auto at = layout(row);
      for (std::size_t n = 0; n < row.cells.size(); ++n) {
        if (row.cells[n].text.empty() || row.cells[n].head || row.cells[n].colspan != 1) continue;
        ++counts[at.columns[n]].cells;
        counts[at.columns[n]].numbers += is_number(row.cells[n].text) ? 1 : 0;
      }
    }
    return counts;
  };
  const auto a = count(first), b = count(second);
  for (std::size_t n = 0; n < std::min(a.size(), b.size()); ++n) {
    if (a[n].cells < 2 || b[n].cells < 2) continue;
    if (std::abs(a[n].numbers / a[n].cells - b[n].numbers / b[n].cells) > .7) return false;
  }
  return true;
}

}  // namespace pecia::merge
