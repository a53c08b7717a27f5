#include "page_request.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "pecia/base/error.hpp"
#include "prompt.hpp"

namespace pecia::engine::deepseek {
namespace page_request_test {

TEST(GuardOfARung, IsTheJobsAtFirstAndStrongerThen) {
  const NoRepeatNgram normal{20, 90, {"<td>"}};
  EXPECT_EQ(guard_of(Rung::normal, normal)->n, 20);
  EXPECT_FALSE(guard_of(Rung::normal, std::nullopt));
  const auto stronger = guard_of(Rung::stronger_guard, normal);
  EXPECT_EQ(stronger->n, 10);
  EXPECT_EQ(stronger->window, 360);
  EXPECT_EQ(stronger->allow, normal.allow);
  EXPECT_EQ(guard_of(Rung::rotated, std::nullopt)->n, 10);
}

TEST(GuardOfARung, ForbidsNoWordsThatEveryPageRepeats) {
  EXPECT_EQ(guard_of(Rung::stronger_guard, NoRepeatNgram{1, 90, {}})->n, 10) << "n = 1 is no guard";
  EXPECT_EQ(guard_of(Rung::stronger_guard, NoRepeatNgram{5, 90, {}})->n, 5);
  EXPECT_EQ(guard_of(Rung::stronger_guard, NoRepeatNgram{8, 90, {}})->n, 6);
}

TEST(Prompt, OfTokensThatTheModelDoesNotHaveIsRefused) {
  const auto tokenizer =
      Tokenizer::load(std::filesystem::path{PECIA_TEST_DATA} / "deepseek/golden/ckpt/a/tokenizer.json");
  Config config;
  config.decoder.vocabulary = 392;
  config.image_id = 374;
  EXPECT_NO_THROW((void)prompt_ids(tokenizer, config, "grounding", 3));
  config.decoder.vocabulary = 300;
  EXPECT_THROW((void)prompt_ids(tokenizer, config, "grounding", 3), UsageError);
}

}  // namespace page_request_test
}  // namespace pecia::engine::deepseek
