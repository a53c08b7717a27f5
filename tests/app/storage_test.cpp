// Where storage is away: what a rank does meanwhile, and how long it waits.
#include "app/page_retries_fixture.hpp"
#include "patience.hpp"
#include "support/temp_folder.hpp"
#include "support/unopenable.hpp"

namespace pecia::app::test {
namespace storage_test {

using testing::IsEmpty;
using testing::StartsWith;

TEST(PatienceTest, WhatIsRefusedIsLeftForOthers) {
  Patience patience{10};
  EXPECT_TRUE(patience.take(6));
  EXPECT_FALSE(patience.take(6));
  EXPECT_TRUE(patience.take(4));
  EXPECT_FALSE(patience.take(0.1));
  EXPECT_TRUE(patience.take(0));
}

TEST(PatienceTest, OnePageWaitsForAllDelaysOfItsAttempts) {
  EXPECT_EQ(longest_wait_s({Reason::io_error, 5, 2, 1, engine::Change::longer_wait}), 62);
  EXPECT_EQ(longest_wait_s({Reason::io_error, 0, 2, 1, engine::Change::longer_wait}), 0);
}

TEST_F(PageReadersTest, WhereAllOfAnArchiveIsAwayARankDoesNotWaitForEachPage) {
  constexpr std::uint32_t many = 1100;
  const ::pecia::test::TempFolder folder;
  ::pecia::test::make_unopenable(folder.path() / "note.png");
  settings_.trace_seconds = nullptr;
  settings_.root = folder.path();
  corpus::Document document;
  document.path = "note.png";
  document.format = corpus::Format::png;
  document.pages.resize(many);
  manifest_ = corpus::Manifest{{document}};
  for (auto& rule : job_.retries.rules) {
    if (rule.reason == Reason::io_error) rule = {Reason::io_error, 1, 0.01, 1, engine::Change::longer_wait};
  }
  read_all(many);
  EXPECT_EQ(sink_.aside, 1000);
  const auto not_waited_for = std::ranges::count_if(sink_.outcomes, [](const auto& page) {
    return page.second.attempts.empty() && page.second.detail.ends_with("waited for storage long enough");
  });
  EXPECT_EQ(not_waited_for, many - 1000);
}

class StorageTest : public PageRetriesTest {
 protected:
  StorageTest() {
    settings_.trace_seconds = nullptr;
    settings_.root = folder_.path();
    std::filesystem::create_directories(folder_.path() / "a");
    corpus::Document document;
    document.path = "a/note.png";
    document.format = corpus::Format::png;
    document.id = corpus::document_id(document.path);
    document.pages.resize(1);
    manifest_ = corpus::Manifest{{document}};
    rule(Reason::io_error).delay_s = 0.3;
  }
  const std::filesystem::path note_ = std::filesystem::path{PECIA_TEST_DATA} / "system/corpus/loose/note 0.png";
  ::pecia::test::TempFolder folder_;
};

TEST_F(StorageTest, IsWaitedForUntilItIsThereAgain) {
  const auto file = folder_.path() / "a/note.png";
  ::pecia::test::make_unopenable(file);
  sink_.holds_due = true;  // it is tried again when the document is whole
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, 1);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.held.contains(0); }));
  std::filesystem::remove(file);
  std::filesystem::copy_file(note_, file);
  sink_.held.at(0)();
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == 1; }));
  const auto& outcome = sink_.outcomes.at(0);
  EXPECT_EQ(outcome.state, result::State::ok) << outcome.detail;
  ASSERT_EQ(outcome.attempts.size(), 1U);
  EXPECT_EQ(outcome.attempts[0].reason, Reason::io_error);
}

TEST_F(StorageTest, IsGivenUpInTheEndAndEveryAttemptIsInTheRecord) {
  rule(Reason::io_error).attempts = 2;
  rule(Reason::io_error).delay_s = 0.1;
  ::pecia::test::make_unopenable(folder_.path() / "a/note.png");
  read_all(1);
  const auto& outcome = sink_.outcomes.at(0);
  EXPECT_EQ(outcome.reason, Reason::io_error);
  EXPECT_EQ(outcome.attempts.size(), 2U);
  EXPECT_EQ(sink_.aside, 2);
}

TEST_F(StorageTest, APageForWhichThereIsTooLittleMemoryIsMadeSmallerAndThenReadAlone) {
  std::filesystem::copy_file(note_, folder_.path() / "a/note.png");
  int failures = 0;
  script_.answer = [&](const std::string&, std::uint64_t, Rung) -> Answer {
    if (failures++ < 2) return failure_of(Reason::out_of_memory);
    return sure(0.9F);
  };
  read_all(1);
  EXPECT_EQ(sink_.outcomes.at(0).state, result::State::ok) << sink_.outcomes.at(0).detail;
  EXPECT_EQ(sink_.outcomes.at(0).attempts.size(), 2U);
  const auto& rasters = script_.rasters[0];
  ASSERT_EQ(rasters.size(), 3U);
  EXPECT_NEAR(rasters[1].first, rasters[0].first / 2, 2);
  EXPECT_EQ(rasters[2].first, rasters[1].first);
  EXPECT_EQ((std::vector{rasters[0].second, rasters[1].second, rasters[2].second}), (std::vector{false, false, true}));
}

