#include "pecia/plan/partition.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>

#include "classes.hpp"
#include "pecia/base/error.hpp"
#include "pieces.hpp"
#include "strategies.hpp"

namespace pecia::plan {
namespace {

constexpr float least_cost_s = 0.001F;
constexpr float most_cost_s = 600;
constexpr int most_classes = 64;
constexpr double equal_speeds = 1.01;  ///< measured speeds are no more exact
/// A piece may yet go to a class that is so much dearer than its best one, and must be fit for
/// both.
constexpr double second_choice = 1.5;

/// Who is busy for how long. Ranks of a class with about the same speed are one group, and of a
/// group the one that is free first is looked at alone: thousands of ranks have few speeds.
class Ranks {
 public:
  Ranks(std::span<const RankSpec> specs, std::span<const std::size_t> healthy) : specs_{specs} {
    for (const auto rank : healthy) {
      const auto bucket = std::lround(std::log(specs[rank].speed) / std::log(equal_speeds));
      auto group = std::ranges::find_if(groups_, [&](const Group& at) {
        return at.engine_class == specs[rank].engine_class && at.bucket == bucket;
      });
      if (group == groups_.end())
        group = groups_.insert(group, {specs[rank].engine_class, bucket, {}});
      group->by_end.emplace(0.0, rank);
    }
  }

  /// Gives a piece to the rank of the class that ends it first, which is not always the one that is
  /// free first: a slow rank could need longer for it than a busy fast one.
  std::size_t give(double cost_s, int engine_class) {
    Group* best = nullptr;
    Busy best_end;
    for (auto& group : groups_) {
      if (group.engine_class != engine_class) continue;
      const auto [free_s, rank] = group.by_end.top();
      const Busy end{free_s + cost_s / specs_[rank].speed, rank};
      if (!best || end.first < best_end.first) {
        best = &group;
        best_end = end;
      }
    }
    best->by_end.pop();
    best->by_end.push(best_end);
    capacity(engine_class).busy_s += cost_s;
    return best_end.second;
  }

  [[nodiscard]] ClassCapacity& capacity(int engine_class) {
    const auto at = static_cast<std::size_t>(engine_class);
    if (capacities_.size() <= at) capacities_.resize(at + 1);
    return capacities_[at];
  }

 private:
  using Busy = std::pair<double, std::size_t>;
  struct Group {
    int engine_class;
    long bucket;
    std::priority_queue<Busy, std::vector<Busy>, std::greater<>> by_end;
  };

  std::span<const RankSpec> specs_;
  std::vector<Group> groups_;
  std::vector<ClassCapacity> capacities_;
};

/// Partitions levels one after the other.
class Partition {
 public:
  Partition(std::span<const RankSpec> specs, std::vector<std::size_t> healthy,
            const PartitionOptions& options)
      : specs_{specs},
        options_{options},
        healthy_{std::move(healthy)},
        ranks_{specs, healthy_},
        shares_(specs.size()) {
    for (const auto rank : healthy_) {
      const auto engine_class = specs[rank].engine_class;
      ranks_.capacity(engine_class).speed += specs[rank].speed;
      if (std::ranges::find(classes_, engine_class) == classes_.end())
        classes_.push_back(engine_class);
    }
    std::ranges::sort(classes_);
  }

  void add(const Level& level) {
    if (options_.strategy != Strategy::lpt)
      return deal(options_.strategy, level, specs_, healthy_, shares_);
    const auto documents = documents_of(level);
    const auto prices = prices_of(documents);
    const Cutting cutting{options_.split, std::max(prices.end_s * options_.max_run_share, 1e-9),
                          prices.end_s};
    std::vector<Piece> pieces;
    std::vector<double> page_cost_s;
    for (const auto& document : documents) {
      page_cost_s.clear();
      for_each_page(document, [&](const PageRun& run, std::size_t page) {
        page_cost_s.push_back(cost_for_cutting(run, page, prices));
      });
      cut(document, page_cost_s, cutting, pieces);
    }
    give(pieces);
  }

  std::vector<Share> take() { return std::move(shares_); }

 private:
  struct Placed {
    Piece piece;
    int engine_class;
  };

  /// As if no rank had anything to do yet. With one class `end_s` is a rank's fair share.
  Prices prices_of(std::span<const Piece> documents) {
    const auto costs = costs_of(documents);
    std::vector<ClassCapacity> capacities;
    for (const auto k : classes_) capacities.push_back({ranks_.capacity(k).speed, 0});
    if (classes_.size() > 1) return find_prices(costs, capacities);
    double total_s = 0;
    for (std::size_t n = 0; n < costs.size(); ++n) total_s += costs[n][0];
    return {{1.0}, total_s / capacities[0].speed};
  }

  [[nodiscard]] CostTable costs_of(std::span<const Piece> pieces) const {
    CostTable costs{classes_.size()};
    std::vector<double> row(classes_.size());
    for (const auto& piece : pieces) {
      std::ranges::fill(row, 0.0);
      for_each_page(piece, [&](const PageRun& run, std::size_t page) {
        for (std::size_t k = 0; k < row.size(); ++k) row[k] += cost_of(run, page, classes_[k]);
      });
      costs.add(row);
    }
    return costs;
  }

  /// The most that a page costs in any class that may get it.
  [[nodiscard]] double cost_for_cutting(const PageRun& run, std::size_t page,
                                        const Prices& prices) const {
    if (classes_.size() == 1) return cost_of(run, page, classes_[0]);
    double least = std::numeric_limits<double>::infinity(), most_s = 0;
    for (std::size_t k = 0; k < classes_.size(); ++k)
      least = std::min(least, cost_of(run, page, classes_[k]) * prices.price[k]);
    for (std::size_t k = 0; k < classes_.size(); ++k) {
      const double cost_s = cost_of(run, page, classes_[k]);
      if (cost_s * prices.price[k] <= least * second_choice) most_s = std::max(most_s, cost_s);
    }
    return most_s;
  }

