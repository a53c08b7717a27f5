#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "pecia/plan/partition.hpp"
#include "pecia/sched/simulation.hpp"

namespace pecia::test {

/// Sanitizers are some twenty times slower, and find what they find in any case: fewer there.
#ifdef PECIA_SANITIZED
constexpr std::uint32_t fewer = 36;
#else
constexpr std::uint32_t fewer = 1;
#endif

/// Pages, what they take, how they were shared out, and what the ranks are like.
struct Case {
  std::vector<plan::Share> shares;
  std::vector<float> seconds;  ///< by Task::index
  sched::SimulationSettings settings;

  [[nodiscard]] sched::SimulationResult run(
      const std::function<void(const sched::TimelineEntry&)>& timeline = {}) const {
    return sched::simulate(shares, seconds, settings, timeline);
  }
};

/// A document of a corpus that a test makes up.
struct Document {
  std::vector<float> seconds;     ///< of its pages; 0: the page fails without being read
  std::vector<float> expected_s;  ///< as many
  corpus::Priority priority = corpus::Priority::normal;
};

/// As `pecia run` does: partition by expected cost, and the index of a page is its place in the
/// corpus.
inline Case planned(const std::vector<Document>& documents, std::vector<sched::SimulatedRank> ranks,
                    const plan::PartitionOptions& options = {}) {
  Case made;
  made.settings.ranks = std::move(ranks);
  std::vector<plan::PageRun> runs;
  std::vector<std::uint32_t> first_index;
  for (const auto& document : documents) {
    first_index.push_back(static_cast<std::uint32_t>(made.seconds.size()));
    plan::PageRun run;
    run.document = static_cast<std::uint32_t>(first_index.size() - 1);
    run.cost_s = document.expected_s;
    run.priority = document.priority;
    if (!run.cost_s.empty()) runs.push_back(std::move(run));
    made.seconds.insert(made.seconds.end(), document.seconds.begin(), document.seconds.end());
  }
  const std::vector<plan::RankSpec> specs(made.settings.ranks.size());
  made.shares = plan::partition(runs, specs, options);
  for (auto& share : made.shares) {
    for (auto& task : share.tasks) task.index = first_index[task.page.document] + task.page.page;
  }
  return made;
}

/// `documents` of `pages` pages that all take `seconds`, as expected.
inline std::vector<Document> equal_documents(std::size_t documents, std::size_t pages,
                                             float seconds) {
  const std::vector<float> each(pages, seconds);
  return std::vector<Document>(documents, Document{each, each});
}

inline std::vector<sched::SimulatedRank> equal_ranks(std::size_t ranks) {
  return std::vector<sched::SimulatedRank>(ranks);
}

/// Random numbers of which a test case is made.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_{seed} {}
  double between(double low, double high) {
    return std::uniform_real_distribution{low, high}(random_);
  }
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>{0, end - 1}(random_);
  }
  bool once_in(std::size_t times) { return below(times) == 0; }
  double lognormal(double median, double sigma) {
    return median * std::exp(std::normal_distribution{0.0, sigma}(random_));
  }

 private:
  std::mt19937 random_;
};

/// Documents whose pages resemble each other, with a few that loop and a few that fail at once.
inline std::vector<Document> random_documents(Dice& dice, std::size_t pages, bool levels) {
  std::vector<Document> documents;
  while (pages > 0) {
    Document document;
    const auto length =
        std::min(pages, dice.once_in(4) ? 1 : 1 + dice.below(dice.once_in(5) ? 120 : 25));
    const double dear = dice.lognormal(1, 0.6);
    const double wrong = dice.lognormal(1, 0.4);  // the plan errs by document
    for (std::size_t page = 0; page < length; ++page) {
      const double seconds =
          dice.once_in(20) ? 0 : dear * dice.lognormal(1, 0.3) * (dice.once_in(60) ? 8 : 1);
      document.seconds.push_back(static_cast<float>(seconds));
      document.expected_s.push_back(static_cast<float>(dear * wrong * dice.lognormal(1, 0.1)));
    }
    if (levels) document.priority = static_cast<corpus::Priority>(dice.below(3));
    pages -= length;
    documents.push_back(std::move(document));
  }
  return documents;
}

inline std::vector<sched::SimulatedRank> random_ranks(Dice& dice, std::size_t most) {
  std::vector<sched::SimulatedRank> ranks(1 + dice.below(most));
  for (auto& rank : ranks) {
    if (dice.once_in(2)) rank.speed = dice.between(0.25, 2);
    rank.ready_s = dice.once_in(8) ? dice.between(0, 60) : dice.between(0, 2);
    if (dice.once_in(12)) {
      rank.slows_s = dice.between(0, 60);
      rank.slow_speed = dice.between(0.1, 1);
    }
  }
  return ranks;
}

inline std::uint64_t pages_of(const Case& made) {
  std::uint64_t pages = 0;
  for (const auto& share : made.shares) pages += share.tasks.size();
  return pages;
}

/// Whether the safety net had to catch pages that the protocol lost.
inline bool lost_pages(const sched::SimulationResult& result) {
  return std::ranges::any_of(result.warnings, [](const std::string& warning) {
    return warning.find("nobody's hands") != std::string::npos;
  });
}

}  // namespace pecia::test