/// A born-digital page, whose text cannot be taken at first.
class TextStorageTest : public StorageTest {
 protected:
  TextStorageTest() {
    auto document = manifest_.documents()[0];
    document.path = "a/born.pdf";
    document.format = corpus::Format::pdf;
    manifest_ = corpus::Manifest{{document}};
    std::filesystem::copy_file(std::filesystem::path{PECIA_TEST_DATA} / "odd/govdocs_189478.pdf", folder_.path() / "a/born.pdf");
    job_.page.text_layer = TextLayerPolicy::keep;
    settings_.decoders = 1;
    settings_.take_text = [this, take = settings_.take_text](page::Reader& reader, const page::Source& source, std::uint32_t page,
                                                             bool look, double scale_limits) {
      using Taken = std::variant<page::TextLayer, page::Failure>;
      if (asked_++ < failures_) return Taken{page::Failure{reason_, "as the test wants it", true}};
      return take(reader, source, page, look, scale_limits);
    };
    for (const auto reason : {Reason::io_error, Reason::child_crashed, Reason::timeout}) {
      rule(reason).attempts = 3;
      rule(reason).delay_s = 0.05;
    }
  }
  Reason reason_ = Reason::io_error;
  int failures_ = 3, asked_ = 0;
};

TEST_F(TextStorageTest, IsWaitedForWhereAPagesTextIsToBeKept) {
  for (const auto reason : {Reason::io_error, Reason::child_crashed, Reason::timeout}) {
    SCOPED_TRACE(std::string{name(reason)});
    sink_.outcomes.clear();
    reason_ = reason;
    asked_ = 0;
    read_all(1);
    const auto& outcome = sink_.outcomes.at(0);
    EXPECT_EQ(outcome.engine, "text_layer") << outcome.detail;
    ASSERT_EQ(outcome.attempts.size(), 3U);
    EXPECT_EQ(outcome.attempts[0].reason, reason);
  }
  EXPECT_EQ(sink_.aside, 9);
}

TEST_F(TextStorageTest, DecidesInTheEndThatThePageIsRead) {
  failures_ = 1000;
  read_all(1);
  const auto& outcome = sink_.outcomes.at(0);
  EXPECT_EQ(outcome.engine, "tesseract");
  EXPECT_EQ(outcome.attempts.size(), 3U);
  EXPECT_EQ(asked_, 4);
  const auto step = std::ranges::find(outcome.steps, "text_layer", &Step::what);
  ASSERT_NE(step, outcome.steps.end());
  EXPECT_THAT(step->detail, StartsWith("read: the text cannot be taken from the page (io_error)"));
}

TEST_F(TextStorageTest, WhatItsTextCostAPageDoesNotCountAgainstItsImage) {
  failures_ = 1000;
  rule(Reason::timeout).attempts = 1;
  reason_ = Reason::timeout;
  int failures = 0;
  script_.answer = [&](const std::string&, std::uint64_t, Rung) -> Answer {
    if (failures++ == 0) return failure_of(Reason::timeout);
    return sure(0.9F);
  };
  read_all(1);
  const auto& outcome = sink_.outcomes.at(0);
  EXPECT_EQ(outcome.state, result::State::ok) << outcome.detail;
  ASSERT_EQ(outcome.attempts.size(), 2U);
  EXPECT_EQ(outcome.attempts[0].engine, "text_layer");
  EXPECT_EQ(outcome.attempts[1].engine, "tesseract");
}

TEST(PageWorkTest, APageThatHasNoImageAtALaterAttemptSaysWhatWasDecidedAboutItsText) {
  PageWork work;
  work.steps_with_text = {{"pdf", "repaired"}, {"text_layer", "read: it is an earlier reading"}};
  work.steps = work.steps_with_text;
  work.steps.push_back({"pixels", "made smaller"});
  prepare_for(work, {});
  work.attempts.push_back({"", Reason::timeout, "", 1});
  EXPECT_EQ(failed_outcome(work, {}).steps, work.steps_with_text);
}

TEST_F(TextStorageTest, WhatMemoryIsTooLittleForIsAskedForOnceMoreAtOnce) {
  reason_ = Reason::out_of_memory;
  failures_ = 1;
  read_all(1);
  EXPECT_EQ(sink_.outcomes.at(0).engine, "text_layer");
  EXPECT_THAT(sink_.outcomes.at(0).attempts, IsEmpty());
}

TEST_F(StorageTest, AFileThatIsGoneIsNotWaitedFor) {
  read_all(1);
  EXPECT_EQ(sink_.outcomes.at(0).reason, Reason::vanished);
  EXPECT_THAT(sink_.outcomes.at(0).attempts, IsEmpty());
}

}  // namespace storage_test
}  // namespace pecia::app::test
