#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "page/reader_fixture.hpp"

// Pages and documents that need more memory than there is, and what they are said to have failed for.
namespace pecia::page {
namespace memory_test {

using namespace test;
using MemoryTest = test::PageReaderTest;

TEST_F(MemoryTest, ASmallImageTakesLittleMemory) {
  Limits limits;
  limits.memory_bytes = std::uint64_t{700} << 20;
  Reader reader{limits};
  const auto entries = "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter[/FlateDecode/DCTDecode]";
  const auto rendered = reader.render(source("small.pdf", page_with(entries, deflated(test::make_jpeg(1)))), 1, gray());
  EXPECT_TRUE(std::holds_alternative<Image>(rendered)) << std::get<Failure>(rendered).detail;
}

TEST_F(MemoryTest, AnotherAttemptGetsTheTimeAndTheMemoryThatItIsPromised) {
  Limits limits;
  limits.memory_bytes = std::uint64_t{1} << 30;
  Reader reader{limits};
  const auto large = source("large.jpg", test::make_jpeg(1));
  std::filesystem::resize_file(large.file, std::uintmax_t{3} << 29);  // sparse
#ifndef PECIA_SANITIZED  // no memory limit there
  EXPECT_EQ(std::get<Failure>(reader.info(large, 1)).reason, Reason::out_of_memory);
#endif
  EXPECT_TRUE(std::holds_alternative<PageInfo>(reader.info(large, 1, 4)));
  EXPECT_EQ(reader.probe(large, 4).pages.size(), 1U);
}

#ifndef PECIA_SANITIZED  // no memory limit there
TEST_F(MemoryTest, ADecoderWithoutMemorySaysSoAndNotThatTheFileIsDamaged) {
  // All coefficients of a progressive JPEG are in memory: 20,000 x 20,000 of 2 bytes each.
  auto jpeg = test::make_jpeg(1);
  const auto frame = jpeg.find("\xFF\xC0");  // marker, length, bits of a sample, height, width
  ASSERT_NE(frame, std::string::npos);
  jpeg[frame + 1] = '\xC2';
  for (const std::size_t side : {5U, 7U}) jpeg.replace(frame + side, 2, "\x4E\x20");
  Limits limits;
  limits.memory_bytes = std::uint64_t{700} << 20;
  Reader reader{limits};
  const auto failure = std::get<Failure>(reader.render(source("large.jpg", jpeg), 1, gray()));
  EXPECT_EQ(failure.reason, Reason::out_of_memory) << failure.detail;
}

TEST_F(MemoryTest, ARankWithoutMemoryDoesNotBlameItsChild) {
  auto request = gray();
  request.dpi = 4000;  // 30 MB
  const auto page = source("page.pdf", test::PdfBuilder{}.finish(media, "0 0 60 40 re f\n", ""));
  ASSERT_TRUE(std::holds_alternative<Image>(reader_.render(page, 1, request)));
  const auto child = reader_.child_pid();
  std::size_t pages = 0;
  std::ifstream{"/proc/self/statm"} >> pages;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  const rlimit tight{pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{8} << 20), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &tight), 0);
  const auto rendered = reader_.render(page, 1, request);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  ASSERT_TRUE(std::holds_alternative<Failure>(rendered));
  EXPECT_EQ(std::get<Failure>(rendered).reason, Reason::out_of_memory) << std::get<Failure>(rendered).detail;
  EXPECT_EQ(reader_.child_pid(), child);
}
#endif

TEST_F(MemoryTest, NamesTheLimitAFileDoesNotFitIn) {
  Limits limits;
  limits.memory_bytes = std::uint64_t{1} << 30;
  Reader reader{limits};
  const auto huge = source("huge.pdf", "%PDF-1.4\n");
  std::filesystem::resize_file(huge.file, std::uintmax_t{3} << 30);  // sparse
#ifndef PECIA_SANITIZED  // no memory limit there
  EXPECT_EQ(reader.probe(huge).problem, Reason::out_of_memory);
#endif
}

}  // namespace memory_test
}  // namespace pecia::page
