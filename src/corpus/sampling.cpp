#include "pecia/corpus/sampling.hpp"

#include <algorithm>
#include <cmath>

#include "pecia/corpus/cost_model.hpp"

namespace pecia::corpus {
namespace {

constexpr std::size_t long_document_pages = 30;
constexpr std::size_t first_of_short = 3, first_of_long = 5;
constexpr double least_disagreement = 0.05;
/// Times that a page costs to measure that is not at hand (docs/performance.md).
constexpr double price_if_not_at_hand = 10;

/// Coefficient of variation of the transitions that were measured.
double disagreement(const std::vector<PageEvidence>& pages) {
  double sum = 0, squares = 0, count = 0;
  for (const auto& page : pages) {
    if (page.transitions < 0) continue;
    const auto value = static_cast<double>(page.transitions);
    sum += value;
    squares += value * value;
    ++count;
  }
  if (count < 2) return 1;
  const double mean = sum / count;
  if (mean <= 0) return least_disagreement;
  const double variance = std::max(0.0, squares / count - mean * mean);
  return std::max(least_disagreement, std::sqrt(variance) / mean);
}

std::vector<std::uint32_t> first_sample(std::size_t pages) {
  const auto most = pages >= long_document_pages ? first_of_long : first_of_short;
  const auto wanted = std::min(pages, most);
  std::vector<std::uint32_t> sample;
  for (std::size_t n = 0; n < wanted; ++n)  // the middle of each of `wanted` equal parts
    sample.push_back(static_cast<std::uint32_t>((2 * n + 1) * pages / (2 * wanted) + 1));
  return sample;
}

}  // namespace

std::vector<std::uint32_t> next_sample(const Asked& asked) {
  if (std::ranges::find(asked, true) == asked.end()) return first_sample(asked.size());
  std::vector<std::uint32_t> sample;
  for (std::size_t begin = 0; begin < asked.size();) {
    auto end = begin;
    while (end < asked.size() && !asked[end]) ++end;
    if (end > begin) sample.push_back(static_cast<std::uint32_t>((begin + end) / 2 + 1));
    begin = end + 1;
  }
  return sample;
}

double uncertainty_s(const std::vector<PageEvidence>& pages, const Asked& asked) {
  double rest_s = 0;
  for (std::size_t n = 0; n < pages.size(); ++n) {
    if (!asked[n]) rest_s += shipped_estimate_s("tesseract", pages[n]);
  }
  return rest_s * disagreement(pages);
}

bool is_at_hand(const PageEvidence& page) noexcept {
  switch (page.coding) {
    case Coding::none:
    case Coding::flate:
    case Coding::lzw:
    case Coding::jpeg:
    case Coding::g3:
    case Coding::g4:
      return true;
    case Coding::unknown:
    case Coding::jpeg2000:
    case Coding::jbig2:
    case Coding::mixed:
    case Coding::drawn:
      break;
  }
  return false;
}

double worth_of_sampling(const std::vector<PageEvidence>& pages, const Asked& asked) {
  const auto next = std::ranges::find(asked, false) - asked.begin();
  if (next == std::ssize(asked)) return 0;
  const bool cheap = is_at_hand(pages[static_cast<std::size_t>(next)]);
  return uncertainty_s(pages, asked) / (cheap ? 1 : price_if_not_at_hand);
}

}  // namespace pecia::corpus
