#include "pdf_repair.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "page/made_documents.hpp"
#include "raster.hpp"

namespace pecia::page {
namespace pdf_repair_test {

using testing::HasSubstr;

std::string made() {
  return test::PdfBuilder{}.finish("/MediaBox[0 0 120 80]", "0 g 0 0 120 80 re f\n", "",
                                   "/Kids[3 0 R 3 0 R]/Count 7");
}

/// The refusal of a repair within these limits.
PageError refusal(const std::string& pdf, const RepairLimits& limits) {
  try {
    (void)repair_pdf(std::as_bytes(std::span{pdf}), "", limits);
  } catch (const PageError& error) {
    return error;
  }
  return {Reason::none, "it was repaired"};
}

TEST(PdfRepair, WritesATreeOfOneLevelWithEveryPage) {
  const auto pdf = made();
  const auto repaired = repair_pdf(std::as_bytes(std::span{pdf}), "");
  EXPECT_EQ(repaired.pages, 2U);
  const std::string text{reinterpret_cast<const char*>(repaired.bytes.data()),
                         repaired.bytes.size()};
  EXPECT_THAT(text, HasSubstr("/Count 2"));
  EXPECT_EQ(repaired.encryption, "");
  EXPECT_FALSE(repaired.pages_by_type);
}

TEST(PdfRepair, IsGivenUpBeyondItsLimits) {
  RepairLimits no_time, small, no_growth;
  no_time.cpu_s = 0;
  small.largest_bytes = 100;
  const auto late = refusal(made(), no_time), large = refusal(made(), small);
  EXPECT_EQ(late.reason, Reason::unreadable);
  EXPECT_THAT(late.what(), HasSubstr("the repair took more than 0 s"));
  EXPECT_EQ(large.reason, Reason::unreadable);
  EXPECT_THAT(large.what(), HasSubstr("are not repaired"));
  // What is named once for many pages is written once for each of them.
  const std::string stream(4000, ' ');
  test::PdfBuilder shared;
  std::string kids;
  for (int n = 0; n < 400; ++n) kids += "3 0 R ";
  const auto many = shared.finish("/MediaBox[0 0 120 80]/Note(" + stream + ")", "n\n", "",
                                  "/Kids[" + kids + "]/Count 400");
  no_growth.most_growth_bytes = 0;
  EXPECT_THAT(refusal(many, no_growth).what(), HasSubstr("the repaired PDF has more than"));
  EXPECT_EQ(refusal(many, {}).reason, Reason::none);
}

}  // namespace pdf_repair_test
}  // namespace pecia::page
