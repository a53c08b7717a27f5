#include "running_heads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include "characters.hpp"
#include "page_numbers.hpp"
#include "pecia/base/text.hpp"

namespace pecia::merge {
namespace {

constexpr std::uint32_t head_window_pages = 8, near_pages = 4, chapter_pages = 60;
constexpr std::size_t most_titles = 60;
constexpr std::size_t longest_key_bytes = 120, text_key_bytes = 70;
constexpr int most_beside = 3;  ///< heads of two facing pages with their numbers; more are labels of a map, columns of a table
constexpr std::size_t least_text_lines = 7;
constexpr int many_pages = 3;   ///< that have a line in tall letters, too: then it is no title

std::string_view edge(const EdgeLine& line) { return line.foot ? "foot" : "head"; }

bool same_height(const EdgeLine& one, const EdgeLine& other, float tolerance) {
  return one.y < 0 || other.y < 0 || std::abs(one.y - other.y) <= tolerance;
}

/// Dust that was read as letters, which hides what stands behind it.
bool is_noise(const EdgeLine& line) { return line.key.size() <= 2 && line.digits.empty(); }

class RunningHeadFinder {
 public:
  RunningHeadFinder(std::span<PageEdges> pages, std::span<const std::string> labels, bool numbers_only)
      : pages_{pages}, sequences_{pages, labels}, numbers_only_{numbers_only}, letters_{usual_letters(pages)} {}

  void operator()() {
    each_line([&](std::uint32_t page, EdgeLine& line) { accept_whole_number(page, line); });
    count_repeats();
    if (!numbers_only_) {
      each_line([&](std::uint32_t page, EdgeLine& line) { accept_repeated(page, line); });
      accept_titles();
      each_line([&](std::uint32_t page, EdgeLine& line) { accept_numbered(page, line); });
    }
    each_line([&](std::uint32_t page, EdgeLine& line) { accept_by_place(page, line); });
  }

 private:
  template <class Use>
  void each_line(Use use) {
    for (std::uint32_t page = 0; page < pages_.size(); ++page) {
      for (auto& line : pages_[page].lines) use(page, line);
    }
  }

  /// Nothing but what was found already lies between it and the edge.
  [[nodiscard]] bool is_outermost(std::uint32_t page, const EdgeLine& line) const {
    return std::ranges::all_of(pages_[page].lines, [&](const EdgeLine& other) {
      return other.foot != line.foot || other.row >= line.row || other.found() || is_noise(other);
    });
  }

  /// Titles are taller than text.
  [[nodiscard]] bool is_tall(const EdgeLine& line) const { return line.y >= 0 && letters_ > 0 && line.size > 1.4F * letters_; }

  [[nodiscard]] bool has_number_in_row(std::uint32_t page, const EdgeLine& line) const {
    return std::ranges::any_of(pages_[page].lines, [&](const EdgeLine& other) {
      const auto rows = line.y < 0 ? 1 : 0;  // without places every line is a row of its own
      return other.foot == line.foot && std::abs(other.row - line.row) <= rows && other.role == Role::page_number;
    });
  }

  /// Counts on with pages nearby, at an end of a line with words, on a page that has no other number. `enumerated`: a
  /// number of items, too, which is the page's only where the words are the same.
  [[nodiscard]] const LineNumber* counting_number(std::uint32_t page, const EdgeLine& line, bool enumerated = false) const {
    if (std::ranges::any_of(pages_[page].lines, [](const EdgeLine& other) { return other.role == Role::page_number; })) return nullptr;
    for (const auto& number : line.numbers) {
      if (number.whole || (number.enumerates && !enumerated)) continue;
      if (sequences_.labelled(page, number) || sequences_.support(page, number) >= 2) return &number;
    }
    return nullptr;
  }

  void accept_whole_number(std::uint32_t page, EdgeLine& line) {
    if (line.numbers.empty() || !line.numbers.front().whole) return;
    const auto& number = line.numbers.front();
    const bool labelled = sequences_.labelled(page, number);
    const auto support = sequences_.support(page, number);
    if (!labelled && support < 2 && !(support == 1 && is_outermost(page, line) && has_counterpart(page, line))) return;
    line.role = Role::page_number;
    line.evidence = labelled ? std::string{"the PDF names the page so"}
                             : fmt::format("counts on with {} nearby", plural(static_cast<unsigned>(support), "page"));
    pages_[page].printed_number = number.text;
  }

  /// A page nearby has a number alone at the same place, so many more or less as it is pages away. Without places one such
  /// number is chance.
  [[nodiscard]] bool has_counterpart(std::uint32_t page, const EdgeLine& line) const {
    if (line.y < 0) return false;
    const auto begin = page > head_window_pages ? page - head_window_pages : 0;
    const auto end = std::min<std::size_t>(pages_.size(), page + head_window_pages + 1);
    for (auto other = begin; other < end; ++other) {
      for (const auto& theirs : pages_[other].lines) {
        if (other == page || theirs.foot != line.foot || theirs.numbers.empty() || !theirs.numbers.front().whole ||
            !same_height(theirs, line, .03F))
          continue;
        if (theirs.numbers.front().value - line.numbers.front().value == static_cast<int>(other) - static_cast<int>(page)) return true;
      }
    }
    return false;
  }

