#include "ngram_guard.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

namespace pecia::engine::deepseek {
namespace ngram_guard_test {

using Ids = std::vector<std::int32_t>;

/// Section 7.2, word by word.
Ids naive(const Ids& g, int n, int window, const Ids& allow) {
  const auto length = static_cast<int>(g.size());
  std::set<std::int32_t> banned;
  if (n < 2 || length < n) return {};
  for (int i = std::max(0, length - window); i <= length - n; ++i)
    if (std::equal(g.begin() + i, g.begin() + i + n - 1, g.end() - (n - 1)))
      banned.insert(g[static_cast<std::size_t>(i + n - 1)]);
  for (const auto id : allow) banned.erase(id);
  return {banned.begin(), banned.end()};
}

TEST(NgramGuard, bans_what_the_example_of_the_specification_bans) {
  NgramGuard guard{3, 6, {}};
  for (const auto id : {5, 6, 7, 5, 6}) guard.push(id);
  EXPECT_EQ(guard.banned(), Ids{7});
}

TEST(NgramGuard, equals_the_naive_one_on_random_sequences) {
  std::mt19937 random{6};
  const auto below = [&](int limit) {
    return static_cast<int>(random() % static_cast<unsigned>(limit));
  };
  std::size_t bans = 0;
  for (int round = 0; round < 20'000; ++round) {
    const int n = 1 + below(6), window = below(30), ids = 1 + below(4);
    const Ids allow = below(2) == 0 ? Ids{} : Ids{below(4)};
    NgramGuard guard{n, window, allow};
    Ids said;
    for (int i = below(60); i > 0; --i) {
      said.push_back(below(ids));
      guard.push(said.back());
      const auto want = naive(said, n, window, allow);
      bans += want.size();
      ASSERT_EQ(guard.banned(), want)
          << "round " << round << ", n " << n << ", window " << window << ", " << i << " to go";
    }
  }
  EXPECT_GT(bans, 100'000U);  // or nothing was tried
}

TEST(NgramGuard, begins_anew_when_cleared) {
  NgramGuard guard{2, 10, {}};
  for (const auto id : {1, 2, 1}) guard.push(id);
  ASSERT_EQ(guard.banned(), Ids{2});
  guard.clear();
  guard.push(1);
  EXPECT_TRUE(guard.banned().empty());
}

class NgramGuardGolden : public testing::TestWithParam<const char*> {};

TEST_P(NgramGuardGolden, bans_what_the_reference_bans) {
  std::ifstream in{std::string{PECIA_TEST_DATA} + "/deepseek/golden/" + GetParam() + ".json"};
  const auto golden = nlohmann::json::parse(in);
  std::size_t bans = 0;
  for (const auto& [name, settings] : golden.at("guards").items()) {
    if (settings.is_null()) continue;
    for (const auto& one : golden.at("cases")) {
      const auto& greedy = one.at("greedy").at(name);
      NgramGuard guard{settings.at("n"), settings.at("window"),
                       settings.at("whitelist").get<Ids>()};
      std::size_t step = 0;
      for (const auto id : greedy.at("ids").get<Ids>()) {
        const auto& banned = greedy.at("banned");
        const auto key = std::to_string(step++);
        const auto want = banned.contains(key) ? banned.at(key).get<Ids>() : Ids{};
        EXPECT_EQ(guard.banned(), want) << one.at("case") << " " << name << " step " << key;
        bans += want.size();
        guard.push(id);
      }
    }
  }
  EXPECT_GT(bans, 0U);
}

INSTANTIATE_TEST_SUITE_P(Configurations, NgramGuardGolden, testing::Values("a", "b", "c"));

}  // namespace ngram_guard_test
}  // namespace pecia::engine::deepseek
