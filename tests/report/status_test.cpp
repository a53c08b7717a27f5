#include "pecia/report/overview.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "pecia/base/error.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "support/made_run.hpp"

namespace status_test {

using namespace pecia;
using report::duration_text;
using report::progress_line;
using test::failed_outcome;
using test::read_outcome;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::string status_text(const store::RunPaths& run, std::int64_t now_s) {
  return report::status_text(report::look_at(run, now_s));
}

report::Status some_status() {
  report::Status status;
  status.state = "running";
  status.version = "0.1.0";
  status.host = "h1";
  status.slurm_job = "34";
  status.message = "all \"well\"\n";
  status.pid = 12;
  status.epoch = 3;
  status.ranks = 4;
  status.started_s = 1'700'000'000;
  status.written_s = 1'700'000'060;
  status.documents = 5;
  status.pages = 50;
  status.done = 20;
  status.by_state = {{"ok", 18}, {"failed", 2}};
  status.by_reason = {{"timeout", 2}};
  status.examples = {{"timeout", "a.pdf page 3"}};
  status.pages_per_s = 1.5;
  status.left_s = 20.25;
  status.schedule = {0.25, 61, 7, 30, 2, 1, 99, 240};
  status.per_rank = {{"h1", 1.1, 5, 20, 2, 9, 0, 1 << 20, "good"},
                     {"h1", 1.0, 5, 20, 2, 9, 0, 1 << 20, "good"},
                     {"h2", 0.2, 5, 20, 2, 1, 0, 1 << 20, "good"},
                     {"h3", 0, 0, 0, 0, 1, 1, 1 << 20, "no engine"}};
  status.warnings = {"rank 3: the engine was lost again: no device"};
  return status;
}

TEST(StatusFile, IsReadAsItWasWritten) {
  for (const bool with_time_left : {true, false}) {
    auto status = some_status();
    if (!with_time_left) status.left_s.reset();
    const auto again = report::from_json(report::to_json(status));
    EXPECT_EQ(report::to_json(again), report::to_json(status));
    EXPECT_EQ(again.left_s, status.left_s);
    EXPECT_EQ(again.by_state, status.by_state);
    EXPECT_EQ(again.message, status.message);
    EXPECT_EQ(again.per_rank.at(2).speed, 0.2);
    EXPECT_EQ(again.per_rank.at(3).health, "no engine");
    EXPECT_EQ(again.schedule.steals, 7U);
    EXPECT_EQ(again.warnings, status.warnings);
    EXPECT_EQ(again.examples, status.examples);
  }
}

TEST(StatusFile, IsRefusedWhenDamaged) {
  const auto good = report::to_json(some_status());
  for (const auto& bad :
       {std::string{}, std::string{"[]"}, std::string{"{}"}, good.substr(0, good.size() / 2)})
    EXPECT_THROW((void)report::from_json(bad), Error) << bad;
  auto wrong = good;
  wrong.replace(wrong.find("50"), 2, "[]");
  EXPECT_THROW((void)report::from_json(wrong), Error);
  for (const auto* key : {"\"epoch\": ", "\"done\": "}) {
    auto no_number = good;
    no_number.insert(no_number.find(key) + std::string_view{key}.size(), "1e300, \"x\": ");
    EXPECT_THROW((void)report::from_json(no_number), Error) << key;
  }
}

TEST(StatusFile, IsAbsentBeforeTheFirstIsWritten) {
  const test::MadeRun run;
  EXPECT_FALSE(report::read_status(run.paths()));
  report::write_status(run.paths(), some_status());
  EXPECT_EQ(report::read_status(run.paths())->done, 20u);
}

TEST(StatusFile, OfTheFirstReleaseIsStillRead) {
  auto json = report::to_json(some_status());
  const auto added = json.find(",\n  \"warnings\"");
  ASSERT_NE(added, std::string::npos);
  EXPECT_TRUE(report::from_json(json.substr(0, added) + "\n}\n").per_rank.empty());
}

TEST(StatusText, NamesRanksThatAreOutOfOrder) {
  test::MadeRun run;
  run.add_document("a.pdf", 10);
  run.finish();
  report::write_status(run.paths(), some_status());

  const auto text = status_text(run.paths(), 1'700'000'070);

  EXPECT_THAT(text, HasSubstr("warning: rank 3: the engine was lost again: no device\n"));
  EXPECT_THAT(text, HasSubstr("rank 2 on h2 is slow: 2.9 times slower than the mean\n"));
  EXPECT_THAT(text, HasSubstr("rank 3 on h3: no engine\n"));
  EXPECT_THAT(text, Not(HasSubstr("rank 0")));
}

TEST(StatusText, CountsFromTheRunItselfNotFromTheStatusFile) {
  test::MadeRun run;
  run.add_document("a.pdf", 1500);
  run.add_document("b.pdf", 0, Reason::encrypted);
  run.add_document("c.txt", 0, Reason::not_a_document);
  for (std::uint32_t page = 1; page <= 1100; ++page)
    run.commit("a.pdf", page, read_outcome("text"));
  run.commit("a.pdf", 1200, failed_outcome(Reason::timeout, "slow"));
  run.commit("a.pdf", 1300, failed_outcome(Reason::timeout, "slow"));
  run.commit("b.pdf", 0, failed_outcome(Reason::encrypted, "needs a password"));
  run.commit("c.txt", 0, failed_outcome(Reason::not_a_document, "text"));
  run.finish();
  report::write_status(run.paths(), some_status());

  const auto text = status_text(run.paths(), 1'700'000'070);

  EXPECT_THAT(text, HasSubstr("\n1,104 of 1,502 pages (73.5 %)  3 failed\n"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)*documents +3\n(.|\n)*"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)* ok +1,100\n(.|\n)*"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)* skipped +1\n(.|\n)*"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)* failed +3\n(.|\n)*"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)* to read +398\n(.|\n)*"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)* timeout +2  such as a.pdf page 1200\n(.|\n)*"));
  EXPECT_THAT(text, MatchesRegex("(.|\n)* encrypted +1  such as b.pdf\n(.|\n)*"));
  EXPECT_THAT(text, HasSubstr("not running"));
  EXPECT_THAT(text, Not(HasSubstr("pages/s"))) << "the speed of a job that has ended";
}

