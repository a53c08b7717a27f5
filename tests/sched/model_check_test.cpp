// All that can happen, in small cases: an exhaustive search over the real schedulers of 2 or 3
// ranks.
//
// The model. Each rank is a Scheduler, an engine and a journal. In a state, any of these may come
// next: the oldest message of any pair of ranks arrives; a page in an engine finishes; what was
// read is committed; and, a bounded number of times each, at any moment: a rank stops for ever, a
// rank that had stopped goes on, a drain is asked of a rank, an engine is lost, and a second passes
// while engines read (a page that lags) or while messages are under way (a slow network, which
// makes live ranks suspect). Otherwise a second passes when nothing else can happen. After each
// event its rank does all that its owner would do at once.
//
// The search. Depth first over states, each visited once: two states are one if all schedulers,
// engines, journals, messages under way and budgets are the same (64-bit hashes of all of it; times
// relative to now). It is exhaustive within the budgets. Costs are equal and reading times not
// reported, so that speeds stay unknown: the search is of the protocol, not of how well it shares.
//
// What is checked. In every state: no page is counted as done that has no record; without mishaps
// and copies each page that is not committed is in exactly one hand (a queue, an engine, a grant
// under way); a page that is read alone is never in flight beside another; nobody closes or finishes twice or too early; the safety net of rank 0 is never
// needed. At the end: all is done unless drained or failed, the status is right, abort if and only
// if a rank is dead. From every state an orderly world leads to the end (of other fair orders that
// is not shown).
//
// Bounds. 1 to 4 pages on 2 ranks, 1 or 2 on 3; budgets as in the cases below. 2.1 million states
// in all, printed by case; sanitizers leave out the large ones. Out of reach: three ranks
// of which one dies while engines load (more than 3 million states); that is left to
// simulation_test.cpp.
#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <unordered_map>
#include <unordered_set>

#include "sched/model_world.hpp"

