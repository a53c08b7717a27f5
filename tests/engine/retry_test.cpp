#include "pecia/engine/retry.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace pecia::engine {
namespace retry_test {

using result::Attempt;

Attempt failed(Reason reason, const std::string& by = "", Rung rung = Rung::normal) {
  Attempt attempt;
  attempt.engine = by;
  attempt.reason = reason;
  attempt.rung = rung;
  return attempt;
}

/// The rungs of all attempts at a page that fails for this reason whoever tries: "0012" ends on the
/// plain prompt.
std::string rungs_of(Reason reason, const std::string& by, RetryOf page, const RetryTable& table = {}) {
  std::string rungs;
  std::vector<Attempt> history;
  for (auto next = next_attempt(history, table, page); next.again; next = next_attempt(history, table, page)) {
    rungs += std::to_string(static_cast<int>(next.rung));
    history.push_back(failed(reason, by, next.rung));
    if (history.size() > 20) return rungs + " without end";
  }
  return rungs;
}

constexpr RetryOf alone_on_its_rank{}, with_fallback{true, false}, of_low_priority{false, true};

struct Expected {
  std::string page;      ///< attempts where no engine got the page
  std::string engine;    ///< where the engine failed on it
  std::string fallback;  ///< the same with a fallback
};

TEST(Retry, EveryReasonHasItsAttempts) {
  const Expected never{"0", "0", "0"};
  const std::map<Reason, Expected> expected{
      {Reason::not_a_document, never},
      {Reason::unreadable, never},
      {Reason::unsupported, never},
      {Reason::encrypted, never},
      {Reason::no_pages, never},
      {Reason::checksum_mismatch, never},
      {Reason::vanished, never},
      {Reason::too_large, never},
      {Reason::poison, never},
      {Reason::has_text, never},
      {Reason::needs_libreoffice, never},
      {Reason::portfolio, never},
      {Reason::xfa_form, never},
      {Reason::page_tree, never},
      {Reason::timeout, {"00", "00", "00"}},
      {Reason::child_crashed, {"00", "00", "00"}},
      {Reason::io_error, {"000000", "000000", "000000"}},
      {Reason::out_of_memory, {"000", "000", "000444"}},
      {Reason::engine_crashed, {"00", "00", "0044"}},
      {Reason::engine_lost, {"000", "000", "000444"}},
      {Reason::engine_timeout, {"00", "00", "0044"}},
      {Reason::engine_failed, {"0", "0", "04"}},
      {Reason::repetition, {"0123", "0123", "01234"}},
      {Reason::no_end, {"0123", "0123", "01234"}},
      {Reason::low_confidence, {"00", "00", "00"}},
  };
  for (const auto reason : all_reasons()) {
    if (!expected.contains(reason)) {  // of another kind of document, say
      EXPECT_EQ(rungs_of(reason, "", alone_on_its_rank), "0") << name(reason);
      continue;
    }
    EXPECT_EQ(rungs_of(reason, "", alone_on_its_rank), expected.at(reason).page) << name(reason);
    EXPECT_EQ(rungs_of(reason, "model", alone_on_its_rank), expected.at(reason).engine) << name(reason);
    EXPECT_EQ(rungs_of(reason, "model", with_fallback), expected.at(reason).fallback) << name(reason);
  }
}

TEST(Retry, WhatNoDecoderCouldRenderNeverGoesToTheFallback) {
  for (const auto reason : {Reason::unreadable, Reason::timeout, Reason::child_crashed,
                            Reason::out_of_memory, Reason::io_error})
    EXPECT_EQ(rungs_of(reason, "", with_fallback).find('4'), std::string::npos) << name(reason);
}

TEST(Retry, PagesOfLowPriorityHaveOneAttemptLessAndOneInAnyCase) {
  for (const auto reason : {Reason::timeout, Reason::child_crashed, Reason::engine_crashed, Reason::low_confidence,
                            Reason::unreadable})
    EXPECT_EQ(rungs_of(reason, "model", of_low_priority), "0") << name(reason);
  EXPECT_EQ(rungs_of(Reason::out_of_memory, "model", of_low_priority), "00");
  EXPECT_EQ(rungs_of(Reason::repetition, "model", of_low_priority), "012");
  EXPECT_EQ(rungs_of(Reason::engine_crashed, "model", {true, true}), "04") << "the fallback is not counted as one";
}

TEST(Retry, TheTableMayBeAnotherOne) {
  RetryTable table;
  for (auto& rule : table.rules) rule.attempts = rule.reason == Reason::unreadable ? 2 : 0;
  EXPECT_EQ(rungs_of(Reason::unreadable, "", alone_on_its_rank, table), "000");
  EXPECT_EQ(rungs_of(Reason::timeout, "", alone_on_its_rank, table), "0");
  EXPECT_EQ(rungs_of(Reason::repetition, "model", with_fallback, table), "04");
}

TEST(Retry, ATimeoutGetsTwiceTheTimeWhereItWasOne) {
  const auto decoding = next_attempt(std::vector{failed(Reason::timeout)});
  EXPECT_EQ(decoding.scale_limits, 2);
  EXPECT_EQ(decoding.time_scale, 1);
  const auto engine = next_attempt(std::vector{failed(Reason::engine_timeout, "model")});
  EXPECT_EQ(engine.scale_limits, 1);
  EXPECT_EQ(engine.time_scale, 2);
  const auto stays = next_attempt(std::vector{failed(Reason::timeout), failed(Reason::child_crashed)});
  EXPECT_TRUE(stays.again);
  EXPECT_EQ(stays.scale_limits, 2) << "what a page needed once it needs again";
}

TEST(Retry, LittleMemoryMakesPagesSmallerAndThenLeavesThemAlone) {
  std::vector history{failed(Reason::out_of_memory)};
  auto next = next_attempt(history);
  EXPECT_EQ(next.smaller, 1);
  EXPECT_FALSE(next.alone);
  EXPECT_EQ(next.scale_limits, 1);
  history.push_back(failed(Reason::out_of_memory));
  next = next_attempt(history);
  EXPECT_TRUE(next.again);
  EXPECT_EQ(next.smaller, 1);
  EXPECT_TRUE(next.alone);
  EXPECT_EQ(next.scale_limits, 2);
}

TEST(Retry, WhatADeviceHadTooLittleOfSaysNothingOfTheFallback) {
  const std::vector history(3, failed(Reason::out_of_memory, "model"));
  const auto next = next_attempt(history, {}, with_fallback);
  EXPECT_TRUE(next.fallback());
  EXPECT_EQ(next.smaller, 0);
  EXPECT_FALSE(next.alone);
}

TEST(Retry, StorageIsWaitedForTwiceAsLongEachTime) {
  std::vector<Attempt> history;
  std::vector<double> delays;
  for (auto next = next_attempt(history); next.again; next = next_attempt(history)) {
    delays.push_back(next.delay_s);
    history.push_back(failed(Reason::io_error));
  }
  EXPECT_EQ(delays, (std::vector<double>{0, 2, 4, 8, 16, 32}));
}

TEST(Retry, EveryReasonHasItsOwnCount) {
  const std::vector history{failed(Reason::engine_crashed, "model"), failed(Reason::child_crashed)};
  EXPECT_TRUE(next_attempt(history).again);
}

TEST(Retry, APageThatTookItsEngineAlongWithOthersAndThenAloneHasShownEnough) {
  std::vector history(2, failed(Reason::engine_lost, "model"));
  EXPECT_TRUE(next_attempt(history).again);
  history.push_back(failed(Reason::engine_crashed, "model"));
  EXPECT_FALSE(next_attempt(history).again);
  EXPECT_TRUE(next_attempt(history, {}, with_fallback).fallback());
}

TEST(Retry, AnotherFailureOnTheLadderStaysOnItsRung) {
  const std::vector history{failed(Reason::repetition, "model"),
                            failed(Reason::engine_crashed, "model", Rung::stronger_guard)};
  EXPECT_EQ(next_attempt(history).rung, Rung::stronger_guard);
  const std::vector both{failed(Reason::repetition, "model"),
                         failed(Reason::no_end, "model", Rung::stronger_guard)};
  EXPECT_EQ(next_attempt(both).rung, Rung::plain_prompt);
}

TEST(Retry, TheFallbackHasItsOwnTriesAndNoLadder) {
  std::vector<Attempt> history(2, failed(Reason::engine_crashed, "model"));
  EXPECT_FALSE(next_attempt(history).again);
  EXPECT_TRUE(next_attempt(history, {}, with_fallback).fallback());
  history.push_back(failed(Reason::engine_crashed, "tesseract", Rung::fallback));
  EXPECT_TRUE(next_attempt(history, {}, with_fallback).fallback());
  history.push_back(failed(Reason::repetition, "tesseract", Rung::fallback));
  EXPECT_FALSE(next_attempt(history, {}, with_fallback).again);
}

TEST(Retry, LimitsStayWithinWhatClocksCount) {
  RetryTable table;
  for (auto& rule : table.rules) {
    if (rule.reason != Reason::timeout && rule.reason != Reason::engine_timeout) continue;
    rule.attempts = 20;
    rule.times = 100;
  }
  std::vector<Attempt> history(15, failed(Reason::timeout, ""));
  history.insert(history.end(), 15, failed(Reason::engine_timeout, "tesseract"));
  const auto next = next_attempt(history, table);
  EXPECT_TRUE(next.again);
  EXPECT_EQ(next.scale_limits, 10'000);
  EXPECT_EQ(next.time_scale, 10'000);
}

TEST(Retry, OtherReadingsAreCounted) {
  RetryTable table;
  for (auto& rule : table.rules) {
    if (rule.reason == Reason::low_confidence) rule.attempts = 2;
  }
  std::vector history{failed(Reason::low_confidence, "tesseract")};
  EXPECT_EQ(next_attempt(history, table).reading, 1);
  history.push_back(failed(Reason::low_confidence, "tesseract"));
  EXPECT_EQ(next_attempt(history, table).reading, 2);
  history.push_back(failed(Reason::low_confidence, "tesseract"));
  EXPECT_FALSE(next_attempt(history, table).again);
}

TEST(ReadingBudget, AShortRunHasItsOtherReadingsOnCredit) {
  ReadingBudget budget{0.25};
  budget.count_first(1);
  for (int n = 0; n < 6; ++n) EXPECT_TRUE(budget.begin(2.5)) << n;
  EXPECT_FALSE(budget.begin(2.5)) << "a quarter of the least that is counted";
}

/// Of a long run, whose other readings take longer than was expected; every so many of them is the better one.
double share_of_others(double share, int one_of) {
  ReadingBudget budget{share};
  double other_s = 0;
  for (int page = 0, begun = 0; page < 10'000; ++page) {
    budget.count_first(10);
    if (!budget.begin(10)) continue;
    budget.end(10, 12);
    budget.judge(++begun % one_of == 0);
    other_s += 12;
  }
  return other_s / (other_s + 100'000);
}

TEST(ReadingBudget, ALongOneHasItsShareAndLessWhereOtherReadingsAreNoBetter) {
  constexpr int none = 1'000'000;
  EXPECT_NEAR(share_of_others(0.25, 1), 0.25, 0.001);
  EXPECT_NEAR(share_of_others(0.25, 2), 0.25, 0.001);
  EXPECT_NEAR(share_of_others(0.25, 4), 0.125, 0.005);
  EXPECT_GT(share_of_others(0.25, none), 0) << "it is tried again, at times";
  EXPECT_LT(share_of_others(0.25, none), 0.03);
  EXPECT_NEAR(share_of_others(1, none), 12. / 22, 0.001) << "all are asked for";
}

TEST(ReadingBudget, NoneIsNone) {
  ReadingBudget budget{0};
  budget.count_first(1000);
  EXPECT_FALSE(budget.begin(0));
}

}  // namespace retry_test
}  // namespace pecia::engine
