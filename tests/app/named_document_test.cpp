#include "named_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "pecia/base/error.hpp"

namespace named_document_test {

using namespace pecia;
using testing::AllOf;
using testing::HasSubstr;

const std::vector<std::string> paths{"a/book.pdf", "a/notebook.pdf", "b/book.pdf", "b/register 1650.tif", "odd\n.pdf"};

std::string refusal(const std::string& named) {
  try {
    return "it was taken: " + app::named_document(paths, named);
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(NamedDocument, IsAPathTheEndOfOneOrAGlob) {
  EXPECT_EQ(app::named_document(paths, "a/book.pdf"), "a/book.pdf");
  EXPECT_EQ(app::named_document(paths, "register 1650.tif"), "b/register 1650.tif");
  EXPECT_EQ(app::named_document(paths, "1650.tif"), "b/register 1650.tif");
  EXPECT_EQ(app::named_document(paths, "*1650*"), "b/register 1650.tif");
  EXPECT_EQ(app::named_document(paths, "odd\\x0a.pdf"), "odd\n.pdf") << "as it is printed";
}

TEST(NamedDocument, IsRatherAWholeNameThanAPartOfOne) { EXPECT_EQ(app::named_document(paths, "notebook.pdf"), "a/notebook.pdf"); }

TEST(NamedDocument, NamesThoseThatMayBeMeant) {
  EXPECT_THAT(refusal("book.pdf"), AllOf(HasSubstr("'book.pdf' may be any of 2 documents"), HasSubstr("\n  a/book.pdf\n  b/book.pdf")));
  EXPECT_THAT(refusal("b/*"), HasSubstr("may be any of 2 documents"));
}

TEST(NamedDocument, NamesNearOnes) {
  EXPECT_THAT(refusal("registr 1650.tif"), HasSubstr("Did you mean:\n  b/register 1650.tif"));
  EXPECT_THAT(refusal("register"), HasSubstr("Did you mean:\n  b/register 1650.tif"));
  EXPECT_THAT(refusal("something else entirely"), HasSubstr("(it has 5 documents)"));
}

}  // namespace named_document_test
