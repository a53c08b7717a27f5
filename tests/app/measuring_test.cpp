#include "measuring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "page/made_documents.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/page/reader.hpp"
#include "support/temp_folder.hpp"

namespace pecia::app {
namespace measuring_test {

using Clock = std::chrono::steady_clock;
using Documents = std::vector<std::optional<corpus::Document>>;

class MeasurePages : public testing::Test {
 protected:
  /// A TIFF of so many pages, probed.
  corpus::Document book(const std::string& name, int pages) {
    test::TiffOptions options{COMPRESSION_CCITTFAX4, PHOTOMETRIC_MINISWHITE, 1};
    options.pages = pages;
    test::write_tiff(folder_.path() / name, options);
    page::Reader reader;
    corpus::Document document;
    document.path = name;
    document.pages = reader.probe({folder_.path() / name, corpus::Format::unknown, ""}).pages;
    return document;
  }
  std::uint64_t measure(Documents& documents, int threads = 2,
                        std::chrono::seconds within = std::chrono::seconds{60}) {
    return measure_pages(job_, folder_.path(), documents, threads, Clock::now() + within);
  }
  static std::ptrdiff_t measured(const corpus::Document& document) {
    return std::ranges::count_if(document.pages,
                                 [](const auto& page) { return page.transitions >= 0; });
  }

  test::TempFolder folder_;
  Job job_;
};

TEST_F(MeasurePages, MeasuresEveryPageWhenThereIsTime) {
  Documents documents{book("a.tif", 9), std::nullopt, book("b.tif", 1)};
  EXPECT_EQ(measure(documents), 10U);
  EXPECT_EQ(measured(*documents[0]), 9);
  EXPECT_EQ(documents[0]->pages[8].transitions, documents[2]->pages[0].transitions);
  EXPECT_GT(documents[0]->pages[8].coverage, 0);
}

TEST_F(MeasurePages, MeasuresNothingWhenTheTimeIsOver) {
  Documents documents{book("a.tif", 9)};
  EXPECT_EQ(measure(documents, 2, std::chrono::seconds{0}), 0U);
  EXPECT_EQ(measured(*documents[0]), 0);
}

TEST_F(MeasurePages, EndsWhenAStopIsAskedFor) {
  Documents documents{book("a.tif", 9)};
  {
    const stop::ScopedHandlers handlers;
    ASSERT_EQ(std::raise(SIGUSR1), 0);
    EXPECT_EQ(measure(documents), 0U);
  }
  stop::reset();
  EXPECT_EQ(measure(documents), 9U);
}

TEST_F(MeasurePages, PassesOverWhatCannotBeMeasured) {
  auto gone = book("gone.tif", 3);
  std::filesystem::remove(folder_.path() / "gone.tif");
  auto cut = book("cut.tif", 2);
  std::filesystem::resize_file(folder_.path() / "cut.tif", 16);
  corpus::Document uncounted;
  uncounted.path = "uncounted.pdf";
  uncounted.problem = Reason::encrypted;
  Documents documents{gone, cut, uncounted, book("good.tif", 4)};
  EXPECT_EQ(measure(documents), 4U);
  EXPECT_EQ(measured(*documents[0]), 0);
  EXPECT_EQ(documents[0]->pages.size(), 3U) << "they are read, and fail, later";
  EXPECT_EQ(measured(*documents[3]), 4);
}

TEST(PredictedSeconds, AreTheEnginesOwn) {
  Job job;
  corpus::Document document;
  document.pages = {{2480, 3508, corpus::Coding::g4, 50'000, 0},
                    {2480, 3508, corpus::Coding::g4, 50'000, 0}};
  const auto tesseract_s = predicted_s(job, document);
  EXPECT_GT(tesseract_s, 0);
  job.engine.name = "replay";
  job.engine.time_scale = .5;
  EXPECT_DOUBLE_EQ(predicted_s(job, document), tesseract_s / 2);
  job.engine.name = "echo";
  EXPECT_EQ(predicted_s(job, document), 0);
}

}  // namespace measuring_test
}  // namespace pecia::app
