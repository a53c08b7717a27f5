#include "page_numbers.hpp"

#include <algorithm>

#include "characters.hpp"

namespace pecia::merge {
namespace {

constexpr std::uint32_t number_window_pages = 10;

}  // namespace

NumberSequences::NumberSequences(std::span<const PageEdges> pages, std::span<const std::string> labels) : labels_{labels} {
  for (std::uint32_t page = 0; page < pages.size(); ++page) {
    for (const auto& line : pages[page].lines) {
      for (const auto& number : line.numbers) {
        for (const auto step : {Step::page, Step::leaf, Step::opening}) {
          auto& seen = pages_[key(step, page, number)];
          if (seen.empty() || seen.back() != page) seen.push_back(page);
        }
      }
    }
  }
}

NumberSequences::Key NumberSequences::key(Step step, std::uint32_t page, const LineNumber& number) {
  const auto value = static_cast<std::int64_t>(number.value), at = static_cast<std::int64_t>(page);
  switch (step) {
    case Step::leaf:
      return {step, number.roman, 2 * value - at};
    case Step::opening:
      return {step, number.roman, value - 2 * at};
    case Step::page:
      break;
  }
  return {step, number.roman, value - at};
}

int NumberSequences::nearby(const Key& key, std::uint32_t page) const {
  const auto found = pages_.find(key);
  if (found == pages_.end()) return 0;
  const auto& seen = found->second;
  const auto from = std::ranges::lower_bound(seen, page > number_window_pages ? page - number_window_pages : 0);
  const auto to = std::ranges::upper_bound(seen, page + number_window_pages);
  return static_cast<int>(to - from) - 1;
}

int NumberSequences::support(std::uint32_t page, const LineNumber& number) const {
  const auto by_page = nearby(key(Step::page, page, number), page);
  // Rarer, and so two more are asked for.
  const auto others = std::max(nearby(key(Step::leaf, page, number), page), nearby(key(Step::opening, page, number), page)) - 2;
  return std::max(by_page, std::max(others, 0));
}

bool NumberSequences::labelled(std::uint32_t page, const LineNumber& number) const {
  return page < labels_.size() && !labels_[page].empty() && folded(labels_[page]) == folded(number.text);
}

}  // namespace pecia::merge
