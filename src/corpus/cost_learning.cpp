#include "cost_learning.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pecia::corpus {
namespace {

constexpr std::size_t table_size = 1 << 16;
constexpr double doubt_pages = 2;  ///< finished pages that say a document is like all others
constexpr double least_factor = 0.1, most_factor = 10;
/// A page that takes longer than so many times what was expected is a loop, not the document's
/// nature.
constexpr double longest_ratio = 4;

constexpr std::size_t documents_known = 1024;
constexpr std::size_t documents_shown = 10;

std::size_t slot(DocumentId document) noexcept {
  return (document.value * 0x9e3779b97f4a7c15) >> 48;
}

double error_of(const CostQuality::Worst& document) noexcept {
  return std::abs(document.predicted_s - document.taken_s);
}

/// Worse first; by path where equal, so that the order is always the same.
bool is_worse(const CostQuality::Worst& one, const CostQuality::Worst& other) {
  const double a = error_of(one), b = error_of(other);
  return a != b ? a > b : one.path < other.path;
}

/// Each value becomes its rank, from 0.
void to_ranks(std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t n) { return std::pair{values[n], n}; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = 0.5 * static_cast<double>(begin + end - 1);
    for (auto n = begin; n < end; ++n) ranks[order[n]] = rank;
  }
  values = std::move(ranks);
}

}  // namespace

double rank_correlation(std::vector<double> one, std::vector<double> other) {
  to_ranks(one);
  to_ranks(other);
  const double middle = 0.5 * (static_cast<double>(one.size()) - 1);
  double both = 0, first = 0, second = 0;
  for (std::size_t n = 0; n < one.size(); ++n) {
    both += (one[n] - middle) * (other[n] - middle);
    first += (one[n] - middle) * (one[n] - middle);
    second += (other[n] - middle) * (other[n] - middle);
  }
  return first > 0 && second > 0 ? both / std::sqrt(first * second) : 0;
}

void DocumentFactors::learn(DocumentId document, const Features& page, double seconds,
                            const Rates& rates) {
  table_.resize(table_size);
  auto& sums = table_[slot(document)];
  if (sums.document != document) sums = {document, 0, 0, {}};
  const double expected_s = factor_of(sums, rates) * seconds_of(page, rates);
  sums.pages += 1;
  sums.seconds += static_cast<float>(std::min(seconds, longest_ratio * expected_s));
  for (std::size_t n = 0; n < features_count; ++n) sums.features[n] += page[n];
}

double DocumentFactors::factor(DocumentId document, const Rates& rates) const noexcept {
  if (table_.empty()) return 1;
  const auto& sums = table_[slot(document)];
  return sums.document == document ? factor_of(sums, rates) : 1;
}

double DocumentFactors::factor_of(const Sums& sums, const Rates& rates) noexcept {
  const auto pages = static_cast<double>(sums.pages);
  const double ratio = static_cast<double>(sums.seconds) / seconds_of(sums.features, rates);
  return std::clamp((doubt_pages + pages * ratio) / (doubt_pages + pages), least_factor,
                    most_factor);
}

void QualityTally::add(const Document& document, double predicted_s, double taken_s) {
  pairs_.offer({static_cast<float>(predicted_s), static_cast<float>(taken_s)});
  const double error_s = std::abs(predicted_s - taken_s);
  error_s_ += error_s;
  relative_error_ += error_s / taken_s;
  if (documents_.size() >= documents_known && !documents_.contains(document.id))
    forget_the_better_half();
  auto& sums = documents_[document.id];
  if (sums.pages == 0) sums.path = document.path;
  sums.predicted_s += predicted_s;
  sums.taken_s += taken_s;
  ++sums.pages;
}

void QualityTally::forget_the_better_half() {
  std::vector<std::pair<CostQuality::Worst, DocumentId>> all;
  for (const auto& [id, sums] : documents_) all.emplace_back(sums, id);
  const auto middle = all.begin() + documents_known / 2;
  std::ranges::nth_element(all, middle, is_worse,
                           &std::pair<CostQuality::Worst, DocumentId>::first);
  for (auto at = middle; at != all.end(); ++at) documents_.erase(at->second);
}

std::size_t QualityTally::memory_bytes() const noexcept {
  constexpr std::size_t usual_path_bytes = 64;
  return pairs_.memory_bytes() +
         documents_.size() * (sizeof(CostQuality::Worst) + sizeof(DocumentId) + usual_path_bytes);
}

CostQuality QualityTally::quality() const {
  CostQuality quality;
  quality.pages = pairs_.offered();
  if (quality.pages == 0) return quality;
  const auto pages = static_cast<double>(quality.pages);
  quality.mean_error_s = error_s_ / pages;
  quality.mean_relative_error = relative_error_ / pages;
  std::vector<double> predicted_s, taken_s;
  for (const auto& pair : pairs_.items()) {
    predicted_s.push_back(static_cast<double>(pair.predicted_s));
    taken_s.push_back(static_cast<double>(pair.taken_s));
  }
  quality.rank_correlation = rank_correlation(std::move(predicted_s), std::move(taken_s));
  for (const auto& [id, sums] : documents_) quality.worst.push_back(sums);
  std::ranges::sort(quality.worst, is_worse);
  if (quality.worst.size() > documents_shown) quality.worst.resize(documents_shown);
  return quality;
}

}  // namespace pecia::corpus
