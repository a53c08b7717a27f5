#include "crops.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "images.hpp"
#include "pecia/page/reader.hpp"
#include "support/temp_folder.hpp"

namespace pecia::app {
namespace {

/// A page's own pixels: 0 black to 255 white.
std::vector<std::byte> bytes_of(const page::Image& image, int x0, int y0, int x1, int y1) {
  std::vector<std::byte> bytes;
  const int depth = image.format == page::PixelFormat::rgb8 ? 3 : 1;
  for (int y = y0; y < y1; ++y) {
    const auto row = image.pixels.subspan(static_cast<std::size_t>(y) * image.stride_bytes);
    for (int x = x0 * depth; x < x1 * depth; ++x) bytes.push_back(row[static_cast<std::size_t>(x)]);
  }
  return bytes;
}

page::Image rendered(const std::filesystem::path& file) {
  page::Reader reader;
  const auto decoded = reader.render({file, corpus::Format::png, ""}, 1, {});
  if (const auto* failure = std::get_if<page::Failure>(&decoded)) throw Error{failure->detail};
  return std::get<page::Image>(decoded);
}

class Crops : public testing::Test {
 protected:
  Crops() {
    job_.corpus.root = std::string{PECIA_SOURCE_DIR} + "/jobs/sample/loose";
    corpus::Document document;
    document.id = {7};
    document.path = "scan.png";
    document.format = corpus::Format::png;
    document.pages.resize(1);
    manifest_ = corpus::Manifest{{document}};
    document_ = {{7}, "scan.png", {}};
    page_.number = 1;
  }

  std::vector<exporting::Picture> crop(const std::vector<result::Box>& boxes) {
    return crop_from_documents(job_, manifest_)(document_, page_, boxes);
  }

  Job job_;
  corpus::Manifest manifest_;
  merge::Document document_;
  merge::Page page_;
};

TEST_F(Crops, AreThePagesOwnPixels) {
  const auto image = rendered(job_.corpus.root / "scan.png");
  ASSERT_NE(image.format, page::PixelFormat::gray1);
  const auto pictures = crop({{10.5F, 20, 60, 50.2F}, {-5, -5, 3, 3}, {1e6F, 1e6F, 2e6F, 2e6F}});
  ASSERT_EQ(pictures.size(), 3U);
  EXPECT_EQ(pictures[0].width_px, 50);
  EXPECT_EQ(pictures[0].height_px, 31);
  EXPECT_EQ(pictures[0].pixels, bytes_of(image, 10, 20, 60, 51));
  EXPECT_EQ(pictures[1].width_px, 3);
  EXPECT_TRUE(pictures[2].pixels.empty()) << "it lies outside";

  // As a file it is what it was.
  const test::TempFolder folder;
  const auto file = folder.write("cut.png", exporting::to_png(pictures[0]));
  const auto again = rendered(file);
  ASSERT_EQ(again.width_px, 50);
  ASSERT_EQ(again.height_px, 31);
  EXPECT_EQ(bytes_of(again, 0, 0, 50, 31), pictures[0].pixels);
}

TEST_F(Crops, OfADocumentThatIsGoneAreNone) {
  job_.corpus.root = "/nowhere";
  EXPECT_TRUE(crop({{1, 2, 3, 4}}).empty());
}

}  // namespace
}  // namespace pecia::app
