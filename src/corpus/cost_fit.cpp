#include "cost_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace pecia::corpus {
namespace {

constexpr int rounds = 20;
constexpr int sweeps = 100;
// Pages without error that stand for what was known before where it is asked what is usual, so
// that the first odd pages are taken for odd; they are outvoted when there are many.
constexpr double pages_for_the_factor = 5;
constexpr double pages_for_the_deviation = 20;
constexpr double factor_doubt = 10;  ///< pages after which half of a common factor is believed
constexpr double tukey = 4.685;      ///< in standard deviations; 95 % efficient
constexpr double smallest_deviation = 0.15;  ///< of ln(taken / predicted)
constexpr double smallest_share = 0.01;      ///< of a feature in the cost of a usual page

using Matrix = std::array<std::array<double, features_count>, features_count>;

struct Weighted {
  double value = 0, weight = 0;
};

double median(std::vector<Weighted>& values) {
  std::ranges::sort(values, {}, &Weighted::value);
  double left = 0.5 * std::accumulate(values.begin(), values.end(), 0.0,
                                      [](double sum, const auto& v) { return sum + v.weight; });
  for (const auto& [value, weight] : values) {
    left -= weight;
    if (left <= 0) return value;
  }
  return 0;
}

double log_error(const FitPage& page, const Rates& rates) {
  return std::log(static_cast<double>(page.seconds) / seconds_of(page.features, rates));
}

double total_weight(std::span<const FitPage> pages) {
  double sum = 0;
  for (const auto& page : pages) sum += static_cast<double>(page.weight);
  return sum;
}

/// What all rates have in common to change by.
double common_factor(std::span<const FitPage> pages, const Rates& before) {
  std::vector<Weighted> errors{{0, pages_for_the_factor}};
  for (const auto& page : pages)
    errors.push_back({log_error(page, before), static_cast<double>(page.weight)});
  const double weight = total_weight(pages);
  return std::exp(median(errors) * weight / (weight + factor_doubt));
}

/// Of usual pages, from the median.
double deviation(std::span<const FitPage> pages, const Rates& rates) {
  std::vector<Weighted> errors{{0, pages_for_the_deviation}};
  for (const auto& page : pages)
    errors.push_back({std::abs(log_error(page, rates)), static_cast<double>(page.weight)});
  return std::max(smallest_deviation, 1.4826 * median(errors));
}

struct Equations {
  Matrix matrix{};
  std::array<double, features_count> right{};

  void add(const Features& features, double target, double weight) {
    for (std::size_t row = 0; row < features_count; ++row) {
      const double x = weight * static_cast<double>(features[row]);
      if (x == 0) continue;
      for (std::size_t column = 0; column < features_count; ++column)
        matrix[row][column] += x * static_cast<double>(features[column]);
      right[row] += x * target;
    }
  }

  /// The least squares without negative rates, by coordinate descent from `rates`.
  [[nodiscard]] Rates solve(Rates rates) const {
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      for (std::size_t row = 0; row < features_count; ++row) {
        if (!(matrix[row][row] > 0)) continue;
        double rest = right[row];
        for (std::size_t column = 0; column < features_count; ++column) {
          if (column != row) rest -= matrix[row][column] * rates[column];
        }
        rates[row] = std::clamp(rest / matrix[row][row], 0.0, largest_rate);
      }
    }
    return rates;
  }
};

/// A step of Gauss and Newton: ln(taken / predicted) is linear in the rates near those of now.
Equations equations(std::span<const FitPage> pages, const Rates& rates, const Rates& before,
                    double before_weight) {
  Equations made;
  const double reach = tukey * deviation(pages, rates);
  Rates shares{};  // what a unit of a rate adds to the cost of a usual page, as a share of it
  double pages_weight = 0;
  for (const auto& page : pages) {
    const double predicted = seconds_of(page.features, rates);
    const double error = log_error(page, rates);
    const auto given = static_cast<double>(page.weight);
    for (std::size_t n = 0; n < features_count; ++n)
      shares[n] += given * static_cast<double>(page.features[n]) / predicted;
    pages_weight += given;
    const double far = error / reach;
    if (std::abs(far) >= 1) continue;
    const double weight = given * (1 - far * far) * (1 - far * far);
    made.add(page.features, predicted * (1 + std::max(error, -0.9)),
             weight / (predicted * predicted));
  }
  for (std::size_t n = 0; n < features_count; ++n) {
    const double floor = smallest_share / std::max(before[n], 1e-6);
    const double share = std::max(shares[n] / pages_weight, floor);
    made.matrix[n][n] += before_weight * share * share;
    made.right[n] += before_weight * share * share * before[n];
  }
  return made;
}

}  // namespace

Rates fit_rates(std::span<const FitPage> pages, const Rates& before, double before_weight) {
  if (pages.empty()) return before;
  auto prior = before;
  const double factor = common_factor(pages, before);
  for (auto& rate : prior) rate = std::min(rate * factor, largest_rate);
  auto rates = prior;
  for (int round = 0; round < rounds; ++round) {
    const auto next = equations(pages, rates, prior, before_weight).solve(rates);
    for (std::size_t n = 0; n < features_count; ++n) rates[n] = 0.5 * (rates[n] + next[n]);
  }
  return rates;
}

}  // namespace pecia::corpus
