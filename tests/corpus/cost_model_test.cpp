#include "pecia/corpus/cost_model.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <cmath>
#include <limits>
#include <random>

#include "made_pages.hpp"

namespace pecia::corpus {
namespace cost_model_test {

using testing::Each;
using testing::Ge;

constexpr auto engine = "tesseract";

/// Documents of three pages, and what their pages take by rates of the test's own.
class MadeCorpus {
 public:
  explicit MadeCorpus(double factor = 1) : factor_{factor} {}

  [[nodiscard]] Document next() {
    std::uniform_real_distribution<float> marks{5'000, 90'000}, letters{200, 6'000};
    std::vector<PageEvidence> pages;
    for (int n = 0; n < 3; ++n) pages.push_back(measured(marks(random_), letters(random_)));
    return document(fmt::format("{}.pdf", ++documents_), pages);
  }
  [[nodiscard]] double seconds(const PageEvidence& page) const {
    return factor_ * (0.1 + 40e-6 * static_cast<double>(page.transitions) +
                      50e-6 * static_cast<double>(page.components));
  }
  /// Of documents that it was not told of.
  [[nodiscard]] double mean_relative_error(const CostModel& model) {
    double sum = 0;
    constexpr int documents = 50;
    for (int n = 0; n < documents; ++n) {
      const auto page = next().pages.front();
      sum += std::abs(model.estimate_s(engine, page) / seconds(page) - 1);
    }
    return sum / documents;
  }
  void teach(CostModel& model, int documents, double loops) {
    std::bernoulli_distribution is_loop{loops};
    for (int n = 0; n < documents; ++n) {
      const auto made = next();
      for (std::uint32_t page = 0; page < made.pages.size(); ++page)
        model.learn(engine, made, page, seconds(made.pages[page]) * (is_loop(random_) ? 30 : 1));
    }
    model.refit(engine);
  }

 private:
  double factor_;
  std::mt19937 random_{7};
  int documents_ = 0;
};

TEST(CostModel, LearnsRatesAmongPagesThatLoop) {
  CostModel model;
  MadeCorpus corpus;
  corpus.teach(model, 400, 0.03);
  EXPECT_LT(corpus.mean_relative_error(model), 0.08);
}

TEST(CostModel, LearnsAMachineOfAnotherSpeedFromFewDocuments) {
  for (const double speed : {0.1, 0.5, 3.0}) {
    CostModel known;
    MadeCorpus usual;
    usual.teach(known, 1000, 0);
    const auto file = to_json(known);
    auto model = read_cost_model(file, "m.json");
    MadeCorpus other{speed};
    const double before = other.mean_relative_error(model);
    other.teach(model, 30, 0.03);
    EXPECT_LT(other.mean_relative_error(model), std::max(0.35 * before, 0.1)) << speed;
  }
}

TEST(CostModel, NeverHasNegativeRates) {
  CostModel model;
  std::mt19937 random{3};
  std::uniform_real_distribution<float> marks{0, 100'000};
  for (int n = 0; n < 500; ++n) {  // the more there is on a page, the less it takes
    const auto made = document(fmt::format("{}", n), {measured(marks(random), 100)});
    model.learn(engine, made, 0, 5 - 4e-5 * static_cast<double>(made.pages[0].transitions));
  }
  model.refit(engine);
  EXPECT_THAT(model.rates(engine), Each(Ge(0)));
}

TEST(CostModel, BoundsWhatAbsurdEvidenceGives) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinite = std::numeric_limits<float>::infinity();
  CostModel taught;
  MadeCorpus corpus{100};
  corpus.teach(taught, 300, 0.5);
  const CostModel shipped;
  for (const auto* model : {&shipped, static_cast<const CostModel*>(&taught)}) {
    for (const float side : {0.0F, -5.0F, 1.0F, 2500.0F, 1e9F, infinite, nan}) {
      for (const float marks : {-1.0F, 0.0F, 50'000.0F, 1e9F, infinite, nan}) {
        for (const std::uint64_t bytes : {0UL, 1'000'000'000UL, ~0UL}) {
          for (const auto coding : {Coding::unknown, Coding::g4, Coding::jpeg, Coding::drawn}) {
            const PageEvidence page{side, side, coding, bytes, ~0U, marks, marks, marks};
            const double seconds = model->estimate_s(engine, page);
            EXPECT_GE(seconds, CostModel::shortest_s);
            EXPECT_LE(seconds, CostModel::longest_s);
            for (const float each : model->estimate_s(engine, document("d", {page, {}, page}))) {
              EXPECT_GE(each, 0.99F * static_cast<float>(CostModel::shortest_s));
              EXPECT_LE(each, static_cast<float>(CostModel::longest_s));
            }
          }
        }
      }
    }
  }
}

TEST(CostModel, IgnoresAbsurdTimes) {
  CostModel model;
  const auto made = document("d", {measured(50'000, 2'000), measured(50'000, 2'000)});
  const double before = model.estimate_s(engine, made.pages[0]);
  for (const double seconds :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    model.learn(engine, made, 0, seconds);
  model.learn(engine, made, 2, 1);  // it has no such page
  EXPECT_EQ(model.pages_learned(engine), 0u);
  model.learn(engine, made, 0, 1e9);
  model.learn(engine, made, 0, -1e9);
  model.refit(engine);
  EXPECT_NEAR(model.estimate_s(engine, made.pages[0]), before, 0.5 * before);
}

TEST(CostModel, IsNotSpoiltByTenOddPages) {
  CostModel model;
  const auto usual = measured(50'000, 2'000);
  const double before = model.estimate_s(engine, usual);
  const auto odd = document("odd", std::vector<PageEvidence>(10, usual));
  for (std::uint32_t page = 0; page < 10; ++page) model.learn(engine, odd, page, 30 * before);
  model.refit(engine);
  const double ratio = model.estimate_s(engine, usual) / before;
  EXPECT_GT(ratio, 0.67);
  EXPECT_LT(ratio, 1.5);
}

TEST(CostModel, ExpectsOfADocumentWhatItsFinishedPagesTook) {
  CostModel model;
  const auto usual = measured(50'000, 2'000);
  const auto slow = document("slow", std::vector<PageEvidence>(40, usual));
  const auto other = document("other", std::vector<PageEvidence>(40, usual));
  const double before = model.estimate_s(engine, usual);
  model.learn(engine, slow, 0, 3 * before);
  const auto after_one = static_cast<double>(model.estimate_s(engine, slow).back());
  for (std::uint32_t page = 1; page < 20; ++page) model.learn(engine, slow, page, 3 * before);
  const auto after_many = static_cast<double>(model.estimate_s(engine, slow).back());
  EXPECT_GT(after_one, 1.2 * before);
  EXPECT_LT(after_one, 2 * before);
  EXPECT_GT(after_many, 2.6 * before);
  EXPECT_LT(after_many, 3.01 * before);
  EXPECT_NEAR(static_cast<double>(model.estimate_s(engine, other).back()), before, 1e-6);
  model.learn(engine, other, 0, 1000 * before);  // a loop
  EXPECT_LT(static_cast<double>(model.estimate_s(engine, other).back()), 2.1 * before);
}

TEST(CostModel, TakesPagesNotMeasuredToBeLikeTheirNeighbours) {
  const CostModel model;
  const PageEvidence plain{2480, 3508, Coding::jpeg, 300'000, 0};
  std::vector<PageEvidence> pages(9, plain);
  pages[2] = measured(10'000, 500);
  pages[6] = measured(90'000, 6'000);
  const auto seconds = model.estimate_s(engine, document("d", pages));
  for (const std::size_t n : {4U, 5U, 6U}) EXPECT_GT(seconds[n], seconds[n - 1]) << n;
  EXPECT_GT(seconds[0], seconds[2]);
  EXPECT_LT(seconds[8], seconds[6]);
  pages[8].compressed_bytes = 150'000;
  EXPECT_LT(model.estimate_s(engine, document("d", pages))[8], 0.7F * seconds[8]);
  pages[8].compressed_bytes = 300'000'000;
  EXPECT_LT(model.estimate_s(engine, document("d", pages))[8], 4 * seconds[6]);
}

TEST(CostModel, DoesNotTakePagesForBlankBecauseTheirMeasuredNeighbourIs) {
  const CostModel model;
  std::vector<PageEvidence> pages(5, PageEvidence{2480, 3508, Coding::drawn, 9'000, 60});
  pages[0].transitions = 45'000;
  pages[0].components = 2'500;
  pages[0].coverage = 0.05F;
  pages[3] = {2480, 3508, Coding::drawn, 75, 0, 0, 0, 0};
  const auto seconds = model.estimate_s(engine, document("d", pages));
  EXPECT_LT(seconds[3], 0.4F * seconds[0]);
  EXPECT_NEAR(static_cast<double>(seconds[2] / seconds[0]), 1, 0.15);
}

TEST(CostModel, PredictsAPageAloneAsWithinItsDocument) {
  // learn() finds neighbours by itself: the same as for all pages at once, or quality would lie.
  std::mt19937 random{5};
  std::vector<PageEvidence> pages;
  for (int n = 0; n < 200; ++n)
    pages.push_back(random() % 9 == 0
                        ? measured(static_cast<float>(random() % 90'000), 1'000)
                        : PageEvidence{2480, 3508, Coding::jpeg, random() % 500'000, 0});
  const auto made = document("d", pages);
  for (std::uint32_t page = 0; page < 200; ++page) {
    CostModel model;
    const auto expected = static_cast<double>(model.estimate_s(engine, made)[page]);
    model.learn(engine, made, page, 2 * expected);
    EXPECT_NEAR(model.quality(engine).worst.at(0).predicted_s, expected, 1e-5 * expected) << page;
  }
}

TEST(CostModel, GivesOneCostToADocumentWithoutPages) {
  EXPECT_EQ(CostModel{}.estimate_s(engine, document("broken.pdf", {})).size(), 1u);
}

TEST(CostModel, TellsADenseFromAnEmptyPageWithoutMeasurements) {
  const CostModel model;
  const auto seconds = [&](Coding coding, std::uint64_t bytes) {
    return model.estimate_s(engine, PageEvidence{2480, 3508, coding, bytes, 10});
  };
  EXPECT_GT(seconds(Coding::g4, 100'000), 1.5 * seconds(Coding::g4, 8'000));
  EXPECT_GT(seconds(Coding::drawn, 9'000), 2 * seconds(Coding::drawn, 300));
  EXPECT_GT(seconds(Coding::jpeg, 800'000), 1.3 * seconds(Coding::jpeg, 150'000));
  for (const auto other : {"deepseek_ocr2", "replay", "an engine of tomorrow"})
    EXPECT_GT(model.estimate_s(other, PageEvidence{2480, 3508, Coding::jpeg, 800'000, 0}), 0.01);
}

TEST(CostModel, StaysSmallAndQuick) {
  CostModel model;
  const auto began = std::clock();  // of processor time: others run beside it
  constexpr std::uint32_t documents = 50'000, pages = 4;
  const std::vector<PageEvidence> usual(pages, measured(50'000, 2'000));
  auto made = document("d", usual);
  for (std::uint32_t n = 0; n < documents; ++n) {
    made.id = {0x9e37'79b9'7f4a'7c15 * (n + 1)};
    made.path = std::to_string(n);
    for (std::uint32_t page = 0; page < pages; ++page) model.learn(engine, made, page, 1 + n % 5);
  }
  model.refit(engine);
  const double took_s = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  EXPECT_LT(took_s, 10) << "50 us a page, also under a sanitizer";
  EXPECT_EQ(model.pages_learned(engine), documents * pages);
  EXPECT_LT(model.memory_bytes(), 8'000'000u);
}

TEST(CostModel, IsTheSameForTheSamePages) {
  std::string first;
  for (int n = 0; n < 2; ++n) {
    CostModel model;
    MadeCorpus corpus;
    corpus.teach(model, 3000, 0.03);
    if (n == 0)
      first = to_json(model);
    else
      EXPECT_EQ(to_json(model), first);
  }
}

}  // namespace cost_model_test
}  // namespace pecia::corpus
