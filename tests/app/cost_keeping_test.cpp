#include "cost_keeping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <filesystem>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "support/temp_folder.hpp"

namespace cost_keeping_test {

using namespace pecia;

class CostKeeping : public testing::Test {
 protected:
  CostKeeping() { store::create_run_directory(run_); }

  /// A model that has learned that pages take this long.
  static corpus::CostModel learned(double seconds) {
    corpus::CostModel model;
    corpus::Document document;
    for (std::uint64_t n = 1; n <= 200; ++n) {
      document.id = {n};
      document.pages = {{}};
      model.learn("tesseract", document, 0, seconds);
    }
    model.refit("tesseract");
    return model;
  }
  /// As rank 0 does at the end of a job in which all pages took 3 s.
  void keep(std::uint32_t epoch) {
    std::vector<corpus::Document> documents(200);
    std::vector<sched::FinishedPage> finished;
    for (std::uint32_t n = 0; n < documents.size(); ++n) {
      documents[n].path = fmt::format("{:03}", n);
      documents[n].id = {n + 1};
      documents[n].pages = {{}};
      finished.push_back({n, 3});
    }
    const corpus::Manifest manifest{std::move(documents)};
    corpus::CostModel model;
    app::CostKeeper keeper{run_, epoch, "tesseract", manifest, model};
    keeper.take(finished, true);
  }
  static double estimate_s(const corpus::CostModel& model) {
    return model.estimate_s("tesseract", corpus::PageEvidence{});
  }

  test::TempFolder folder_;
  store::RunPaths run_{folder_.path() / "run"};
  app::Job job_;
};

TEST_F(CostKeeping, BeginsWithTheJobsModelElseTheRunsElseTheShipped) {
  EXPECT_EQ(estimate_s(app::first_cost_model(job_, run_)), estimate_s(corpus::CostModel{}));
  keep(store::take_next_epoch(run_));
  EXPECT_NEAR(estimate_s(app::first_cost_model(job_, run_)), 3, 0.5);
  job_.cost_model = folder_.path() / "other.json";
  corpus::save_cost_model(job_.cost_model, learned(9));
  EXPECT_NEAR(estimate_s(app::first_cost_model(job_, run_)), 9, 1.5);
}

TEST_F(CostKeeping, RefusesAModelOfTheJobsThatIsNoneButNotOneOfTheRuns) {
  replace_file(run_.cost_model(), "{\n!");
  EXPECT_EQ(estimate_s(app::first_cost_model(job_, run_)), estimate_s(corpus::CostModel{}));
  job_.cost_model = run_.cost_model();
  try {
    (void)app::first_cost_model(job_, run_);
    FAIL() << "it was accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("cost_model.json:2: this is not JSON"));
  }
  job_.cost_model = folder_.path() / "none.json";
  EXPECT_THROW((void)app::first_cost_model(job_, run_), UsageError);
}

TEST_F(CostKeeping, WritesOnlyForTheJobThatHasTheRun) {
  const auto old = store::take_next_epoch(run_);
  const auto newer = store::take_next_epoch(run_);
  keep(old);
  EXPECT_FALSE(std::filesystem::exists(run_.cost_model()));
  keep(newer);
  EXPECT_TRUE(std::filesystem::exists(run_.cost_model()));
}

TEST_F(CostKeeping, GoesOnWhereItCannotWrite) {
  const auto epoch = store::take_next_epoch(run_);
  std::filesystem::create_directory(run_.cost_model());
  EXPECT_NO_THROW(keep(epoch));
}

}  // namespace cost_keeping_test