  void count_repeats() {
    for (std::uint32_t page = 0; page < pages_.size(); ++page) {
      const auto end = std::min<std::size_t>(pages_.size(), page + 1 + head_window_pages);
      for (auto& line : pages_[page].lines) {
        if (line.key.size() < 3 || line.key.size() > longest_key_bytes) continue;
        for (std::uint32_t other = page + 1; other < end; ++other) compare(page, line, other);
      }
    }
  }

  void compare(std::uint32_t page, EdgeLine& line, std::uint32_t other_page) {
    for (auto& other : pages_[other_page].lines) {
      if (other.foot != line.foot || std::abs(other.row - line.row) > 1) continue;
      if (!same_height(line, other, .035F)) continue;
      if (!(alike(line.key, other.key) && same_numbers(page, line, other_page, other)) && !share_a_part(line, other)) continue;
      ++line.repeats;
      ++other.repeats;
      other.repeats_earlier = true;
      line.repeats_size += other.size;
      other.repeats_size += line.size;
      if (has_number(other_page, other)) ++line.repeats_with_number;
      if (has_number(page, line)) ++other.repeats_with_number;
      return;
    }
  }

  /// The left or the right head is the same, where one of them at least was read together with the other.
  [[nodiscard]] static bool share_a_part(const EdgeLine& line, const EdgeLine& other) {
    const auto in = [](const EdgeLine::Part& part, const EdgeLine& whole) {
      const auto same = [&](const EdgeLine::Part& their) { return part.digits == their.digits && alike(part.key, their.key); };
      return whole.parts.empty() ? same({whole.key, whole.digits}) : std::ranges::any_of(whole.parts, same);
    };
    if (!same_height(line, other, .012F)) return false;
    return std::ranges::any_of(line.parts, [&](const EdgeLine::Part& part) { return in(part, other); }) ||
           std::ranges::any_of(other.parts, [&](const EdgeLine::Part& part) { return in(part, line); });
  }

  [[nodiscard]] bool has_number(std::uint32_t page, const EdgeLine& line) const {
    return has_number_in_row(page, line) || counting_number(page, line) != nullptr;
  }

  /// "Chapter 3" is not "Chapter 4" again, unless each line ends in its page's number.
  [[nodiscard]] bool same_numbers(std::uint32_t page, const EdgeLine& line, std::uint32_t other_page, const EdgeLine& other) const {
    if (line.digits == other.digits) return true;
    const auto counts_or_has_none = [&](std::uint32_t at, const EdgeLine& one) {
      return one.digits.empty() || counting_number(at, one, true) != nullptr;
    };
    return counts_or_has_none(page, line) && counts_or_has_none(other_page, other);
  }

  void accept_repeated(std::uint32_t page, EdgeLine& line) {
    if (line.found() || line.repeats == 0 || line.row > 2 || line.beside > most_beside || !is_outermost(page, line)) return;
    if (is_tall(line) && line.repeats < many_pages) return;
    const bool numbered = has_number(page, line) || counting_number(page, line, true) != nullptr;
    // Sure signs besides, where few pages have it.
    const bool set_apart = line.gap >= 1.5F || line.capitals || numbered;
    const bool like_text = line.fills || line.key.size() > text_key_bytes;
    const bool sure = set_apart && pages_[page].prose;  // labels of maps and cells of tables stand apart, too
    const int needed = like_text && !numbered ? 4 : sure ? 1 : 2;
    if (line.repeats < needed || is_heading_of_run(line, numbered)) return;
    take(page, line, fmt::format("seen at the {} of {} more nearby", edge(line), plural(static_cast<unsigned>(line.repeats), "page")));
  }

  /// A chapter begins with the words that stand at the heads of the pages behind.
  [[nodiscard]] static bool is_heading_of_run(const EdgeLine& line, bool numbered) {
    if (line.repeats_earlier || line.foot) return false;
    if (line.y < 0) return !numbered;
    const auto repeats = static_cast<float>(line.repeats);
    if (!numbered && line.size > 1.25F * line.repeats_size / repeats) return true;
    return !numbered && line.repeats_with_number == line.repeats;
  }

  /// A line near the head of a page that may be the title of what follows.
  struct Title {
    std::uint32_t page = 0;
    const EdgeLine* line = nullptr;
  };

