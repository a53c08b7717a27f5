#include <gtest/gtest.h>

#include "merge/merge_scores.hpp"

namespace made_books_test {

using namespace pecia;

struct Asked {
  const char* kind;
  double precision, recall;
};

void expect(test::Scores& scores, std::initializer_list<Asked> all) {
  for (const auto& asked : all) {
    const auto& score = scores[asked.kind];
    EXPECT_GT(score.wanted, 0) << asked.kind;
    EXPECT_GE(score.precision(), asked.precision) << asked.kind;
    EXPECT_GE(score.recall(), asked.recall) << asked.kind;
  }
}

class MadeBooks : public testing::TestWithParam<bool> {};

TEST_P(MadeBooks, ArePutTogetherAsTheirTruthSays) {
  const auto held_out = GetParam();
  merge::MergeSettings settings;
  settings.dictionaries = {"/nonexistent"};  // the same on every machine
  test::Scores scores;

  const auto breaks = test::score_books(test::read_drawn_books(PECIA_TEST_DATA "/merge/made.txt"), held_out, scores, settings);

  EXPECT_GE(breaks, held_out ? 18 : 35);
  expect(scores, {{"hyphens", .95, .9},
                  {"paragraphs", .95, .9},
                  {"running heads", .9, .8},
                  {"page numbers", .9, .8},
                  {"catchwords", .9, .8},
                  {"signatures", .9, .8},
                  {"lines of verse", .9, .9},
                  {"characters explained", 1, 1}});
}

TEST_P(MadeBooks, AndThoseThatAnEngineReadAre) {
  const auto held_out = GetParam();
  merge::MergeSettings settings;
  settings.dictionaries = {"/nonexistent"};
  test::Scores scores;

  const auto breaks = test::score_books(test::read_drawn_books(PECIA_TEST_DATA "/merge/read.txt"), held_out, scores, settings);

  EXPECT_GE(breaks, held_out ? 23 : 40);
  expect(scores, {{"hyphens", .95, .9},
                  {"paragraphs", .95, .9},
                  {"running heads", .9, .8},
                  {"page numbers", .9, .8},
                  {"headings", .9, .8},
                  {"characters explained", 1, 1}});
}

INSTANTIATE_TEST_SUITE_P(Sets, MadeBooks, testing::Bool(), [](const auto& set) { return set.param ? "held_out" : "fitted"; });

}  // namespace made_books_test
