#include "classes.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace pecia::plan {
namespace {

// Steps of the prices, in logarithms: together e^20 or more, the last far below a thousandth.
constexpr int rounds = 120;
constexpr double first_step = 0.5, next_step = 0.95;

std::size_t cheapest(std::span<const double> cost_s, std::span<const double> price) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < cost_s.size(); ++k) {
    if (cost_s[k] * price[k] < cost_s[best] * price[best]) best = k;
  }
  return best;
}

/// The end of every class at these prices.
struct Outcome {
  std::vector<double> end_s;
  double bound_s = 0;  ///< by duality no assignment ends earlier, whatever the prices
};

Outcome outcome_of(const CostTable& costs, std::span<const ClassCapacity> capacities,
                   std::span<const double> price) {
  std::vector<double> load(costs.classes());
  for (std::size_t k = 0; k < load.size(); ++k) load[k] = capacities[k].busy_s;
  for (std::size_t n = 0; n < costs.size(); ++n) {
    const auto k = cheapest(costs[n], price);
    load[k] += costs[n][k];
  }
  Outcome outcome;
  double value = 0, worth = 0;
  for (std::size_t k = 0; k < load.size(); ++k) {
    value += load[k] * price[k];
    worth += capacities[k].speed * price[k];
    outcome.end_s.push_back(load[k] / capacities[k].speed);
  }
  outcome.bound_s = value / worth;
  return outcome;
}

}  // namespace

Prices find_prices(const CostTable& costs, std::span<const ClassCapacity> capacities) {
  std::vector<double> price(costs.classes(), 0.0);
  for (std::size_t n = 0; n < costs.size(); ++n) {
    for (std::size_t k = 0; k < price.size(); ++k) price[k] += costs[n][k];
  }
  for (auto& entry : price) entry = entry > 0 ? 1 / entry : 1;

  Prices best{price, 0};
  double step = first_step;
  for (int round = 0; round < rounds; ++round, step *= next_step) {
    const auto outcome = outcome_of(costs, capacities, price);
    if (outcome.bound_s > best.end_s) best = {price, outcome.bound_s};
    if (outcome.bound_s <= 0) break;
    for (std::size_t k = 0; k < price.size(); ++k)
      price[k] *= std::exp(
          step * std::clamp(std::log(outcome.end_s[k] / outcome.bound_s + 1e-9), -2.0, 2.0));
  }
  return best;
}

std::vector<std::size_t> assign_classes(const CostTable& costs, const Prices& prices,
                                        std::span<const ClassCapacity> capacities) {
  const auto classes = costs.classes();
  const auto value = [&](std::size_t n, std::size_t k) { return costs[n][k] * prices.price[k]; };
  // How much dearer the second choice is than the first.
  std::vector<double> stake(costs.size());
  for (std::size_t n = 0; n < costs.size(); ++n) {
    const auto first = cheapest(costs[n], prices.price);
    double second = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < classes; ++k) {
      if (k != first) second = std::min(second, value(n, k));
    }
    stake[n] = second / value(n, first);
  }
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t n) { return stake[n]; });

  std::vector<double> load(classes);
  for (std::size_t k = 0; k < classes; ++k) load[k] = capacities[k].busy_s;
  std::vector<std::size_t> chosen(costs.size());
  for (const auto n : order) {
    const auto end_s = [&](std::size_t k) { return (load[k] + costs[n][k]) / capacities[k].speed; };
    const auto better = [&](std::size_t k, std::size_t than) {
      const bool in_time = end_s(k) <= prices.end_s;
      if (in_time != (end_s(than) <= prices.end_s)) return in_time;
      return in_time ? value(n, k) < value(n, than) : end_s(k) < end_s(than);
    };
    std::size_t best = 0;
    for (std::size_t k = 1; k < classes; ++k) {
      if (better(k, best)) best = k;
    }
    load[best] += costs[n][best];
    chosen[n] = best;
  }
  return chosen;
}

}  // namespace pecia::plan
