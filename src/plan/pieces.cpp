#include "pieces.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace pecia::plan {
namespace {

/// How large the next piece of a document is to be.
class PieceSize {
 public:
  PieceSize(double total_s, double limit_s, double fair_s)
      : total_s_{total_s}, limit_s_{limit_s}, many_ranks_{total_s > fair_s} {}

  /// A document that many ranks share anyway ends in ever smaller pieces, which fill the ranks
  /// evenly: equal ones would leave some rank with five where the others have four.
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

/// What is never cut: a page, or a chapter.
struct Atom {
  std::uint32_t pages = 0;
  double cost_s = 0;
};

std::vector<Atom> pages_of(std::span<const double> page_cost_s) {
  std::vector<Atom> atoms;
  atoms.reserve(page_cost_s.size());
  for (const auto cost : page_cost_s) atoms.push_back({1, cost});
  return atoms;
}

std::vector<Atom> chapters_of(const Piece& document, std::span<const double> page_cost_s) {
  std::vector<Atom> atoms;
  std::size_t at = 0;
  for_each_page(document, [&](const PageRun& run, std::size_t page) {
    const auto number = run.first_page + static_cast<std::uint32_t>(page);
    if (atoms.empty() || std::ranges::binary_search(run.chapters, number)) atoms.emplace_back();
    ++atoms.back().pages;
    atoms.back().cost_s += page_cost_s[at++];
  });
  return atoms;
}

std::vector<Atom> atoms_of(const Piece& document, std::span<const double> page_cost_s,
                           double total_s, const Cutting& cutting) {
  const std::vector<Atom> whole{{document.count, total_s}};
  if (cutting.split == Split::document || total_s <= cutting.limit_s) return whole;
  if (cutting.split == Split::page) return pages_of(page_cost_s);
  auto chapters = chapters_of(document, page_cost_s);
  if (cutting.split == Split::chapter) {
    if (chapters.size() > 1) return chapters;
    return total_s > cutting.fair_s ? pages_of(page_cost_s) : whole;
  }
  // Larger ones could not fill the ranks evenly.
  const bool fit = std::ranges::max(chapters, {}, &Atom::cost_s).cost_s <= cutting.limit_s / 2;
  return fit ? chapters : pages_of(page_cost_s);
}

}  // namespace

Level level_of(std::span<const PageRun> runs, corpus::Priority priority) {
  Level level;
  for (const auto& run : runs) {
    if (run.priority == priority && !run.cost_s.empty()) level.push_back(&run);
  }
  std::ranges::stable_sort(level, {}, [](const PageRun* run) {
    return std::pair{run->document, run->first_page};
  });
  return level;
}

std::vector<Piece> documents_of(const Level& level) {
  std::vector<Piece> documents;
  for (const auto& run : level) {
    if (documents.empty() || (*documents.back().run)->document != run->document)
      documents.push_back({&run, 0, 0, 0});
    documents.back().count += static_cast<std::uint32_t>(run->cost_s.size());
  }
  return documents;
}

bool before(const Piece& one, const Piece& other) {
  // Runs stand in order in their level; pieces of other levels are never compared.
  return std::tie(one.run, one.first) < std::tie(other.run, other.first);
}

void cut(const Piece& document, std::span<const double> page_cost_s, const Cutting& cutting,
         std::vector<Piece>& pieces) {
  double left_s = std::accumulate(page_cost_s.begin(), page_cost_s.end(), 0.0);
  const PieceSize size{left_s, cutting.limit_s, cutting.fair_s};
  double wanted_s = size.wanted_s(left_s);
  Piece piece{document.run, document.first, 0, 0};
  const auto finish = [&] {  // only where pages follow
    pieces.push_back(piece);
    piece.first += piece.count;
    for (; piece.first >= (*piece.run)->cost_s.size(); ++piece.run)
      piece.first -= static_cast<std::uint32_t>((*piece.run)->cost_s.size());
    left_s -= piece.cost_s;
    wanted_s = size.wanted_s(left_s);
    piece.count = 0;
    piece.cost_s = 0;
  };
  for (const auto& atom : atoms_of(document, page_cost_s, left_s, cutting)) {
    const bool full =
        piece.cost_s + atom.cost_s / 2 > wanted_s || piece.cost_s + atom.cost_s > cutting.limit_s;
    if (piece.count > 0 && full) finish();
    piece.count += atom.pages;
    piece.cost_s += atom.cost_s;
  }
  pieces.push_back(piece);
}

}  // namespace pecia::plan
