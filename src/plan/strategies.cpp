#include "strategies.hpp"

#include <algorithm>
#include <array>

namespace pecia::plan {
namespace {

constexpr std::array<std::string_view, 4> split_names{"auto", "page", "chapter", "document"};
constexpr std::array<std::string_view, 4> strategy_names{"lpt", "block", "cyclic", "queue"};

/// Which of `ranks` gets page `page` of `pages`.
std::size_t receiver(Strategy strategy, std::size_t page, std::size_t pages, std::size_t ranks) {
  switch (strategy) {
    case Strategy::block:
      return page * ranks / pages;
    case Strategy::cyclic:
      return page % ranks;
    case Strategy::lpt:
    case Strategy::queue:
      break;
  }
  return 0;
}

}  // namespace

std::string_view name(Split split) noexcept { return split_names[static_cast<std::size_t>(split)]; }

std::string_view name(Strategy strategy) noexcept {
  return strategy_names[static_cast<std::size_t>(strategy)];
}

std::optional<Strategy> parse_strategy(std::string_view name) noexcept {
  const auto* found = std::ranges::find(strategy_names, name);
  if (found == strategy_names.end()) return std::nullopt;
  return static_cast<Strategy>(found - strategy_names.begin());
}

Task task_of(const PageRun& run, std::size_t position, int engine_class) {
  Task task;
  task.page = {run.document, run.first_page + static_cast<std::uint32_t>(position)};
  task.cost_s = static_cast<float>(cost_of(run, position, engine_class));
  task.priority = run.priority;
  return task;
}

void deal(Strategy strategy, const Level& level, std::span<const RankSpec> specs,
          std::span<const std::size_t> ranks, std::vector<Share>& shares) {
  std::size_t pages = 0, page = 0;
  for (const auto* run : level) pages += run->cost_s.size();
  for (const auto* run : level) {
    for (std::size_t n = 0; n < run->cost_s.size(); ++n, ++page) {
      const auto rank = ranks[receiver(strategy, page, pages, ranks.size())];
      auto& share = shares[rank];
      share.tasks.push_back(task_of(*run, n, specs[rank].engine_class));
      share.cost_s += static_cast<double>(share.tasks.back().cost_s);
    }
  }
}

}  // namespace pecia::plan