  std::vector<Placed> classed(std::span<const Piece> pieces) {
    std::vector<Placed> placed;
    placed.reserve(pieces.size());
    for (const auto& piece : pieces) placed.push_back({piece, classes_[0]});
    if (classes_.size() == 1) return placed;
    const auto costs = costs_of(pieces);
    std::vector<ClassCapacity> capacities;
    for (const auto k : classes_) capacities.push_back(ranks_.capacity(k));
    const auto chosen = assign_classes(costs, find_prices(costs, capacities), capacities);
    for (std::size_t n = 0; n < placed.size(); ++n) {
      placed[n].engine_class = classes_[chosen[n]];
      placed[n].piece.cost_s = costs[n][chosen[n]];
    }
    return placed;
  }

  void give(std::span<const Piece> pieces) {
    auto placed = classed(pieces);
    std::ranges::sort(placed, [](const Placed& one, const Placed& other) {
      return one.piece.cost_s != other.piece.cost_s ? one.piece.cost_s > other.piece.cost_s
                                                    : before(one.piece, other.piece);
    });
    std::vector<std::vector<Piece>> given(specs_.size());
    for (const auto& [piece, engine_class] : placed)
      given[ranks_.give(piece.cost_s, engine_class)].push_back(piece);
    for (const auto rank : healthy_)
      append(std::move(given[rank]), specs_[rank].engine_class, shares_[rank]);
  }

  /// In the order that `partition` promises.
  static void append(std::vector<Piece> pieces, int engine_class, Share& share) {
    std::ranges::sort(pieces, before);
    struct Group {
      std::size_t begin, end;
      double cost_s;
      std::uint32_t pages;
      [[nodiscard]] double mean_s() const { return cost_s / pages; }
    };
    std::vector<Group> groups;
    std::size_t pages = share.tasks.size();
    for (std::size_t n = 0; n < pieces.size(); ++n) {
      if (groups.empty() ||
          (*pieces[n].run)->document != (*pieces[groups.back().begin].run)->document)
        groups.push_back({n, n, 0, 0});
      groups.back().end = n + 1;
      groups.back().cost_s += pieces[n].cost_s;
      groups.back().pages += pieces[n].count;
      pages += pieces[n].count;
    }
    std::ranges::stable_sort(groups, std::greater{}, &Group::mean_s);
    share.tasks.reserve(pages);
    for (const auto& group : groups) {
      const auto begin = share.tasks.size();
      for (std::size_t n = group.begin; n < group.end; ++n) {
        for_each_page(pieces[n], [&](const PageRun& run, std::size_t page) {
          share.tasks.push_back(task_of(run, page, engine_class));
        });
      }
      std::ranges::sort(share.tasks.begin() + static_cast<std::ptrdiff_t>(begin), share.tasks.end(),
                        [](const Task& one, const Task& other) {
                          return one.cost_s != other.cost_s ? one.cost_s > other.cost_s
                                                            : one.page < other.page;
                        });
      share.cost_s += group.cost_s;
    }
  }

  std::span<const RankSpec> specs_;
  PartitionOptions options_;
  std::vector<std::size_t> healthy_;
  Ranks ranks_;
  std::vector<int> classes_;  ///< that have ranks
  std::vector<Share> shares_;
};

void check(std::span<const PageRun> runs, std::span<const RankSpec> ranks) {
  std::vector<std::size_t> more_classes;
  for (const auto& rank : ranks) {
    require(rank.speed > 0 && std::isfinite(rank.speed),
            "a partition needs ranks with speeds above 0");
    require(rank.engine_class >= 0 && rank.engine_class < most_classes,
            "there is no such engine class");
    if (rank.healthy && rank.engine_class > 0)
      more_classes.push_back(static_cast<std::size_t>(rank.engine_class));
  }
  std::ranges::sort(more_classes);
  more_classes.erase(std::unique(more_classes.begin(), more_classes.end()), more_classes.end());
  for (const auto& run : runs) {
    for (const auto k : more_classes)
      require(run.more_cost_s.size() >= k && run.more_cost_s[k - 1].size() == run.cost_s.size(),
              "pages lack costs for the engine of a rank");
  }
}

}  // namespace

float sane_cost_s(float cost_s) noexcept {
  if (!(cost_s > least_cost_s)) return least_cost_s;  // NaN, too
  return std::min(cost_s, most_cost_s);
}

std::vector<Share> partition(std::span<const PageRun> runs, std::span<const RankSpec> ranks,
                             const PartitionOptions& options) {
  check(runs, ranks);
  std::vector<std::size_t> healthy;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].healthy) healthy.push_back(rank);
  }
  require(!healthy.empty(), "there is no healthy rank to give pages to");
  Partition partition{ranks, std::move(healthy), options};
  for (std::size_t n = 0; n < corpus::priorities; ++n) {
    const auto level = level_of(runs, static_cast<corpus::Priority>(n));
    if (!level.empty()) partition.add(level);
  }
  return partition.take();
}

double predicted_makespan_s(std::span<const Share> shares, std::span<const RankSpec> ranks) {
  double makespan = 0;
  for (std::size_t rank = 0; rank < shares.size(); ++rank)
    makespan = std::max(makespan, shares[rank].cost_s / ranks[rank].speed);
  return makespan;
}

}  // namespace pecia::plan
