#include "pecia/corpus/sampling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pecia::corpus {
namespace sampling_test {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<PageEvidence> pages_with(const std::vector<float>& transitions) {
  std::vector<PageEvidence> pages;
  for (const auto value : transitions) {
    PageEvidence page{2480, 3508, Coding::g4, 50'000, 0};
    page.transitions = value;
    pages.push_back(page);
  }
  return pages;
}

Asked measured(const std::vector<PageEvidence>& pages) {
  Asked asked;
  for (const auto& page : pages) asked.push_back(page.transitions >= 0);
  return asked;
}

double uncertainty_of(const std::vector<float>& transitions) {
  const auto pages = pages_with(transitions);
  return uncertainty_s(pages, measured(pages));
}

TEST(Sample, BeginsWithAFewPagesSpreadOverTheDocument) {
  EXPECT_THAT(next_sample(Asked(1)), ElementsAre(1));
  EXPECT_THAT(next_sample(Asked(2)), ElementsAre(1, 2));
  EXPECT_THAT(next_sample(Asked(3)), ElementsAre(1, 2, 3));
  EXPECT_THAT(next_sample(Asked(12)), ElementsAre(3, 7, 11));
  EXPECT_THAT(next_sample(Asked(1000)), ElementsAre(101, 301, 501, 701, 901));
  EXPECT_THAT(next_sample(Asked{}), IsEmpty());
}

TEST(Sample, GoesOnInTheMiddleOfEachGap) {
  Asked asked(12);
  asked[2] = asked[6] = asked[10] = true;
  EXPECT_THAT(next_sample(asked), ElementsAre(2, 5, 9, 12));
}

TEST(Sample, AsksForEveryPageOnceAndForNoneAfterThat) {
  for (std::size_t pages = 1; pages < 200; ++pages) {
    Asked asked(pages);
    int rounds = 0;
    for (auto sample = next_sample(asked); !sample.empty(); sample = next_sample(asked), ++rounds) {
      ASSERT_TRUE(std::ranges::is_sorted(sample));
      for (const auto page : sample) {
        ASSERT_GE(page, 1U);
        ASSERT_LE(page, pages);
        ASSERT_FALSE(asked[page - 1]) << page << " of " << pages;
        asked[page - 1] = true;
      }
    }
    EXPECT_EQ(std::ranges::count(asked, true), static_cast<std::ptrdiff_t>(pages));
    EXPECT_LE(rounds, 9) << "a document is opened anew for each";
  }
}

TEST(Uncertainty, IsGreaterWhereMeasuredPagesDisagree) {
  EXPECT_GT(uncertainty_of({10'000, 90'000, -1, -1}), uncertainty_of({50'000, 51'000, -1, -1}));
  EXPECT_GT(uncertainty_of({50'000, 50'000, -1, -1}), 0) << "a little even where they agree";
  EXPECT_GT(uncertainty_of({0, 0, -1}), 0);
}

TEST(Uncertainty, IsGreaterWhereMorePagesAreLeft) {
  EXPECT_GT(uncertainty_of({10'000, 90'000, -1, -1, -1, -1}), uncertainty_of({10'000, 90'000, -1}));
  EXPECT_GT(uncertainty_of({-1, -1, -1}), uncertainty_of({-1, -1}));
}

TEST(Uncertainty, IsNoneWhenAllPagesWereAskedFor) {
  EXPECT_EQ(uncertainty_of({10'000, 90'000}), 0);
  const auto failed = pages_with({-1, -1});
  EXPECT_EQ(uncertainty_s(failed, Asked{true, true}), 0) << "whether they could be measured or not";
}

TEST(WorthOfSampling, IsLessWhereAPageTakesLongToMeasure) {
  const std::vector<PageEvidence> scanned(4, {2480, 3508, Coding::g4, 50'000, 0});
  const std::vector<PageEvidence> drawn(4, {2480, 3508, Coding::drawn, 5'000, 300});
  EXPECT_GT(worth_of_sampling(scanned, Asked(4)), worth_of_sampling(drawn, Asked(4)));
  EXPECT_EQ(worth_of_sampling(scanned, Asked(4, true)), 0) << "nothing is left";
}

TEST(PageAtHand, IsOneOfAnImageThatIsDecodedFast) {
  EXPECT_TRUE(is_at_hand({1, 1, Coding::jpeg, 1, 0}));
  EXPECT_TRUE(is_at_hand({1, 1, Coding::g4, 1, 0}));
  EXPECT_FALSE(is_at_hand({1, 1, Coding::drawn, 1, 0}));
  EXPECT_FALSE(is_at_hand({1, 1, Coding::mixed, 1, 0}));
  EXPECT_FALSE(is_at_hand({1, 1, Coding::jpeg2000, 1, 0}));
}

}  // namespace sampling_test
}  // namespace pecia::corpus
