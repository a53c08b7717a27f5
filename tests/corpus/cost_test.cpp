#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pecia/corpus/manifest.hpp"

namespace pecia::corpus {
namespace {

constexpr Coding all_codings[] = {Coding::unknown, Coding::none,  Coding::flate, Coding::lzw,
                                  Coding::jpeg,    Coding::g3,    Coding::g4,    Coding::jpeg2000,
                                  Coding::jbig2,   Coding::mixed, Coding::drawn};

TEST(CostEstimate, OfAPageOfWhichNothingIsKnownIsThatOfAUsualPage) {
  EXPECT_DOUBLE_EQ(estimate_cost_s({}), 1.2);
  EXPECT_DOUBLE_EQ(estimate_cost_s({2480, 3508, Coding::unknown, 0, 0}), 1.2);
}

TEST(CostEstimate, IsPositiveAndBoundedWhateverTheEvidence) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const auto coding : all_codings) {
    for (const float side : {0.0F, -1.0F, 1.0F, 1e4F, 1e30F, infinity, nan}) {
      for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        const double cost = estimate_cost_s({side, side, coding, bytes, ~0U});
        EXPECT_GT(cost, 0) << name(coding) << ' ' << side << ' ' << bytes;
        EXPECT_LE(cost, 30) << name(coding) << ' ' << side << ' ' << bytes;
      }
    }
  }
}

TEST(CostEstimate, NeverFallsWithMorePixelsOrBytes) {
  for (const auto coding : all_codings) {
    if (coding == Coding::unknown) continue;
    double before = 0;
    for (float side = 100; side < 30'000; side *= 1.5F) {
      const double cost = estimate_cost_s({side, side, coding, 50'000, 10});
      EXPECT_GE(cost, before) << name(coding) << ' ' << side;
      before = cost;
    }
    before = 0;
    for (std::uint64_t bytes = 0; bytes < 5'000'000; bytes = bytes * 3 / 2 + 1) {
      const double cost = estimate_cost_s({2480, 3508, coding, bytes, 10});
      EXPECT_GE(cost, before) << name(coding) << ' ' << bytes;
      before = cost;
    }
  }
}

TEST(CostEstimate, TellsADenseFromAnEmptyPage) {
  const auto g4 = [](std::uint64_t bytes) {
    return estimate_cost_s({2592, 3508, Coding::g4, bytes, 0});
  };
  EXPECT_GT(g4(100'000), 2 * g4(8'000));
  const auto drawn = [](std::uint64_t bytes) {
    return estimate_cost_s({2480, 3508, Coding::drawn, bytes, 50});
  };
  EXPECT_GT(drawn(9'000), 3 * drawn(300));
  const auto jpeg = [](std::uint64_t bytes) {
    return estimate_cost_s({1600, 2900, Coding::jpeg, bytes, 0});
  };
  EXPECT_GT(jpeg(800'000), 2 * jpeg(150'000));
}

TEST(CostEstimate, IsNearTheMeasuredCostOfUsualPages) {
  // CPU seconds of Tesseract, measured on pages near the middle of their class.
  struct Measured {
    PageEvidence page;
    double seconds;
  };
  const Measured pages[] = {{{2480, 3508, Coding::drawn, 18'174, 82}, 2.11},
                            {{2550, 3300, Coding::drawn, 10'883, 89}, 2.04},
                            {{1749, 2481, Coding::jpeg, 249'122, 0}, 0.60},
                            {{2592, 3508, Coding::g4, 57'594, 0}, 0.87},
                            {{1078, 1920, Coding::jpeg, 478'823, 0}, 0.84},
                            {{1593, 2923, Coding::jpeg, 810'784, 0}, 1.28},
                            {{1071, 1938, Coding::jpeg2000, 311'272, 0}, 1.44}};
  for (const auto& [page, seconds] : pages) {
    const double ratio = estimate_cost_s(page) / seconds;
    EXPECT_GT(ratio, 0.5) << name(page.coding) << ' ' << page.compressed_bytes;
    EXPECT_LT(ratio, 2) << name(page.coding) << ' ' << page.compressed_bytes;
  }
}

}  // namespace
}  // namespace pecia::corpus
