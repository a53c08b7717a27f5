#include "pecia/plan/partition.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::plan {
namespace {

/// Pages [first, first + count) of `run`, by position in it.
struct Piece {
  const PageRun* run = nullptr;
  std::size_t first = 0, count = 0;
  double cost_s = 0;
};

/// How large the next piece of a run is to be.
class PieceSize {
 public:
  PieceSize(double total_s, double limit_s, double fair_s)
      : total_s_{total_s}, limit_s_{limit_s}, many_ranks_{total_s > fair_s} {}

  /// A run that many ranks share anyway ends in ever smaller pieces, which fill the ranks evenly:
  /// equal ones would leave some rank with five where the others have four.
  [[nodiscard]] double wanted_s(double left_s) const {
    if (!many_ranks_) return total_s_ / std::max(1.0, std::ceil(total_s_ / limit_s_));
    double size_s = limit_s_;
    for (double part_s = total_s_ / 2; left_s <= part_s && size_s > limit_s_ / 8; part_s /= 2)
      size_s /= 2;
    return size_s;
  }

 private:
  double total_s_, limit_s_;
  bool many_ranks_;
};

/// Cuts a run that costs more than `limit_s` into pieces below that, or of a single page.
void cut(const PageRun& run, double limit_s, double fair_s, std::vector<Piece>& pieces) {
  double left_s = std::accumulate(run.cost_s.begin(), run.cost_s.end(), 0.0);
  if (left_s <= limit_s) {
    if (!run.cost_s.empty()) pieces.push_back({&run, 0, run.cost_s.size(), left_s});
    return;
  }
  const PieceSize size{left_s, limit_s, fair_s};
  double wanted_s = size.wanted_s(left_s);
  Piece piece{&run, 0, 0, 0};
  for (std::size_t n = 0; n < run.cost_s.size(); ++n) {
    const auto cost = static_cast<double>(run.cost_s[n]);
    const bool full = piece.cost_s + cost / 2 > wanted_s || piece.cost_s + cost > limit_s;
    if (piece.count > 0 && full) {
      pieces.push_back(piece);
      left_s -= piece.cost_s;
      wanted_s = size.wanted_s(left_s);
      piece = {&run, n, 0, 0};
    }
    ++piece.count;
    piece.cost_s += cost;
  }
  pieces.push_back(piece);
}

bool before(const Piece& one, const Piece& other) {
  return one.run->document != other.run->document
             ? one.run->document < other.run->document
             : one.run->first_page + one.first < other.run->first_page + other.first;
}

/// Pieces of one document in page order; the documents with the most to do first.
Share share_of(std::vector<Piece> pieces) {
  std::ranges::sort(pieces, before);
  struct Group {
    std::size_t begin, end;
    double cost_s;
  };
  std::vector<Group> groups;
  for (std::size_t n = 0; n < pieces.size(); ++n) {
    if (groups.empty() || pieces[n].run->document != pieces[groups.back().begin].run->document)
      groups.push_back({n, n, 0});
    groups.back().end = n + 1;
    groups.back().cost_s += pieces[n].cost_s;
  }
  std::ranges::stable_sort(groups, std::greater{}, &Group::cost_s);
  Share share;
  for (const auto& group : groups) {
    share.cost_s += group.cost_s;
    for (std::size_t n = group.begin; n < group.end; ++n) {
      const auto& piece = pieces[n];
      for (std::size_t page = piece.first; page < piece.first + piece.count; ++page)
        share.tasks.push_back(
            {{piece.run->document, piece.run->first_page + static_cast<std::uint32_t>(page)},
             piece.run->cost_s[page],
             0});
    }
  }
  return share;
}

/// Who is busy for how long.
class Ranks {
 public:
  explicit Ranks(std::span<const double> speeds)
      : speeds_{speeds}, fastest_{std::ranges::max(speeds)} {
    for (std::size_t rank = 0; rank < speeds.size(); ++rank) by_end_.emplace(0.0, rank);
  }

  /// Gives a piece to the rank that ends it first, which is not always the one that is free first:
  /// a slow rank could need longer for it than a busy fast one. With equal speeds the first look
  /// decides; with different ones the search ends where even the fastest rank would be later.
  std::size_t give(double cost_s) {
    auto best = by_end_.begin();
    double best_end_s = end_of(*best, cost_s);
    for (auto at = std::next(best);
         at != by_end_.end() && at->first + cost_s / fastest_ < best_end_s; ++at) {
      const double end_s = end_of(*at, cost_s);
      if (end_s < best_end_s) {
        best = at;
        best_end_s = end_s;
      }
    }
    const auto rank = best->second;
    by_end_.erase(best);
    by_end_.emplace(best_end_s, rank);
    return rank;
  }

 private:
  using Rank = std::pair<double, std::size_t>;
  [[nodiscard]] double end_of(const Rank& rank, double cost_s) const {
    return rank.first + cost_s / speeds_[rank.second];
  }

  std::span<const double> speeds_;
  double fastest_;
  std::set<Rank> by_end_;
};

}  // namespace

std::vector<Share> partition(std::span<const PageRun> runs, std::span<const double> speeds,
                             double max_run_share) {
  require(!speeds.empty() &&
              std::ranges::all_of(speeds,
                                  [](double speed) { return speed > 0 && std::isfinite(speed); }),
          "a partition needs ranks with speeds above 0");
  double total = 0;
  for (const auto& run : runs) total = std::accumulate(run.cost_s.begin(), run.cost_s.end(), total);
  const double fair_s = total / std::accumulate(speeds.begin(), speeds.end(), 0.0);
  const double limit_s = std::max(fair_s * max_run_share, 1e-9);
  std::vector<Piece> pieces;
  for (const auto& run : runs) cut(run, limit_s, fair_s, pieces);
  std::ranges::stable_sort(pieces, [](const Piece& one, const Piece& other) {
    return one.cost_s != other.cost_s ? one.cost_s > other.cost_s : before(one, other);
  });

  Ranks ranks{speeds};
  std::vector<std::vector<Piece>> given(speeds.size());
  for (const auto& piece : pieces) given[ranks.give(piece.cost_s)].push_back(piece);
  std::vector<Share> shares;
  for (auto& mine : given) shares.push_back(share_of(std::move(mine)));
  return shares;
}

double predicted_makespan_s(std::span<const Share> shares, std::span<const double> speeds) {
  double makespan = 0;
  for (std::size_t rank = 0; rank < shares.size(); ++rank)
    makespan = std::max(makespan, shares[rank].cost_s / speeds[rank]);
  return makespan;
}

}  // namespace pecia::plan
