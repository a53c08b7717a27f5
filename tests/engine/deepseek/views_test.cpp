#include "views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "engine/deepseek/crc32.hpp"
#include "engine/deepseek/made_images.hpp"
#include "engine/deepseek/ppm.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "resize.hpp"

namespace pecia::engine::deepseek {
namespace views_test {

using Json = nlohmann::json;
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

const Json& cases() {
  static const auto read =
      Json::parse(read_file(PECIA_TEST_DATA "/deepseek/golden/image_cases.json"));
  return read;
}

Bytes resized(const page::Image& image, int width, int height,
              const ResizeKernels& kernels = best_kernels()) {
  const auto bytes =
      static_cast<std::size_t>(width) * (image.format == page::PixelFormat::rgb8 ? 3 : 1);
  Bytes all;
  resize(
      image, width, height,
      [&](int, const std::uint8_t* row) { all.insert(all.end(), row, row + bytes); }, kernels);
  return all;
}

std::vector<std::uint32_t> tile_crcs(const Views& views, const ImageConfig& config) {
  const auto bytes =
      static_cast<std::size_t>(config.tile_px) * static_cast<std::size_t>(config.tile_px) * 3;
  std::vector<std::uint32_t> crcs;
  for (std::size_t at = 0; at < views.tiles.size(); at += bytes)
    crcs.push_back(crc32(std::span{views.tiles}.subspan(at, bytes)));
  return crcs;
}

ImageConfig geometry(int base_px, int tile_px) {
  ImageConfig config;
  config.base_px = base_px;
  config.tile_px = tile_px;
  return config;
}

/// Grid, global view (with fitted size and offset in it) and tiles.
void expect_views(const page::Image& image, const ImageConfig& config, const Json& expected) {
  const auto views = make_views(image, config);
  EXPECT_EQ(views.grid.columns, expected["grid"][0]);
  EXPECT_EQ(views.grid.rows, expected["grid"][1]);
  EXPECT_EQ(crc32(views.global), expected["global_crc"]);
  EXPECT_EQ(tile_crcs(views, config), expected["tile_crcs"].get<std::vector<std::uint32_t>>());
}

TEST(Resize, IsPillowsBitByBit) {
  ASSERT_EQ(cases()["resize"].size(), 15);
  for (const auto& one : cases()["resize"]) {
    const auto image = pattern_image(one["size"][0], one["size"][1]);
    for (const auto* kernels : {&best_kernels(), &plain_kernels()})
      EXPECT_EQ(crc32(resized(image, one["to"][0], one["to"][1], *kernels)), one["crc"])
          << kernels->name << one;
  }
}

TEST(Resize, ThePublishedExample) {
  const auto all = resized(pattern_image(5, 3), 8, 4);
  Bytes red;
  for (std::size_t n = 0; n < all.size(); n += 3) red.push_back(all[n]);
  EXPECT_EQ(
      red, (Bytes{0,   8,   34,  57,  80,  103, 137, 159, 49,  64,  95,  132, 170, 194, 110, 47,
                  128, 152, 178, 141, 143, 179, 100, 39,  183, 218, 232, 78,  16,  67,  113, 141}));
}

TEST(Resize, FastKernelsEqualPlainOnes) {
  if (best_kernels().name == plain_kernels().name)
    GTEST_SKIP() << "this machine has the plain kernels alone";
  const std::pair<int, int> sizes[] = {{1, 1},   {1, 7},    {9, 1},  {16, 31},
                                       {17, 64}, {200, 33}, {61, 5}, {333, 257}};
  for (const auto format :
       {page::PixelFormat::gray1, page::PixelFormat::gray8, page::PixelFormat::rgb8}) {
    for (const auto& [width, height] : sizes) {
      for (const auto& [to_width, to_height] : sizes) {
        const auto image =
            noise_image(width, height, format, static_cast<unsigned>(width * to_width));
        EXPECT_EQ(resized(image, to_width, to_height),
                  resized(image, to_width, to_height, plain_kernels()))
            << width << "x" << height << " to " << to_width << "x" << to_height << " "
            << static_cast<int>(format);
      }
    }
  }
}

TEST(Resize, GrayEqualsRgbOfTheSameLevels) {
  for (const auto format : {page::PixelFormat::gray1, page::PixelFormat::gray8}) {
    const auto gray = noise_image(123, 77, format, 5);
    for (const auto& [width, height] : {std::pair{200, 100}, {50, 77}, {123, 30}, {123, 77}}) {
      const auto levels = resized(gray, width, height);
      Bytes replicated;
      for (const auto level : levels) replicated.insert(replicated.end(), 3, level);
      EXPECT_EQ(replicated, resized(as_rgb(gray), width, height)) << width << "x" << height;
    }
  }
}

TEST(Views, OfThePatternAreTheReferences) {
  for (const auto* set : {"real", "tiny", "tiny_b"}) {
    const auto& expected = cases()[set];
    ASSERT_GE(expected["cases"].size(), 23);
    const auto config = geometry(expected["base"], expected["tile"]);
    for (const auto& one : expected["cases"]) {
      SCOPED_TRACE(set + one.dump());
      if (one.contains("rejected")) {
        EXPECT_THROW((void)make_views(pattern_image(one["size"][0], one["size"][1]), config),
                     Error);
        continue;
      }
      expect_views(pattern_image(one["size"][0], one["size"][1]), config, one);
    }
  }
}

TEST(Views, OfTheFilesAreTheReferences) {
  ASSERT_EQ(cases()["files"].size(), 30);
  for (const auto& file : cases()["files"]) {
    SCOPED_TRACE(file["file"].get<std::string>());
    const auto image = test_pixels("golden", file["file"]);
    ASSERT_EQ(
        crc32({reinterpret_cast<const std::uint8_t*>(image.pixels.data()), image.pixels.size()}),
        file["rgb_crc"]);
    expect_views(image, geometry(64, 48), file["tiny"]);
    expect_views(image, geometry(1024, 768), file["real"]);
  }
}

TEST(Views, TheOffsetIsRoundedHalfToEven) {
  // 640 x 488 is fitted to 1024 x 781: 121.5 px of border above.
  const auto views = make_views(pattern_image(640, 488), {});
  const auto gray = [&](std::size_t row) {
    return std::all_of(&views.global[row * 3072], &views.global[row * 3072] + 3072,
                       [](auto level) { return level == 127; });
  };
  EXPECT_TRUE(gray(121));
  EXPECT_FALSE(gray(122));
}

TEST(Views, GridsOfUsualPages) {
  const auto grid = [](int width, int height) {
    const auto found = choose_grid(width, height, {});
    return std::pair{found.columns, found.rows};
  };
  EXPECT_EQ(grid(768, 768), std::pair(1, 1));
  EXPECT_EQ(grid(769, 768), std::pair(2, 2));
  EXPECT_EQ(grid(1191, 1684), std::pair(2, 3));
  EXPECT_EQ(grid(1920, 1080), std::pair(2, 1));
  EXPECT_EQ(grid(800, 2400), std::pair(1, 3));
  EXPECT_EQ(grid(1, 20000), std::pair(1, 6));
  EXPECT_EQ(choose_grid(768, 100, {}).tiles(), 0);
  EXPECT_EQ(choose_grid(1000, 1000, {}).tiles(), 4);
}

TEST(Views, AnyPixelFormatAndStride) {
  const auto config = geometry(64, 48);
  for (const auto format : {page::PixelFormat::gray1, page::PixelFormat::gray8}) {
    const auto gray = noise_image(99, 131, format, 3);
    const auto views = make_views(gray, config), of_rgb = make_views(as_rgb(gray), config);
    EXPECT_EQ(views.global, of_rgb.global);
    EXPECT_EQ(views.tiles, of_rgb.tiles);
  }
  const auto image = pattern_image(70, 110);
  auto cut = image;  // the left part of a wider image
  cut.width_px = 60;
  auto exact = page::make_image(60, 110, page::PixelFormat::rgb8, 144);
  for (std::size_t y = 0; y < 110; ++y)
    std::copy_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(y * 210), 180,
                exact.pixels.begin() + static_cast<std::ptrdiff_t>(y * 180));
  EXPECT_EQ(make_views(cut, config).tiles, make_views(exact.image, config).tiles);
}

TEST(Views, OnePixel) {
  const auto views = make_views(pattern_image(1, 1), {});
  EXPECT_EQ(views.grid.tiles(), 0);
  EXPECT_TRUE(views.tiles.empty());
  for (std::size_t n = 0; n < views.global.size(); ++n) ASSERT_EQ(views.global[n], 53 * (n % 3));
}

TEST(Views, AllBlackStaysBlack) {
  const auto views =
      make_views(page::make_image(1191, 1684, page::PixelFormat::gray8, 144).image, {});
  EXPECT_TRUE(
      std::all_of(views.tiles.begin(), views.tiles.end(), [](auto level) { return level == 0; }));
  EXPECT_EQ(views.bytes(), (6 * 768 * 768 + 1024 * 1024) * 3);
}

TEST(Views, TooThinIsRefused) {
  for (const auto& [width, height] : {std::pair{1, 20000}, {20000, 1}, {1, 2048}}) {
    const auto image = page::make_image(width, height, page::PixelFormat::gray8, 144).image;
    try {
      (void)make_views(image, {});
      ADD_FAILURE() << width << "x" << height;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(),
                  HasSubstr(std::to_string(width) + " x " + std::to_string(height) + " px"));
    }
  }
  EXPECT_NO_THROW(
      (void)make_views(page::make_image(1, 2047, page::PixelFormat::gray8, 144).image, {}));
}