  /// Titles of chapters that began on one of the pages before, where they stood lower or in taller letters.
  void accept_titles() {
    std::deque<Title> titles;  // the last few
    for (std::uint32_t page = 0; page < pages_.size(); ++page) {
      for (auto& line : pages_[page].lines) {
        if (line.found() || line.foot || line.fills || line.row > 1 || (line.gap < 1.4F && line.left < .25F) || !is_outermost(page, line))
          continue;
        if (is_tall(line) || line.beside > most_beside || (line.repeats == 0 && !stands_above_text(page, line))) continue;
        const auto title = std::ranges::find_if(titles, [&](const Title& of) { return is_title_of(page, line, of); });
        if (title != titles.end())
          take(page, line, fmt::format("is the title of what begins {} before", plural(page - title->page, "page")));
      }
      for (const auto& line : pages_[page].lines) {
        if (!line.found() && !line.foot && !line.fills && line.key.size() >= 4 && line.key.size() <= longest_key_bytes)
          titles.push_front({page, &line});
      }
      if (titles.size() > most_titles) titles.resize(most_titles);
    }
  }

  /// A title page repeats the half title, in tall letters and with few lines.
  [[nodiscard]] bool stands_above_text(std::uint32_t page, const EdgeLine& line) const {
    return pages_[page].lines.size() >= least_text_lines && line.size <= 1.2F * letters_;
  }

  [[nodiscard]] static bool is_title_of(std::uint32_t page, const EdgeLine& line, const Title& title) {
    return page - title.page <= chapter_pages && line.key.size() >= 4 && alike(line.key, title.line->key, line.key.size() / 8) &&
           is_smaller_or_higher(line, *title.line);
  }

  [[nodiscard]] static bool is_smaller_or_higher(const EdgeLine& line, const EdgeLine& title) {
    return line.y >= 0 && line.size <= 1.1F * title.size && (line.size < .9F * title.size || line.y < title.y - .03F);
  }

  /// Something in its row was found, at its other end.
  [[nodiscard]] bool stands_beside_found(std::uint32_t page, const EdgeLine& line) const {
    return std::ranges::any_of(pages_[page].lines, [&](const EdgeLine& other) {
      return other.foot == line.foot && other.row == line.row && &other != &line && other.found();
    });
  }

  /// Words beside a number that counts on or a title that comes again, which change from page to page: titles of sections,
  /// words of a dictionary.
  void accept_numbered(std::uint32_t page, EdgeLine& line) {
    if (line.found() || line.row > 1 || line.fills || line.beside > most_beside || !is_outermost(page, line)) return;
    const bool beside = stands_beside_found(page, line);
    if (counting_number(page, line) == nullptr && !(beside && pages_[page].prose)) return;
    const bool apart = line.capitals || line.repeats > 0 || (!line.foot && (line.gap >= 1.4F || line.y < 0));
    if (!apart && !(beside && line.gap >= 1.4F)) return;
    if (line.size > 1.4F * letters_ || line.key.size() > longest_key_bytes) return;
    take(page, line,
         beside ? "stands beside the page's number or running head" : "has the page's number, which counts on with pages nearby");
  }

  void accept_by_place(std::uint32_t page, EdgeLine& line) {
    if (line.found() || line.y < 0 || line.fills || line.row > 1 || line.beside > most_beside || !is_outermost(page, line)) return;
    if (is_tall(line)) return;
    const bool short_number = line.key.size() <= 3 && !line.digits.empty();
    if (line.gap < 1.4F || line.key.size() > 90 || (line.right - line.left > .85F && line.gap < 2)) return;
    if ((numbers_only_ || !pages_[page].prose) && !short_number) return;
    const auto wanted = short_number ? Role::page_number : Role::running_head;
    int neighbours = 0;
    const auto begin = page > near_pages ? page - near_pages : 0;
    const auto end = std::min<std::size_t>(pages_.size(), page + near_pages + 1);
    for (auto other = begin; other < end; ++other) {
      if (other != page && std::ranges::any_of(pages_[other].lines, [&](const EdgeLine& theirs) {
            return theirs.foot == line.foot && theirs.found() && (!short_number || theirs.role == wanted) &&
                   same_height(theirs, line, .012F) && line.size < 1.3F * theirs.size;
          }))
        ++neighbours;
    }
    if (neighbours < 3) return;
    line.role = wanted;
    line.evidence = fmt::format("stands where {} nearby have theirs", plural(static_cast<unsigned>(neighbours), "page"));
  }

  void take(std::uint32_t page, EdgeLine& line, std::string evidence) {
    line.role = Role::running_head;
    line.evidence = std::move(evidence);
    if (const auto* number = counting_number(page, line)) pages_[page].printed_number = number->text;
  }

  std::span<PageEdges> pages_;
  NumberSequences sequences_;
  bool numbers_only_;
  float letters_;  ///< usual height
};

}  // namespace

void find_running_heads(std::span<PageEdges> pages, std::span<const std::string> labels, bool numbers_only) {
  RunningHeadFinder{pages, labels, numbers_only}();
}

}  // namespace pecia::merge
