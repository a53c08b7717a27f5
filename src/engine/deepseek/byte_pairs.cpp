#include "byte_pairs.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>

namespace pecia::engine::deepseek {
namespace {

constexpr std::uint32_t no_link = 0xFFFFFFFF;

/// A symbol in a list that is linked both ways; merged into its left neighbour it has no symbol.
struct Link {
  std::int32_t symbol;
  std::uint32_t before, after;
};

struct Candidate {
  std::uint32_t rank, left, right;
  std::int32_t left_symbol, right_symbol;  ///< stale where these are not there any more
  std::int32_t merged;
  bool operator>(const Candidate& other) const noexcept {
    return std::tie(rank, left) > std::tie(other.rank, other.left);
  }
};

}  // namespace

void BytePairs::merge(std::vector<std::int32_t>& symbols) const {
  std::vector<Link> links(symbols.size());
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::uint32_t left, std::uint32_t right) {
    if (left == no_link || right == no_link) return;
    const auto a = links[left].symbol, b = links[right].symbol;
    if (const auto* found = find(a, b)) queue.push({found->rank, left, right, a, b, found->merged});
  };
  const auto count = static_cast<std::uint32_t>(symbols.size());
  for (std::uint32_t n = 0; n < count; ++n)
    links[n] = {symbols[n], n == 0 ? no_link : n - 1, n + 1 == count ? no_link : n + 1};
  for (std::uint32_t n = 1; n < count; ++n) consider(n - 1, n);
  while (!queue.empty()) {
    const auto best = queue.top();
    queue.pop();
    auto &left = links[best.left], &right = links[best.right];
    if (left.symbol != best.left_symbol || right.symbol != best.right_symbol ||
        left.after != best.right)
      continue;
    left.symbol = best.merged;
    left.after = right.after;
    right.symbol = -1;
    if (left.after != no_link) links[left.after].before = best.left;
    consider(left.before, best.left);
    consider(best.left, left.after);
  }
  symbols.clear();
  for (std::uint32_t n = count == 0 ? no_link : 0; n != no_link; n = links[n].after)
    symbols.push_back(links[n].symbol);
}

}  // namespace pecia::engine::deepseek
