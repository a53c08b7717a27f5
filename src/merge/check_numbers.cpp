#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "check_parts.hpp"
#include "numbers.hpp"
#include "pecia/base/ascii.hpp"
#include "pecia/base/text.hpp"

namespace pecia::merge {
namespace {

constexpr double most_missing = 50;  ///< pages in a gap; farther apart is another counting

bool is_alphanumeric(char c) { return is_ascii_digit(c) || is_ascii_letter(c); }

struct Number {
  std::string series;  ///< numbers of one counting: "arabic", "roman", or what stands before them ("A-")
  int value = 0;
};

/// "12", "- 12 -", "[XIV]", "A-3".
std::optional<Number> number_of(std::string_view text) {
  while (!text.empty() && !is_alphanumeric(text.front())) text.remove_prefix(1);
  while (!text.empty() && !is_alphanumeric(text.back())) text.remove_suffix(1);
  if (text.empty() || text.size() > 12) return std::nullopt;
  if (const auto roman = parse_roman(text)) return Number{"roman", *roman};
  const auto first = static_cast<std::size_t>(std::ranges::find_if(text, is_ascii_digit) - text.begin());
  int value = 0;
  const auto read = std::from_chars(text.data() + first, text.data() + text.size(), value);
  if (first > 4 || read.ec != std::errc{} || read.ptr != text.data() + text.size() || value == 0) return std::nullopt;
  return Number{first == 0 ? "arabic" : std::string{text.substr(0, first)}, value};
}

struct Entry {
  std::size_t page = 0;  ///< of Book::pages
  int value = 0;
};

enum class NumberBreak : std::uint8_t { none, repeats, back, jumps };

/// The numbers of one counting, in the order of pages.
class NumberSeries {
 public:
  NumberSeries(const Book& book, const std::vector<Entry>& entries, Findings& findings)
      : book_{book}, entries_{entries}, findings_{findings} {
    step_ = common_step();
  }

  void operator()() {
    std::size_t last = 0;
    for (std::size_t n = 1; n < entries_.size(); ++n) {
      const auto what = between(entries_[last], entries_[n]);
      if (what != NumberBreak::none && n + 1 < entries_.size() && between(entries_[last], entries_[n + 1]) == NumberBreak::none &&
          between(entries_[n], entries_[n + 1]) != NumberBreak::none) {
        add(FindingKind::page_order, Severity::note, entries_[n],
            fmt::format("the printed number {} stands between {} and {}: misread or misprinted?", entries_[n].value, entries_[last].value,
                        entries_[n + 1].value));
        continue;
      }
      if (what != NumberBreak::none) report(what, entries_[last], entries_[n], goes_on(n));
      last = n;
    }
  }

 private:
  /// By how much the number goes up from page to page: 1; 2 where an image shows two pages; .5 where leaves are counted.
  [[nodiscard]] double common_step() const {
    std::map<double, std::size_t> votes;
    for (std::size_t n = 1; n < entries_.size(); ++n) {
      const auto pages = static_cast<double>(entries_[n].page - entries_[n - 1].page);
      const auto up = static_cast<double>(entries_[n].value - entries_[n - 1].value);
      const bool back_of_leaf = up == 0 && pages == 1;
      votes[.5] += back_of_leaf || up == .5 * pages ? 1 : 0;
      for (const double step : {1., 2.}) votes[step] += up == step * pages ? 1 : 0;
    }
    double best = 1;
    for (const auto& [step, count] : votes) {
      if (count > votes[best]) best = step;
    }
    return best;
  }

  [[nodiscard]] double expected(const Entry& a, const Entry& b) const { return step_ * static_cast<double>(b.page - a.page); }

  [[nodiscard]] NumberBreak between(const Entry& a, const Entry& b) const {
    const double up = b.value - a.value;
    if (up < 0) return NumberBreak::back;
    if (up == 0) return step_ < 1 && b.page == a.page + 1 ? NumberBreak::none : NumberBreak::repeats;
    // Less than expected: pages without a number between, plates for instance.
    return up > expected(a, b) + (step_ < 1 ? .5 : 0) ? NumberBreak::jumps : NumberBreak::none;
  }

  [[nodiscard]] bool goes_on(std::size_t n) const {
    return n + 1 < entries_.size() && between(entries_[n], entries_[n + 1]) == NumberBreak::none;
  }

  void report(NumberBreak what, const Entry& a, const Entry& b, bool certain) {
    const auto severity = certain ? Severity::warning : Severity::note;
    const auto numbers = fmt::format("the printed numbers go from {} (page {}) to {}", a.value, book_.pages[a.page].number, b.value);
    const double missing = (b.value - a.value - expected(a, b)) / step_;
    if (what == NumberBreak::repeats)
      return add(FindingKind::page_order, severity, b,
                 fmt::format("the printed number {} is that of page {}, too", b.value, book_.pages[a.page].number));
    if (what == NumberBreak::back && b.value <= 3) return add(FindingKind::page_order, Severity::note, b, numbers + ": counted anew");
    if (what == NumberBreak::back) return add(FindingKind::page_order, severity, b, numbers + ": pages out of order?");
    if (missing > most_missing) return add(FindingKind::page_order, severity, b, numbers);
    add(FindingKind::missing_page, severity, b,
        fmt::format("{}: {} seem{} to be missing before it", numbers, plural(static_cast<unsigned long long>(std::lround(missing)), "page"),
                    missing < 1.5 ? "s" : ""));
  }

  void add(FindingKind kind, Severity severity, const Entry& at, std::string detail) {
    findings_.push_back({kind, severity, book_.pages[at.page].number, std::move(detail)});
  }

  const Book& book_;
  const std::vector<Entry>& entries_;
  Findings& findings_;
  double step_ = 1;
};

}  // namespace

void check_page_numbers(const Book& book, Findings& findings) {
  std::map<std::string, std::vector<Entry>> series;
  for (std::size_t n = 0; n < book.pages.size(); ++n) {
    if (const auto number = number_of(book.pages[n].printed_number)) series[number->series].push_back({n, number->value});
  }
  for (const auto& [name, entries] : series) {
    if (entries.size() > 1) NumberSeries{book, entries, findings}();
  }
}

}  // namespace pecia::merge
