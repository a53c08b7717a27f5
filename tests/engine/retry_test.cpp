#include "pecia/engine/retry.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace pecia::engine {
namespace {

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
std::string rungs_of(Reason reason, const std::string& by, bool has_fallback) {
  std::string rungs;
  std::vector<Attempt> history;
  for (auto next = next_attempt(history, has_fallback); next.again;
       next = next_attempt(history, has_fallback)) {
    rungs += std::to_string(static_cast<int>(next.rung));
    history.push_back(failed(reason, by, next.rung));
    if (history.size() > 20) return rungs + " without end";
  }
  return rungs;
}

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
      {Reason::timeout, {"00", "00", "00"}},
      {Reason::child_crashed, {"000", "000", "000"}},
      {Reason::io_error, {"00", "00", "00"}},
      {Reason::out_of_memory, {"00", "00", "0044"}},
      {Reason::engine_crashed, {"000", "000", "000444"}},
      {Reason::engine_timeout, {"00", "00", "0044"}},
      {Reason::engine_failed, {"0", "0", "04"}},
      {Reason::repetition, {"0123", "0123", "01234"}},
      {Reason::no_end, {"0123", "0123", "01234"}},
  };
  for (const auto reason : all_reasons()) {
    ASSERT_TRUE(expected.contains(reason)) << name(reason);
    EXPECT_EQ(rungs_of(reason, "", false), expected.at(reason).page) << name(reason);
    EXPECT_EQ(rungs_of(reason, "model", false), expected.at(reason).engine) << name(reason);
    EXPECT_EQ(rungs_of(reason, "model", true), expected.at(reason).fallback) << name(reason);
  }
}

TEST(Retry, WhatNoDecoderCouldRenderNeverGoesToTheFallback) {
  for (const auto reason : {Reason::unreadable, Reason::timeout, Reason::child_crashed,
                            Reason::out_of_memory, Reason::io_error})
    EXPECT_EQ(rungs_of(reason, "", true).find('4'), std::string::npos) << name(reason);
}

TEST(Retry, OnlyDecodingGetsLargerLimits) {
  EXPECT_EQ(next_attempt(std::vector{failed(Reason::timeout)}).scale_limits, 4);
  EXPECT_EQ(next_attempt(std::vector{failed(Reason::out_of_memory)}).scale_limits, 4);
  EXPECT_EQ(next_attempt(std::vector{failed(Reason::out_of_memory, "model")}).scale_limits, 1);
  EXPECT_EQ(next_attempt(std::vector{failed(Reason::engine_timeout, "model")}).scale_limits, 1);
}

TEST(Retry, EveryReasonHasItsOwnCount) {
  const std::vector history{failed(Reason::engine_crashed, "model"), failed(Reason::child_crashed),
                            failed(Reason::engine_crashed, "model")};
  EXPECT_TRUE(next_attempt(history).again);
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
  std::vector<Attempt> history(3, failed(Reason::engine_crashed, "model"));
  EXPECT_FALSE(next_attempt(history, false).again);
  EXPECT_TRUE(next_attempt(history, true).fallback());
  history.push_back(failed(Reason::engine_crashed, "tesseract", Rung::fallback));
  EXPECT_TRUE(next_attempt(history, true).fallback());
  history.push_back(failed(Reason::repetition, "tesseract", Rung::fallback));
  EXPECT_FALSE(next_attempt(history, true).again);
}

}  // namespace
}  // namespace pecia::engine
