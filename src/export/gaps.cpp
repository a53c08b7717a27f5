#include "gaps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

constexpr std::size_t ranges_named = 20;

bool is_failed(const merge::Page& page) {
  return !page.pending && page.outcome.state == result::State::failed;
}

std::string part_of_sentence(const std::vector<std::uint32_t>& numbers, std::string_view one,
                             std::string_view many, bool named) {
  if (numbers == std::vector<std::uint32_t>{0}) return fmt::format("this document {}", one);
  const auto counted =
      fmt::format("{} {}", plural(numbers.size(), "page"), numbers.size() == 1 ? one : many);
  return named ? fmt::format("{}: {}", counted, ranges_of(numbers)) : counted;
}

std::string sentence(const Gaps& gaps, bool named) {
  std::string text;
  if (!gaps.failed.empty())
    text = part_of_sentence(gaps.failed, "could not be read", "could not be read", named);
  if (gaps.pending.empty()) return text;
  if (!text.empty()) text += "; ";
  return text + part_of_sentence(gaps.pending, "is not read yet", "are not read yet", named);
}

/// "page 3", "pages 3, 7-9"
std::string pages(const std::vector<std::uint32_t>& numbers) {
  return fmt::format("{} {}", numbers.size() == 1 ? "page" : "pages", ranges_of(numbers));
}

}  // namespace

bool is_gap(const merge::Page& page) noexcept { return page.pending || is_failed(page); }

bool has_gaps(const merge::Document& document) noexcept {
  return std::ranges::any_of(document.pages, is_gap);
}

Gaps gaps_of(const merge::Document& document) {
  Gaps gaps;
  for (const auto& page : document.pages) {
    if (page.pending)
      gaps.pending.push_back(page.number);
    else if (is_failed(page))
      gaps.failed.push_back(page.number);
  }
  return gaps;
}

std::string ranges_of(const std::vector<std::uint32_t>& numbers) {
  std::string text;
  std::size_t ranges = 0;
  for (std::size_t n = 0; n < numbers.size();) {
    if (ranges++ == ranges_named) return text + fmt::format(" and {} more", numbers.size() - n);
    auto last = n;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text +=
        last == n ? fmt::format("{}", numbers[n]) : fmt::format("{}-{}", numbers[n], numbers[last]);
    n = last + 1;
  }
  return text;
}

std::string sentence_of(const Gaps& gaps) { return sentence(gaps, true); }
std::string counts_of(const Gaps& gaps) { return sentence(gaps, false); }

std::string gaps_notice(const merge::Document& document) {
  if (document.pages.size() == 1 && document.pages.front().number == 0) return {};
  const auto gaps = gaps_of(document);
  if (gaps.none()) return {};
  std::string text = "this document has gaps: ";
  if (!gaps.failed.empty()) text += pages(gaps.failed) + " could not be read";
  if (!gaps.failed.empty() && !gaps.pending.empty()) text += "; ";
  if (!gaps.pending.empty())
    text += pages(gaps.pending) + (gaps.pending.size() == 1 ? " is" : " are") + " not read yet";
  return text;
}

}  // namespace pecia::exporting