TEST(StatusText, NamesFiveReasonsTheMostFrequentFirst) {
  test::MadeRun run;
  run.add_document("a.pdf", 20);
  std::uint32_t page = 0;
  run.commit("a.pdf", ++page, failed_outcome(Reason::io_error, ""));
  for (const auto reason : {Reason::unreadable, Reason::unsupported, Reason::too_large,
                            Reason::timeout, Reason::engine_failed}) {
    run.commit("a.pdf", ++page, failed_outcome(reason, ""));
    run.commit("a.pdf", ++page, failed_outcome(reason, ""));
  }
  run.finish();
  const auto text = status_text(run.paths(), 0);
  EXPECT_THAT(text, HasSubstr("engine_failed"));
  EXPECT_THAT(text, Not(HasSubstr("io_error")));
  EXPECT_THAT(text, HasSubstr("and 1 more reasons"));
}

TEST(StatusText, IsSaidOfARunWithoutPagesAndWithADamagedStatus) {
  test::MadeRun run;
  run.finish();
  std::ofstream{run.paths().status()} << "{";
  const auto text = status_text(run.paths(), 0);
  EXPECT_THAT(text, HasSubstr("0 of 0 pages"));
  EXPECT_THAT(text, HasSubstr("status.json is damaged"));
}

TEST(StatusText, SaysHowGoodTheCostModelIs) {
  test::MadeRun run;
  run.finish();
  EXPECT_THAT(status_text(run.paths(), 0), Not(HasSubstr("cost model")));

  corpus::CostModel model;
  corpus::save_cost_model(run.paths().cost_model(), model);
  EXPECT_THAT(status_text(run.paths(), 0), Not(HasSubstr("cost model"))) << "of no pages";

  corpus::Document document;
  document.id = {7};
  document.path = "a.pdf";
  document.pages.resize(1);
  const double predicted_s = model.estimate_s("tesseract", document.pages[0]);
  for (int n = 0; n < 1234; ++n) model.learn("tesseract", document, 0, 2 * predicted_s);
  corpus::save_cost_model(run.paths().cost_model(), model);
  const auto text = status_text(run.paths(), 0);
  EXPECT_THAT(text, HasSubstr("cost model of tesseract: learned from 1,234 pages, rank "
                              "correlation 0.00, mean error "));
  EXPECT_THAT(text, HasSubstr(" s (50 %)\n  worst: a.pdf (predicted "));

  std::ofstream{run.paths().cost_model()} << "{";
  EXPECT_THAT(status_text(run.paths(), 0), HasSubstr("cost_model.json:1: this is not JSON"));
}

TEST(ProgressLine, SaysWhatIsKnown) {
  EXPECT_EQ(progress_line(1234, 5678, 3, 1.44, 51 * 60),
            "1,234 of 5,678 pages (21.7 %)  1.44 pages/s  51 min left  3 failed");
  EXPECT_EQ(progress_line(0, 1'234'567, 0, 0, std::nullopt), "0 of 1,234,567 pages (0.0 %)");
  EXPECT_EQ(progress_line(10, 10, 0, 2, 0), "10 of 10 pages (100.0 %)  2.00 pages/s");
  EXPECT_EQ(progress_line(0, 0, 0, 0, std::nullopt), "0 of 0 pages (100.0 %)");
}

TEST(ProgressLine, SaysAHundredPerCentOnlyOfAllPages) {
  EXPECT_EQ(progress_line(99'999, 100'000, 0, 0, std::nullopt), "99,999 of 100,000 pages (99.9 %)");
}

TEST(DurationText, HasTwoUnitsAtMost) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(12.4), "12 s");
  EXPECT_EQ(duration_text(59.7), "1 min");
  EXPECT_EQ(duration_text(51 * 60 + 10), "51 min");
  EXPECT_EQ(duration_text(59 * 60 + 50), "1 h");
  EXPECT_EQ(duration_text(2 * 3600 + 5 * 60), "2 h 5 min");
  EXPECT_EQ(duration_text(24 * 3600 - 10), "1 d");
  EXPECT_EQ(duration_text(76 * 3600), "3 d 4 h");
}

TEST(DurationText, IsUnknownForWhatIsNoTime) {
  for (const double seconds :
       {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    EXPECT_EQ(duration_text(seconds), "unknown");
}

}  // namespace status_test