TEST(Views, FromManyThreads) {
  const auto image = pattern_image(300, 500);
  const auto config = geometry(320, 240);
  const auto alone = make_views(image, config);
  std::vector<std::thread> threads;
  std::vector<Views> views(8);
  for (auto& one : views) threads.emplace_back([&] { one = make_views(image, config); });
  for (auto& thread : threads) thread.join();
  for (const auto& one : views) {
    EXPECT_EQ(one.tiles, alone.tiles);
    EXPECT_EQ(one.global, alone.global);
  }
}

TEST(Views, NormalisedLevelsAreTheReferences) {
  const auto expected = cases()["normalise"]["bits"].get<std::vector<std::uint32_t>>();
  ASSERT_EQ(expected.size(), 256);
  for (std::size_t level = 0; level < 256; ++level)
    EXPECT_EQ(std::bit_cast<std::uint32_t>(normalised_levels(ImageConfig{})[level]), expected[level]) << level;
}

TEST(Views, NormalisedLevelsAreOfTheModelsMeanAndDeviation) {
  ImageConfig config;
  config.mean = 0.25;
  config.std = 0.125;
  EXPECT_FLOAT_EQ(normalised_levels(config)[0], -2.0F);
  EXPECT_FLOAT_EQ(normalised_levels(config)[255], 6.0F);
}

