#include "pecia/plan/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <queue>
#include <utility>

#include "pecia/base/error.hpp"
#include "pieces.hpp"

namespace pecia::plan {
namespace {

constexpr double tenth_quantile =
    1.2816;  ///< of the normal distribution, one tenth beyond on each side
/// More can be neglected: they would have to turn out many times as long as predicted.
constexpr std::size_t pages_that_may_be_longest = 2000;
/// With more pages for each worker their ends differ by about the last page.
constexpr std::size_t many_pages_per_worker = 50;

double sigma_of(double mean_absolute_error) {
  return mean_absolute_error * std::sqrt(std::numbers::pi / 2);
}

double square(double value) { return value * value; }

// Of a log-normal factor with mean 1 and `sigma` of its logarithm.
double variance_of(double sigma) { return std::exp(square(sigma)) - 1; }
double quantile_of(double sigma, double normal_quantile) {
  return std::exp(sigma * normal_quantile - square(sigma) / 2);
}

}  // namespace

Workload::Workload(std::span<const PageRun> runs, const PredictionError& error) {
  std::vector<std::pair<std::uint32_t, double>> documents;
  double page_squares = 0;
  for (const auto& run : runs) {
    if (documents.empty() || documents.back().first != run.document)
      documents.emplace_back(run.document, 0.0);
    for (std::size_t n = 0; n < run.cost_s.size(); ++n) {
      const double cost = cost_of(run, n, 0);
      cost_s_.push_back(static_cast<float>(cost));
      documents.back().second += cost;
      page_squares += square(cost);
      if (!longest_ || cost > longest_->cost_s)
        longest_ = {{run.document, run.first_page + static_cast<std::uint32_t>(n)}, cost};
    }
  }
  std::ranges::sort(cost_s_, std::greater{});
  double document_squares = 0;
  for (const auto& [document, cost] : documents) {
    total_s_ += cost;
    document_squares += square(cost);
  }
  if (cost_s_.empty()) return;
  const double page = sigma_of(error.page), document = sigma_of(error.document),
               corpus = sigma_of(error.corpus);
  page_sigma_ = std::sqrt(square(page) + square(document));
  const double variance = variance_of(page) * page_squares / square(total_s_) +
                          variance_of(document) * document_squares / square(total_s_) +
                          variance_of(corpus);
  total_sigma_ = std::sqrt(std::log(1 + variance));
  low_s_ = longest_quantile_s(0.1) * quantile_of(corpus, -tenth_quantile);
  high_s_ = longest_quantile_s(0.9) * quantile_of(corpus, tenth_quantile);
}

double Workload::longest_quantile_s(double probability) const {
  const auto longest = static_cast<double>(cost_s_.front());
  if (page_sigma_ <= 0) return longest;
  const auto count = std::min(cost_s_.size(), pages_that_may_be_longest);
  const auto all_below = [&](double limit_s) {
    double chance = 1;
    for (std::size_t n = 0; n < count && chance > 1e-6; ++n) {
      const double deviation =
          std::log(limit_s / static_cast<double>(cost_s_[n])) / page_sigma_ + page_sigma_ / 2;
      chance *= std::erfc(-deviation / std::numbers::sqrt2) / 2;
    }
    return chance;
  };
  const double most = 10 * page_sigma_ + square(page_sigma_);
  double low = std::log(longest) - most, high = std::log(longest) + most;
  for (int n = 0; n < 50; ++n) {
    const double middle = (low + high) / 2;
    (all_below(std::exp(middle)) < probability ? low : high) = middle;
  }
  return std::exp(high);
}

double Workload::makespan_s(std::size_t workers) const {
  if (workers >= cost_s_.size()) return longest_->cost_s;
  const double even_s = total_s_ / static_cast<double>(workers);
  if (cost_s_.size() / workers >= many_pages_per_worker)
    return std::max(even_s + static_cast<double>(cost_s_.back()) / 2, longest_->cost_s);
  // Each page, dearest first, to the worker that is free first.
  std::priority_queue<double, std::vector<double>, std::greater<>> free_s{
      std::greater<>{}, std::vector<double>(workers, 0.0)};
  double end_s = 0;
  for (const auto cost : cost_s_) {
    const double end = free_s.top() + static_cast<double>(cost);
    end_s = std::max(end_s, end);
    free_s.pop();
    free_s.push(end);
  }
  return end_s;
}

WallTime Workload::wall_time(std::size_t workers) const {
  require(workers > 0, "pages need workers");
  WallTime wall;
  if (cost_s_.empty()) return wall;
  wall.bound_s = std::max(total_s_ / static_cast<double>(workers), longest_->cost_s);
  wall.s = makespan_s(workers);
  const double even_s = wall.s * (total_s_ / static_cast<double>(workers)) / wall.bound_s;
  wall.low_s =
      std::min(std::max(even_s * quantile_of(total_sigma_, -tenth_quantile), low_s_), wall.s);
  wall.high_s = std::max({even_s * quantile_of(total_sigma_, tenth_quantile), high_s_, wall.s});
  return wall;
}

std::optional<std::size_t> Workload::least_ranks(double within_s, std::size_t threads) const {
  require(threads > 0, "pages need workers");
  if (cost_s_.empty()) return 1;
  if (longest_->cost_s > within_s) return std::nullopt;
  // No fewer can, and with a worker for each page it is the longest that counts.
  auto low = static_cast<std::size_t>(
      std::max(1.0, std::ceil(total_s_ / within_s / static_cast<double>(threads))));
  auto high = std::max(low, (cost_s_.size() + threads - 1) / threads);
  if (makespan_s(low * threads) <= within_s) return low;
  // Gallop: the bound is close for all but a handful of pages per worker.
  for (std::size_t step = 1; low + step < high; step *= 2) {
    if (makespan_s((low + step) * threads) <= within_s) {
      high = low + step;
      break;
    }
    low += step;
  }
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    (makespan_s(middle * threads) <= within_s ? high : low) = middle;
  }
  return high;
}

}  // namespace pecia::plan
