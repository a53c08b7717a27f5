#include "loops.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "ngram_guard.hpp"

namespace pecia::engine::deepseek {
namespace loops_test {

using Ids = std::vector<std::int32_t>;

constexpr std::int32_t td = 500, td_end = 501, tr = 502, tr_end = 503, newline = 10, dot = 11;

/// How many ids it takes; 0: none of `most` is one too many.
int noticed_after(const std::function<std::int32_t(int)>& id_at, int most) {
  LoopDetector loops{{td, td_end, tr, tr_end}};
  for (int i = 0; i < most; ++i)
    if (loops.push(id_at(i))) return i + 1;
  return 0;
}
int noticed_in(const Ids& ids) {
  return noticed_after([&](int i) { return ids[static_cast<std::size_t>(i)]; },
                       static_cast<int>(ids.size()));
}

/// Words of a text: some often, most seldom.
std::int32_t word(std::mt19937& random) {
  const auto x = random() % 1000;
  return x < 400 ? 100 + static_cast<std::int32_t>(x % 20)
                 : 1000 + static_cast<std::int32_t>(random() % 5000);
}

TEST(LoopDetector, notices_exact_periods) {
  for (const int period : {1, 2, 3, 7, 50, 71, 120, 390, 512}) {
    const auto after = noticed_after([&](int i) { return 1000 + i % period; }, 5000);
    EXPECT_GT(after, 0) << "period " << period;
    EXPECT_GT(after, LoopDetector::exact_content) << "period " << period;
    EXPECT_LE(after,
              std::max(LoopDetector::exact_content + period, LoopDetector::exact_periods * period))
        << "period " << period;
  }
}

TEST(LoopDetector, notices_a_loop_behind_a_text) {
  std::mt19937 random{1};
  Ids text;
  for (int i = 0; i < 3000; ++i) text.push_back(word(random));
  for (int i = 0; i < 600; ++i) text.push_back(1000 + i % 90);
  EXPECT_GT(noticed_in(text), 3200);
}

TEST(LoopDetector, notices_a_list_that_counts_on) {
  // "Item 17: the same words again and again" with a new number each time.
  const auto counter = [](int i) { return i % 14 == 1 ? 10'000 + i / 14 : 1000 + i % 14; };
  const auto after = noticed_after(counter, 3000);
  EXPECT_GT(after, 0);
  EXPECT_LE(after, 1200);
}

/// A model that would repeat `period` ids for ever, and takes another id where the guard bans one.
int noticed_under_guard(int period, bool shifts) {
  NgramGuard guard{20, 90, {td, td_end}};
  LoopDetector loops{{td, td_end, tr, tr_end}};
  int phase = 0;
  for (int i = 0; i < 8000; ++i) {
    auto id = 1000 + phase;
    const auto banned = guard.banned();
    if (std::find(banned.begin(), banned.end(), id) != banned.end()) {
      id = 2000 + i % 5;
      if (shifts) --phase;  // says it all the same, one id later
    }
    phase = (phase + 1 + period) % period;
    guard.push(id);
    if (loops.push(id)) return i + 1;
  }
  return 0;
}

TEST(LoopDetector, notices_loops_that_the_guard_makes_drift) {
  for (const int period : {1, 2, 5, 12, 30, 60})
    EXPECT_GT(noticed_under_guard(period, false), 0) << "period " << period;
  // Where each time another place of a long period is hit, there is too much that is new.
  for (const int period : {1, 2, 5, 12, 30})
    EXPECT_GT(noticed_under_guard(period, true), 0) << "period " << period << " shifted";
}

TEST(LoopDetector, leaves_text_alone) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random{seed};
    EXPECT_EQ(noticed_after([&](int) { return word(random); }, 8192), 0) << seed;
  }
}

TEST(LoopDetector, leaves_tables_and_rows_of_dots_alone) {
  std::mt19937 random{2};
  Ids dots;
  for (int line = 0; line < 40; ++line) {  // a table of contents
    for (int i = 0; i < 4; ++i) dots.push_back(word(random));
    dots.insert(dots.end(), 60, dot);
    dots.push_back(3000 + line);
    dots.push_back(newline);
  }
  EXPECT_EQ(noticed_in(dots), 0) << "dots";

  const auto table = [&](int rows, int columns, const std::function<Ids(int)>& cell) {
    Ids ids;
    for (int row = 0; row < rows; ++row) {
      ids.push_back(tr);
      for (int column = 0; column < columns; ++column) {
        ids.push_back(td);
        for (const auto id : cell(column)) ids.push_back(id);
        ids.push_back(td_end);
      }
      ids.push_back(tr_end);
    }
    return ids;
  };
  EXPECT_EQ(noticed_in(table(
                40, 8, [&](int) { return Ids{3000 + static_cast<std::int32_t>(random() % 900)}; })),
            0)
      << "numbers";
  EXPECT_EQ(noticed_in(table(60, 4,
                             [&](int column) {
                               return column == 0
                                          ? Ids{word(random), word(random)}
                                          : Ids{3000 + static_cast<std::int32_t>(random() % 3)};
                             })),
            0)
      << "names and marks";
  EXPECT_EQ(noticed_in(table(50, 10, [](int) { return Ids{}; })), 0) << "an empty form";
  EXPECT_GT(noticed_in(table(1, 2000, [](int) { return Ids{}; })), 0) << "cells without end";
}

}  // namespace loops_test
}  // namespace pecia::engine::deepseek