namespace pecia {
namespace model_check_test {

using test::Budget;
using test::Event;
using test::pages;
using test::share_of;
using test::World;

constexpr std::size_t most_states = 3'000'000;

class Search {
 public:
  void explore(World start) {
    enter(std::move(start));
    while (!stack_.empty() && problem_.empty()) {
      auto& top = stack_.back();
      if (top.next == top.events.size()) {
        stack_.pop_back();
        continue;
      }
      const auto first = top.next == 0;
      auto world = top.world;
      world.apply(top.events[top.next++]);
      if (!world.problem().empty()) return complain(world.problem());
      const auto from = top.hash;
      const auto to = enter(std::move(world));
      if (first) orderly_[from] = to;
      if (orderly_.size() > most_states)
        return complain("too many states: the search is not exhaustive");
    }
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::size_t states() const { return orderly_.size(); }

  /// States from which an orderly world does not come to the end.
  [[nodiscard]] std::size_t endless() const {
    std::unordered_set<std::uint64_t> good{end_};
    std::size_t endless = 0;
    for (const auto& [state, next] : orderly_) {
      std::vector<std::uint64_t> path{state};
      std::unordered_set<std::uint64_t> on_path{state};
      while (!good.contains(path.back())) {
        path.push_back(orderly_.at(path.back()));
        if (!good.contains(path.back()) && !on_path.insert(path.back()).second) {
          ++endless;
          path.clear();
          break;
        }
      }
      good.insert(path.begin(), path.end());
    }
    return endless;
  }

 private:
  static constexpr std::uint64_t end_ = 0;
  struct Visit {
    World world;
    std::uint64_t hash;
    std::vector<Event> events;
    std::size_t next = 0;
  };

  std::uint64_t enter(World world) {
    if (world.ended()) return end_;
    const auto hash = world.fingerprint();
    if (!orderly_.try_emplace(hash, end_).second) return hash;
    auto events = world.events();
    if (events.empty()) complain("nothing can happen any more");
    stack_.push_back({std::move(world), hash, std::move(events)});
    return hash;
  }

  /// With all that had happened.
  void complain(const std::string& what) {
    problem_ = what;
    for (const auto& visit : stack_) {
      if (visit.next == 0) continue;
      const auto& event = visit.events[visit.next - 1];
      problem_ += "\n  " + name(event.kind) + " " + std::to_string(event.rank) + " " +
                  std::to_string(event.other);
      if (event.kind == Event::Kind::deliver)
        problem_ += " kind " + std::to_string(visit.world.next_kind(event.other, event.rank));
    }
  }

  static std::string name(Event::Kind kind) {
    constexpr std::array names{"deliver", "ready", "finish", "commit", "tick",       "lag",
                               "hurry",   "die",   "resume", "drain",  "lose engine"};
    return names.at(static_cast<std::size_t>(kind));
  }

  std::vector<Visit> stack_;
  std::unordered_map<std::uint64_t, std::uint64_t>
      orderly_;  ///< for every state the one that follows in an orderly world
  std::string problem_;
};

sched::Settings settings() {
  sched::Settings settings;
  settings.heartbeat_s = 1;
  settings.suspect_s = 2;
  settings.silence_s = 4;
  settings.drain_grace_s = 2;
  settings.prefetch = 1;
  settings.calibrate = false;
  settings.short_first = false;
  return settings;
}

/// `counts`: pages of each rank; of them the last `alone` are read alone. A rank that has a class gets pages of it.
void check_all(std::initializer_list<std::uint32_t> counts, const Budget& budget, std::uint32_t alone = 0,
               std::vector<sched::EngineClass> class_by_rank = {}) {
  auto like = settings();
  like.class_by_rank = std::move(class_by_rank);
  std::vector<plan::Share> shares;
  std::uint32_t index = 0;
  for (const auto count : counts) {
    auto tasks = pages(static_cast<std::uint32_t>(shares.size()), count, index);
    for (std::uint32_t n = 0; n < std::min(alone, count); ++n) tasks[count - 1 - n].alone = true;
    for (auto& task : tasks)
      task.engine_class = static_cast<std::uint8_t>(class_of(like, static_cast<int>(shares.size())));
    shares.push_back(share_of(std::move(tasks)));
    index += count;
  }
  Search search;
  search.explore(World{shares, like, budget});
  EXPECT_EQ(search.problem(), "");
  EXPECT_EQ(search.problem().empty() ? search.endless() : 0, 0U);
  ::testing::Test::RecordProperty("states", std::to_string(search.states()));
  std::cout << "  " << search.states() << " states\n";
}

/// More than sanitizers can do in a minute.
#ifdef PECIA_SANITIZED
constexpr bool only_small = true;
#else
constexpr bool only_small = false;
#endif

TEST(ModelCheck, WithoutMishaps) {
  check_all({0, 2}, {});
  check_all({3, 0}, {});
  check_all({2, 2}, {});
  check_all({2, 0}, {.loading = true});
  if (!only_small) check_all({0, 1, 1}, {});
}

TEST(ModelCheck, APageThatLagsIsCopied) { check_all({1, 1}, {.lags = 3}); }

TEST(ModelCheck, ARankDiesAtAnyMoment) {
  check_all({1, 1}, {.deaths = 1});
  check_all({0, 2}, {.deaths = 1, .lags = 2});
  check_all({2, 0}, {.deaths = 1, .loading = true});
}

TEST(ModelCheck, OneOfThreeRanksDiesWhilePagesAreStolenOn) { check_all({0, 1, 0}, {.deaths = 1}); }

TEST(ModelCheck, ARankStopsAndGoesOn) {
  check_all({0, 1}, {.deaths = 1, .resumes = 1});
  if (!only_small) check_all({0, 2}, {.deaths = 1, .resumes = 1});
  if (!only_small) check_all({2, 0}, {.deaths = 1, .resumes = 1, .loading = true});
}

TEST(ModelCheck, ADrainAtAnyMoment) {
  check_all({1, 1}, {.drains = 1});
  check_all({0, 3}, {.deaths = 1, .drains = 1});
  if (!only_small) check_all({0, 2}, {.deaths = 1, .resumes = 1, .drains = 1});
}

TEST(ModelCheck, EnginesAreLost) {
  check_all({1, 1}, {.engines_lost = 2});
  if (!only_small) check_all({1, 1}, {.engines_lost = 2, .lags = 2});
  if (!only_small) check_all({0, 1, 0}, {.deaths = 1, .engines_lost = 1});
}

TEST(ModelCheck, PagesThatAreReadAloneNeverShareTheirRank) {
  check_all({2, 0}, {}, 1);
  check_all({0, 3}, {}, 3);
  check_all({1, 2}, {.lags = 2}, 1);
  check_all({0, 2}, {.deaths = 1}, 1);
  check_all({0, 2}, {.drains = 1}, 2);
  check_all({0, 2}, {.engines_lost = 1}, 1);
  if (!only_small) check_all({2, 1}, {.deaths = 1, .drains = 1}, 1);
  if (!only_small) check_all({0, 2}, {.deaths = 1, .resumes = 1}, 1);
  if (!only_small) check_all({0, 1}, {.hurries = 2}, 1);
}

TEST(ModelCheck, ARankOfTheFallbackReadsWhatTheEngineGivesUp) {
  using enum sched::EngineClass;
  check_all({1, 0}, {.given_up = 1}, 0, {engine, fallback});
  check_all({0, 1}, {.given_up = 1}, 0, {fallback, engine});
  check_all({2, 1}, {.given_up = 1}, 0, {engine, fallback});
  check_all({1, 0}, {.drains = 1, .given_up = 1}, 0, {engine, fallback});
  check_all({1, 0}, {.deaths = 1, .given_up = 1}, 0, {engine, fallback});
  check_all({0, 1}, {.deaths = 1, .given_up = 1}, 0, {fallback, engine});
  check_all({1, 0}, {.engines_lost = 1, .given_up = 1}, 0, {engine, fallback});
  check_all({1, 0}, {.lags = 2, .given_up = 1, .loading = true}, 0, {engine, fallback});
  check_all({1, 0}, {.given_up = 1}, 1, {engine, fallback});
  if (!only_small) check_all({1, 0}, {.deaths = 1, .resumes = 1, .given_up = 1}, 0, {engine, fallback});
  if (!only_small) check_all({0, 1, 0}, {.given_up = 2}, 0, {engine, engine, fallback});
  if (!only_small) check_all({0, 1, 0}, {.deaths = 1, .given_up = 2}, 0, {engine, engine, fallback});
}

TEST(ModelCheck, ASlowNetworkMakesLiveRanksSuspect) {
  check_all({0, 1}, {.hurries = 2});
  if (!only_small) check_all({0, 1}, {.hurries = 3});
}

}  // namespace model_check_test
}  // namespace pecia
