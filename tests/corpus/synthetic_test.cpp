#include "pecia/corpus/synthetic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "scratch.hpp"

namespace pecia::corpus {
namespace synthetic_test {

using testing::AllOf;
using testing::HasSubstr;

std::string refusal(std::string_view text) {
  return message_of<UsageError>([&] { (void)parse_synthetic(text); });
}

std::vector<double> all_seconds(const Trace& trace) {
  std::vector<double> seconds;
  for (const auto& document : trace.seconds)
    seconds.insert(seconds.end(), document.begin(), document.end());
  return seconds;
}

double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values.at(static_cast<std::size_t>(share * static_cast<double>(values.size() - 1)));
}

double variance(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(values.size());
  return squares / count - sum / count * sum / count;
}

/// The share of the variance of ln(seconds) that documents explain.
double variance_between_documents(const Trace& trace) {
  std::vector<double> all, means;
  for (const auto& document : trace.seconds) {
    double sum = 0;
    for (const float seconds : document) {
      all.push_back(std::log(static_cast<double>(seconds)));
      sum += all.back();
    }
    means.insert(means.end(), document.size(), sum / static_cast<double>(document.size()));
  }
  return variance(means) / variance(all);
}

TEST(Synthetic, SpecsNameTheirKeys) {
  const auto spec = parse_synthetic(
      "pages=1e6,loops=0.05,loop_factor=10,seed=7,error=.2,median_s=2,pages_per_document=9");
  EXPECT_EQ(spec.pages, 1'000'000U);
  EXPECT_EQ(spec.loops, 0.05);
  EXPECT_EQ(spec.loop_factor, 10);
  EXPECT_EQ(spec.seed, 7U);
  EXPECT_EQ(spec.error, 0.2);
  EXPECT_EQ(spec.median_s, 2);
  EXPECT_EQ(spec.pages_per_document, 9);
  EXPECT_EQ(parse_synthetic("").pages, SyntheticSpec{}.pages);
}

TEST(Synthetic, WhatIsWrongIsNamedWithWhatIsRight) {
  EXPECT_THAT(refusal("loop=1"), AllOf(HasSubstr("'loop'"), HasSubstr("loop_factor")));
  EXPECT_THAT(refusal("pages=1,,seed=1"), HasSubstr("unknown key ''"));
  for (const auto* text :
       {"pages", "pages=", "pages=many", "pages=-1", "pages=1e6x", "pages=nan", "pages=5e9"})
    EXPECT_THAT(refusal(text), AllOf(HasSubstr("pages"), HasSubstr("from 0 to"))) << text;
  EXPECT_THAT(refusal("loops=1.1"), HasSubstr("from 0 to 1"));
  EXPECT_THAT(refusal("median_s=0"), HasSubstr("median_s"));
}

TEST(Synthetic, TheSameSpecGivesTheSameTrace) {
  const SyntheticSpec spec{.pages = 500};
  EXPECT_EQ(trace_text(make_synthetic(spec)), trace_text(make_synthetic(spec)));
  EXPECT_NE(trace_text(make_synthetic(spec)),
            trace_text(make_synthetic({.pages = 500, .seed = 2})));
}

TEST(Synthetic, HasSoManyPagesInSortedDocuments) {
  for (const std::uint64_t pages : {0U, 1U, 41U, 5000U}) {
    const auto trace = make_synthetic({.pages = pages});
    EXPECT_EQ(all_seconds(trace).size(), pages);
    EXPECT_TRUE(std::ranges::is_sorted(trace.documents, {}, &Document::path));
    for (std::size_t n = 0; n < trace.documents.size(); ++n)
      EXPECT_EQ(trace.documents[n].pages.size(), trace.seconds[n].size());
  }
}

TEST(Synthetic, IsSpreadLikeHistoricalScans) {
  const auto trace = make_synthetic({.pages = 200'000, .loops = 0});
  const auto seconds = all_seconds(trace);
  EXPECT_NEAR(quantile(seconds, .5), 1.05, .1);
  EXPECT_NEAR(quantile(seconds, .95), 4.1, .6);
  EXPECT_NEAR(variance_between_documents(trace), .79, .04);
  EXPECT_NEAR(static_cast<double>(seconds.size()) / static_cast<double>(trace.documents.size()), 40,
              6);
}

TEST(Synthetic, LoopsAreAShareOfThePagesAndNotSeenBeforehand) {
  const auto without = make_synthetic({.pages = 50'000, .loops = 0});
  const auto with = make_synthetic({.pages = 50'000, .loops = .03, .loop_factor = 30});
  const auto plain = all_seconds(without), looping = all_seconds(with);
  std::size_t loops = 0;
  for (std::size_t n = 0; n < plain.size(); ++n) {
    if (looping[n] != plain[n]) {
      ++loops;
      EXPECT_NEAR(looping[n] / plain[n], 30, 1e-3);
    }
  }
  EXPECT_NEAR(static_cast<double>(loops) / 50'000, .03, .004);
  EXPECT_EQ(with.documents[0].pages[0].transitions, without.documents[0].pages[0].transitions);
}

/// Of the model as shipped, for all pages.
std::vector<double> estimates_of(const Trace& trace) {
  const CostModel model;
  std::vector<double> estimates;
  for (const auto& document : trace.documents) {
    const auto of_document = model.estimate_s("tesseract", document);
    estimates.insert(estimates.end(), of_document.begin(), of_document.end());
  }
  return estimates;
}

TEST(Synthetic, EstimatesAreAboutAsGoodAsOnRealPages) {
  const auto trace = make_synthetic({.pages = 20'000, .loops = 0});
  const auto seconds = all_seconds(trace), estimates = estimates_of(trace);
  const double correlation = rank_correlation(seconds, estimates);
  EXPECT_GT(correlation, .85);
  EXPECT_LT(correlation, .97);
  std::vector<double> ratios;
  for (std::size_t n = 0; n < seconds.size(); ++n) ratios.push_back(estimates[n] / seconds[n]);
  EXPECT_NEAR(quantile(ratios, .5), 1, .1);
}

TEST(Synthetic, WithoutErrorEstimatesAreExactUpToTheDearestPages) {
  const auto trace = make_synthetic({.pages = 20'000, .error = 0, .loops = 0});
  const auto seconds = all_seconds(trace), estimates = estimates_of(trace);
  for (std::size_t n = 0; n < seconds.size(); ++n) {
    if (seconds[n] < .1 || seconds[n] > 10) continue;
    ASSERT_NEAR(estimates[n] / seconds[n], 1, .1) << seconds[n];
  }
}

}  // namespace synthetic_test
}  // namespace pecia::corpus