TEST(Rotated, TurnsClockwiseAndKeepsPageCoordinates) {
  for (const auto format :
       {page::PixelFormat::gray1, page::PixelFormat::gray8, page::PixelFormat::rgb8}) {
    auto image = noise_image(37, 21, format, 9);
    image.to_page.m = {2, .25, -.5, 3, 7, 11};
    image.page_width_px = 90;
    image.page_height_px = 80;
    const auto turned = rotated(image);
    ASSERT_EQ(turned.width_px, 21);
    ASSERT_EQ(turned.height_px, 37);
    EXPECT_EQ(turned.page_width_px, 90);
    const auto before = as_rgb(image), after = as_rgb(turned);
    for (std::size_t y = 0; y < 37; ++y) {
      for (std::size_t x = 0; x < 21; ++x) {
        for (std::size_t c = 0; c < 3; ++c)
          ASSERT_EQ(after.pixels[(y * 21 + x) * 3 + c], before.pixels[((20 - x) * 37 + y) * 3 + c]);
      }
    }
    const auto at = [](const page::Image& one, double x, double y) {
      const auto& m = one.to_page.m;
      return std::pair{m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]};
    };
    EXPECT_EQ(at(turned, 21, 0), at(image, 0, 0));  // its upper right corner was the upper left one
    EXPECT_EQ(at(turned, 4, 9), at(image, 9, 17));
  }
}

}  // namespace views_test
}  // namespace pecia::engine::deepseek
