#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <thread>

#include "pecia/base/text.hpp"
#include "pecia/page/reader.hpp"
#include "support/confined.hpp"
#include "support/temp_folder.hpp"

// What a pecia-page that a document has taken over can say: nothing of it is believed, and it costs
// that page alone.
namespace pecia::page {
namespace lying_child_test {

using testing::HasSubstr;

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

struct Lie {
  const char* name;
  const char* text;  ///< of the failure that it costs
  Reason reason = Reason::child_crashed;
};

class LyingChildTest : public ::testing::TestWithParam<Lie> {
 protected:
  void SetUp() override {
    ::setenv("PECIA_LIBEXEC_DIR", PECIA_LYING_FOLDER, 1);
    reader_.emplace(limits());
  }
  [[nodiscard]] virtual Limits limits() const { return {}; }
  Source telling(const std::string& lie) {
    return {folder_.write(lie, lie), corpus::Format::pdf, {}};
  }
  std::variant<Image, Failure> rendered(const std::string& lie) {
    return reader_->render(telling(lie), 1, {});
  }

  test::TempFolder folder_;
  std::optional<Reader> reader_;
};

class LieTest : public LyingChildTest {
  /// Short where a lie is to be waited for; long lies take longer to be read under a sanitizer.
  [[nodiscard]] Limits limits() const override {
    Limits limits;
    if (GetParam().reason == Reason::timeout) limits.wall_s = 3;
    return limits;
  }
};

TEST_P(LieTest, CostsItsPageAndNothingElse) {
  ASSERT_TRUE(std::holds_alternative<Image>(rendered("honest")));
  const auto before = open_descriptors();
  const bool slow = GetParam().reason == Reason::timeout || std::string_view{GetParam().name} == "endless pages";
  const int times = slow ? 1 : 3;
  for (int n = 0; n < times; ++n) {
    const auto found = rendered(GetParam().name);
    ASSERT_TRUE(std::holds_alternative<Failure>(found));
    const auto& failure = std::get<Failure>(found);
    EXPECT_EQ(failure.reason, GetParam().reason) << name(failure.reason);
    EXPECT_THAT(failure.detail, HasSubstr(GetParam().text));
    EXPECT_TRUE(failure.retriable);
    EXPECT_LT(failure.detail.size(), 500U);
    const auto probe = reader_->probe(telling(GetParam().name));
    EXPECT_NE(probe.problem, Reason::none);
    EXPECT_TRUE(probe.pages.empty());
    EXPECT_TRUE(std::holds_alternative<Failure>(reader_->info(telling(GetParam().name), 1)));
    ASSERT_TRUE(std::holds_alternative<Image>(rendered("honest"))) << "the next page is read";
  }
  EXPECT_EQ(open_descriptors(), before);
  reader_.reset();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

const Lie lies[] = {
    {"small memory", "shared memory holds 4095 bytes where 4096 were promised"},
    {"unsealed memory", "not sealed"},
    {"a file for memory", "not sealed"},
    {"no memory", "with descriptors that do not belong to it"},
    {"two memories", "with descriptors that do not belong to it"},
    {"larger than it is", "shared memory holds 4096 bytes where 8192 were promised"},
    {"huge", "an image of impossible size"},
    {"less than nothing", "an image of impossible size"},
    {"other rows", "an image with impossible rows"},
    {"unknown pixels", "an image of impossible size"},
    {"no number", "an impossible transform"},
    {"endless dpi", "an impossible resolution"},
    {"a million dpi", "more dots per inch than there are"},
    {"beside its page", "lies elsewhere than on its page"},
    {"on a part of its page", "lies elsewhere than on its page"},
    {"upside down", "lies elsewhere than on its page"},
    {"more pixels than any", "more pixels than it may have"},
    {"a failure with memory", "with descriptors that do not belong to it"},
    {"a count with memory", "with descriptors that do not belong to it"},
    {"hello again", "two hellos"},
    {"a thousand steps", "more steps than are taken"},
    {"a long step", "a step of more words than it needs"},
    {"another kind", "an answer to another question"},
    {"garbage", "unknown kind of answer"},
    {"nothing", "ends after 0 bytes"},
    {"cut off", "ends after 47 bytes"},
    {"too long a message", "it sent what is no message"},
    {"more bytes than any answer has", "it sent what is no message (claims 209715200 bytes"},
    {"no end", "did not end in", Reason::timeout},
    {"dies in it", "exited with status 0"},
    {"never answers", "did not end in", Reason::timeout},
    {"endless pages", "more pages than a document can have"},
    {"an outline to page three", "an outline that leads nowhere"},
    {"an outline without end", "an outline without end"},
    {"a long title", "an outline that leads nowhere"},
    {"a title with controls", "an outline that leads nowhere"},
    {"labels that go back", "an outline that leads nowhere"},
    {"labels without end", "page labels without end"},
    {"unknown reason", "a reason that it cannot have"},
};
INSTANTIATE_TEST_SUITE_P(All, LieTest, ::testing::ValuesIn(lies), [](const auto& lie) {
  std::string name{lie.param.name};
  std::ranges::replace(name, ' ', '_');
  return name;
});

TEST_F(LyingChildTest, PagesThatTheFileCannotHoldAreNotCounted) {
  const auto probe = reader_->probe(telling("more pages than bytes"));
  EXPECT_EQ(probe.problem, Reason::child_crashed);
  EXPECT_THAT(probe.problem_detail, HasSubstr("more pages than the file can hold"));
  EXPECT_TRUE(probe.pages.empty());
}

TEST_F(LyingChildTest, ADensityIsANumber) {
  const auto measured = reader_->measure(telling("no density"), 1);
  ASSERT_TRUE(std::holds_alternative<Failure>(measured));
  EXPECT_EQ(std::get<Failure>(measured).reason, Reason::child_crashed);
  EXPECT_THAT(std::get<Failure>(measured).detail, HasSubstr("a page of impossible density"));
}

TEST_F(LyingChildTest, AnImageIsAsItWasAskedFor) {
  const auto failing = [&](const std::string& lie, const ImageRequest& request) {
    const auto found = reader_->render(telling(lie), 1, request);
    return std::holds_alternative<Failure>(found) ? std::get<Failure>(found).detail : "it was believed";
  };
  ImageRequest gray, colors, few, short_sided;
  gray.pixels = ImageRequest::Pixels::gray;
  colors.pixels = ImageRequest::Pixels::rgb;
  few.most_pixels = 4095;
  short_sided.longest_side_px = 63;
  EXPECT_THAT(failing("colours", gray), HasSubstr("in another format than was asked for"));
  EXPECT_THAT(failing("honest", colors), HasSubstr("in another format than was asked for"));
  EXPECT_THAT(failing("honest", few), HasSubstr("more pixels than were asked for"));
  EXPECT_THAT(failing("honest", short_sided), HasSubstr("a longer side than was asked for"));
  few.most_pixels = 4096;
  few.longest_side_px = 64;
  EXPECT_EQ(failing("honest", few), "it was believed");
}

TEST_F(LyingChildTest, OneThatSaysMoreThanItsAnswerIsNotAskedAgain) {
  ASSERT_TRUE(std::holds_alternative<Image>(rendered("hello behind an answer")));
  const auto before = reader_->child_pid();
  for (int n = 0; n < 3000 && test::state_of(before) != 'S'; ++n)  // until it waits: it has said all that it says
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  ASSERT_TRUE(std::holds_alternative<Image>(rendered("honest")));
  EXPECT_NE(reader_->child_pid(), before);
}

TEST_F(LyingChildTest, WhatItSaysToAPersonIsShortenedText) {
  for (const auto* lie : {"no text", "a long text"}) {
    const auto found = rendered(lie);
    ASSERT_TRUE(std::holds_alternative<Failure>(found)) << lie;
    const auto& failure = std::get<Failure>(found);
    EXPECT_EQ(failure.reason, Reason::unreadable);
    EXPECT_LT(failure.detail.size(), 5000U);
    EXPECT_EQ(to_utf8(failure.detail), failure.detail);
    const auto probe = reader_->probe(telling(lie));
    EXPECT_LT(probe.problem_detail.size(), 5000U);
  }
}

}  // namespace lying_child_test
}  // namespace pecia::page
