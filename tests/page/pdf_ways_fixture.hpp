#pragma once

#include <gmock/gmock.h>

#include "page/reader_fixture.hpp"

namespace pecia::page {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

inline const std::filesystem::path odd = std::filesystem::path{PECIA_TEST_DATA} / "odd";

inline std::string picture_page() { return page_with(gray_jpeg, make_jpeg(1)); }

inline std::string replaced(std::string text, const std::string& old, const std::string& now) {
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), now);
}

inline std::string details(const Image& image) {
  std::string all;
  for (const auto& step : image.steps) {
    EXPECT_EQ(step.what, "pdf");
    all += step.detail + "\n";
  }
  return all;
}

class PdfWaysTest : public PageReaderTest {
 protected:
  Probe probe(const std::string& pdf) {
    return reader_.probe(source("x" + std::to_string(++files_) + ".pdf", pdf));
  }
  Failure failure(const std::string& pdf) {
    return failure_of(source("x" + std::to_string(++files_) + ".pdf", pdf));
  }
  Image image(const std::string& pdf, std::uint32_t page = 1, const std::string& password = {}) {
    return image_of(source("x" + std::to_string(++files_) + ".pdf", pdf, password), page);
  }
  int files_ = 0;
};

}  // namespace pecia::page
