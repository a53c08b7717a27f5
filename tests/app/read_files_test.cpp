#include "read_files.hpp"

#include <gtest/gtest.h>

#include "pecia/base/error.hpp"

namespace pecia::app {
namespace read_files_test {

std::string text_of(const std::vector<PageRange>& ranges) {
  std::string text;
  for (const auto& range : ranges)
    text += std::to_string(range.first) + "-" + std::to_string(range.last) + " ";
  return text;
}

TEST(PagesToRead, AreNamedByNumbersAndRanges) {
  EXPECT_EQ(text_of(parse_pages("")), "");
  EXPECT_EQ(text_of(parse_pages("7")), "7-7 ");
  EXPECT_EQ(text_of(parse_pages("3-5,1,9-9")), "3-5 1-1 9-9 ");
}

TEST(PagesToRead, AreRefusedWhereTheyMakeNoSense) {
  for (const auto* text :
       {"0", "5-3", "a", "3-", "-3", "1,,2", "1,", ",1", "1 2", "99999999999", "1-2-3"})
    EXPECT_THROW((void)parse_pages(text), UsageError) << text;
}

}  // namespace read_files_test
}  // namespace pecia::app
