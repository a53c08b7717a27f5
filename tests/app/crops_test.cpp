#include "crops.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "images.hpp"
#include "pecia/page/reader.hpp"
#include "support/temp_folder.hpp"

namespace pecia::app {
namespace crops_test {

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
    list("scan.png", corpus::Format::png);
    page_.number = 1;
  }

  /// A document of one page, as a run lists it.
  corpus::Document& list(const std::string& path, corpus::Format format) {
    struct stat status {};
    EXPECT_EQ(::stat((job_.corpus.root / path).c_str(), &status), 0);
    listed_.id = {7};
    listed_.path = path;
    listed_.format = format;
    listed_.size_bytes = static_cast<std::uint64_t>(status.st_size);
    listed_.modified_ns = static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
    listed_.pages.resize(1);
    manifest_ = corpus::Manifest{{listed_}};
    document_ = {{7}, path, {}};
    return listed_;
  }

  std::vector<exporting::Picture> crop(const std::vector<result::Box>& boxes) {
    return crop_from_documents(job_, manifest_)(document_, page_, boxes);
  }

  Job job_;
  corpus::Document listed_;
  corpus::Manifest manifest_;
  merge::Document document_;
  merge::Page page_;
};

TEST_F(Crops, OfAnEncryptedDocumentNeedTheJobFileWhichHasThePassword) {
  job_.corpus.root = std::filesystem::path{PECIA_TEST_DATA} / "odd";
  list("podofo_AESV2-128.pdf", corpus::Format::pdf);
  for (const bool of_run : {true, false}) {
    job_.of_run = of_run;
    testing::internal::CaptureStderr();
    EXPECT_TRUE(crop({{0, 0, 10, 10}}).empty());
    const auto said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("encrypted ("), std::string::npos) << said;
    EXPECT_EQ(said.find("name the job file in place of the run") != std::string::npos, of_run) << said;
  }
  job_.passwords.all = "userpass";
  EXPECT_EQ(crop({{0, 0, 10, 10}}).size(), 1U);
}

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
  const pecia::test::TempFolder folder;
  const auto file = folder.write("cut.png", exporting::to_png(pictures[0]));
  const auto again = rendered(file);
  ASSERT_EQ(again.width_px, 50);
  ASSERT_EQ(again.height_px, 31);
  EXPECT_EQ(bytes_of(again, 0, 0, 50, 31), pictures[0].pixels);
}

TEST_F(Crops, OfADocumentThatHasChangedAreNone) {
  list("scan.png", corpus::Format::png).modified_ns += 1;
  manifest_ = corpus::Manifest{{listed_}};
  testing::internal::CaptureStderr();

  EXPECT_TRUE(crop({{0, 0, 10, 10}}).empty());

  EXPECT_NE(testing::internal::GetCapturedStderr().find("its time of modification is another one"), std::string::npos);
}

TEST_F(Crops, OfADocumentThatIsGoneAreNone) {
  job_.corpus.root = "/nowhere";
  EXPECT_TRUE(crop({{1, 2, 3, 4}}).empty());
}

}  // namespace crops_test
}  // namespace pecia::app
