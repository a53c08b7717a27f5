#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pecia/plan/partition.hpp"

// Inside room plan: documents, and the pieces that they are cut into.
namespace pecia::plan {

/// The runs of one priority, sorted by document and page. Points into the runs it is made from.
using Level = std::vector<const PageRun*>;
[[nodiscard]] Level level_of(std::span<const PageRun> runs, corpus::Priority priority);

[[nodiscard]] inline double cost_of(const PageRun& run, std::size_t page, int engine_class) {
  return static_cast<double>(sane_cost_s(
      engine_class == 0 ? run.cost_s[page]
                        : run.more_cost_s[static_cast<std::size_t>(engine_class) - 1][page]));
}

/// `count` pages of one document: from position `first` of `*run` on, going on in the runs behind
/// it (those of a document stand together in a Level).
struct Piece {
  const PageRun* const* run = nullptr;
  std::uint32_t first = 0, count = 0;
  double cost_s = 0;
};

/// Calls `visit(run, position)` for each page of a piece, in order.
template <class Visit>
void for_each_page(const Piece& piece, Visit&& visit) {
  const auto* run = piece.run;
  std::size_t page = piece.first;
  for (std::uint32_t left = piece.count; left > 0; --left, ++page) {
    while (page == (*run)->cost_s.size()) {
      ++run;
      page = 0;
    }
    visit(**run, page);
  }
}

/// The documents of a level, each as one piece, without cost.
[[nodiscard]] std::vector<Piece> documents_of(const Level& level);

/// By document, then by page.
[[nodiscard]] bool before(const Piece& one, const Piece& other);

struct Cutting {
  Split split = Split::automatic;
  double limit_s = 0;  ///< more is too much for one rank
  double fair_s = 0;   ///< a rank's fair share
};

/// Cuts a document whose pages cost `page_cost_s` (one per page; `cost_s` of the pieces is set from
/// them) into pieces, which are added to `pieces`.
void cut(const Piece& document, std::span<const double> page_cost_s, const Cutting& cutting,
         std::vector<Piece>& pieces);

}  // namespace pecia::plan
