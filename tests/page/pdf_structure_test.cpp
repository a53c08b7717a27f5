#include <gtest/gtest.h>

#include "page/pdf_ways_fixture.hpp"

// PDFs whose pages are not where they should be, that are wrappings around something else, or that nest without end.
namespace pecia::page {
namespace pdf_structure_test {

using PdfStructureTest = PdfWaysTest;

// ---- page trees

std::string pages_with(const std::string& tree, const std::string& catalog = {}) {
  PdfBuilder pdf;
  const auto picture = pdf.add(image_entries + gray_jpeg, make_jpeg(1));
  return pdf.finish(media, whole_page, "/XObject<</Im " + std::to_string(picture) + " 0 R>>", tree,
                    catalog);
}

TEST_F(PdfStructureTest, CountsThePagesThatAreThereWhateverTheTreeSays) {
  for (const auto* count : {"1", "3", "9999999999", "-1", "(two)"}) {
    const auto lying = pages_with(std::string{"/Kids[3 0 R 3 0 R]/Count "} + count);
    EXPECT_EQ(probe(lying).pages.size(), 2U) << count;
    for (const std::uint32_t page : {1U, 2U}) {
      const auto read = image(lying, page);
      EXPECT_LT(difference(read), same) << count;
      EXPECT_THAT(details(read), HasSubstr("its page tree is not sound")) << count;
    }
  }
  const auto known = image_of({odd / "pdfjs_poppler-67295-0.pdf", corpus::Format::unknown, ""});
  EXPECT_THAT(details(known), HasSubstr("it says that it has 9999999999 pages, and 1 was found"));
}

TEST_F(PdfStructureTest, EveryPageOfALyingTreeIsRasterisedByItsOwnNumber) {
  PdfBuilder pdf;
  const auto ink = pdf.add("", "0 g 0 0 120 80 re f\n");
  const auto black =
      pdf.add("/Type/Page/Parent 2 0 R" + media + "/Contents " + std::to_string(ink) + " 0 R");
  const auto book =
      pdf.finish(media, "1 g 0 0 1 1 re f\n", "",
                 "/Count 1/Kids[3 0 R 2 0 R " + std::to_string(black) + " 0 R 3 0 R]");
  EXPECT_EQ(probe(book).pages.size(), 3U);
  EXPECT_EQ(gray_at(image(book, 1), 250, 150), 255);
  EXPECT_EQ(gray_at(image(book, 2), 250, 150), 0);
  EXPECT_EQ(gray_at(image(book, 3), 250, 150), 255);
}

TEST_F(PdfStructureTest, PopplerGetsARepairedCopyWhereItCountsOtherwise) {
  std::string kids;  // Poppler takes more pages than objects for a lie
  for (int n = 0; n < 20; ++n) kids += "3 0 R ";
  const auto book =
      PdfBuilder{}.finish(media, "0 g 0 0 120 80 re f\n", "", "/Kids[" + kids + "]/Count 20");
  EXPECT_EQ(probe(book).pages.size(), 20U);
  const auto last = image(book, 20);
  EXPECT_EQ(gray_at(last, 250, 150), 0);
  EXPECT_THAT(details(last),
              AllOf(HasSubstr("Poppler finds 0 pages in it"), HasSubstr("repair by qpdf")));
}

TEST_F(PdfStructureTest, ReadsThePagesThatATreeWithLoopsLeadsTo) {
  const auto loop = image(pages_with("/Kids[2 0 R 3 0 R 2 0 R]/Count 1"));
  EXPECT_LT(difference(loop), same);
  EXPECT_THAT(details(loop), HasSubstr("it loops"));
  const auto lost = image(pages_with("/Kids[3 0 R 99 0 R]/Count 2"));
  EXPECT_THAT(details(lost), HasSubstr("1 of its nodes is not in the file"));
}

TEST_F(PdfStructureTest, FindsPagesToWhichNoTreeLeads) {
  const auto astray = image(pages_with("/Kids[2 0 R]/Count 1"));
  EXPECT_LT(difference(astray), same);
  EXPECT_THAT(details(astray), HasSubstr("no page tree leads to its 1 page: found by their type"));
}

TEST_F(PdfStructureTest, ATreeThatLeadsToNoPageIsNamedAsTheReason) {
  const auto nowhere =
      replaced(pages_with("/Kids[2 0 R]/Count 1"), "/Type/Page/Parent", "/Type/None/Parent");
  const auto found = probe(nowhere);
  EXPECT_EQ(found.problem, Reason::page_tree) << found.problem_detail;
  EXPECT_EQ(failure(nowhere).reason, Reason::page_tree);
}

TEST_F(PdfStructureTest, ADocumentWithoutPagesSaysSo) {
  EXPECT_EQ(probe(pages_with("/Kids[]/Count 0")).problem, Reason::no_pages)
      << "what is left of a deleted page is none";
}

TEST_F(PdfStructureTest, ATreeOfManyLevelsIsFollowedToALimit) {
  const auto nested = [](int levels) {
    PdfBuilder pdf;
    int child = 3;
    for (int n = 0; n < levels; ++n)
      child = pdf.add("/Type/Pages/Count 1/Kids[" + std::to_string(child) + " 0 R]");
    return pdf.finish(media, "0 g 0 0 120 80 re f\n", "",
                      "/Count 2/Kids[3 0 R " + std::to_string(child) + " 0 R]");
  };
  EXPECT_EQ(probe(nested(400)).pages.size(), 2U);
  const auto deep = nested(2'000);
  EXPECT_EQ(probe(deep).pages.size(), 1U);
  EXPECT_THAT(details(image(deep)), HasSubstr("more than 500 levels"));
}

// ---- wrappings

TEST_F(PdfStructureTest, APortfolioIsNamedAsSuch) {
  const auto portfolio = [](const std::string& pages, const std::string& collection) {
    PdfBuilder pdf;
    const auto file = pdf.add("/Type/EmbeddedFile", "contents");
    const auto named =
        pdf.add("/Type/Filespec/F(letter.doc)/EF<</F " + std::to_string(file) + " 0 R>>");
    return pdf.finish(
        media, "0 g 0 0 120 80 re f\n", "", pages,
        collection + "/Names<</EmbeddedFiles<</Names[(a) " + std::to_string(named) + " 0 R]>>>>");
  };
  const std::string collection = "/Collection<</Type/Collection/View/D>>";
  const auto cover = probe(portfolio("/Kids[3 0 R]/Count 1", collection));
  EXPECT_EQ(cover.problem, Reason::portfolio);
  EXPECT_THAT(cover.problem_detail, HasSubstr("1 attached file (letter.doc)"));
  EXPECT_EQ(probe(portfolio("/Kids[]/Count 0", collection)).problem, Reason::portfolio);
  const auto book = image(portfolio("/Kids[3 0 R 3 0 R]/Count 2", collection), 2);
  EXPECT_EQ(gray_at(book, 250, 150), 0) << "pages of its own are read";
  EXPECT_THAT(details(book), HasSubstr("portfolio"));
  EXPECT_THAT(details(image(portfolio("/Kids[3 0 R]/Count 1", ""))), IsEmpty())
      << "attachments alone make no portfolio";
}

TEST_F(PdfStructureTest, AFormWhosePagesAViewerMakesIsNamedAsSuch) {
  const auto form = [](const std::string& page, const std::string& fields,
                       const std::string& catalog) {
    PdfBuilder pdf;
    const auto xfa = pdf.add("", "<xdp:xdp/>");
    pdf.add("/Type/Annot/Subtype/Widget/FT/Tx/T(a)/Rect[0 0 50 20]");  // 5
    return pdf.finish(
        media + page, "0 g 0 0 120 80 re f\n", "", "/Kids[3 0 R]/Count 1",
        "/AcroForm<</XFA " + std::to_string(xfa) + " 0 R/Fields[" + fields + "]>>" + catalog);
  };
  EXPECT_EQ(probe(form("", "", "")).problem, Reason::xfa_form);
  EXPECT_EQ(probe(form("", "5 0 R", "/NeedsRendering true")).problem, Reason::xfa_form);
  EXPECT_EQ(reader_.probe({odd / "ocrmypdf_livecycle.pdf", corpus::Format::unknown, ""}).problem,
            Reason::xfa_form);
  const auto of_its_own = image(form("/Annots[5 0 R]", "5 0 R", ""));
  EXPECT_EQ(gray_at(of_its_own, 250, 150), 0) << "the page of a static form is read";
  EXPECT_THAT(details(of_its_own), IsEmpty());
}

// ---- limits

/// Forms that each paint the one below so many times.
std::string nested_forms(int levels, int times, const std::string& innermost) {
  PdfBuilder pdf;
  int form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 120 80]", innermost);
  std::string paints;
  for (int n = 0; n < times; ++n) paints += "/F Do\n";
  for (int n = 0; n < levels; ++n)
    form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 120 80]/Resources<</XObject<</F " +
                       std::to_string(form) + " 0 R>>>>",
                   paints);
  return pdf.finish(media, "/F Do\n", "/XObject<</F " + std::to_string(form) + " 0 R>>");
}

TEST_F(PdfStructureTest, FormsThatNestWithoutEndAreRefusedBeforeARasteriserHangsOnThem) {
  Limits limits;
  limits.cpu_s = 15;
  Reader reader{limits};
  for (const auto* innermost : {"0 g 0 0 1 1 re f\n", "q Q\n"}) {
    const auto bomb =
        source("bomb" + std::to_string(++files_) + ".pdf", nested_forms(30, 10, innermost));
    const auto rendered = reader.render(bomb, 1, gray());
    ASSERT_TRUE(std::holds_alternative<Failure>(rendered));
    EXPECT_EQ(std::get<Failure>(rendered).reason, Reason::too_large)
        << std::get<Failure>(rendered).detail;
    EXPECT_THAT(std::get<Failure>(rendered).detail, HasSubstr("more than 10000000 operators are repeats"));
    EXPECT_EQ(reader.probe(bomb).pages.size(), 1U)
        << "it is the page's trouble and not the document's";
  }
  EXPECT_EQ(gray_at(image(nested_forms(10, 1, "0 g 0 0 120 80 re f\n")), 250, 150), 0)
      << "some nesting is usual";
}

TEST_F(PdfStructureTest, FormsNestToALimit) {
  const auto deep = failure(nested_forms(150, 1, "0 g 0 0 1 1 re f\n"));
  EXPECT_EQ(deep.reason, Reason::too_large);
  EXPECT_THAT(deep.detail, HasSubstr("deeper than 100 levels"));
}

/// A page of these contents, compressed.
std::string drawn_with(const std::string& contents) {
  PdfBuilder pdf;
  const auto stream = pdf.add("/Filter/FlateDecode", deflated(contents));
  const auto page = pdf.add("/Type/Page/Parent 2 0 R" + media + "/Contents " +
                            std::to_string(stream) + " 0 R/Resources<<>>");
  return pdf.finish(media, "n\n", "", "/Count 1/Kids[" + std::to_string(page) + " 0 R]");
}

TEST_F(PdfStructureTest, ContentsThatAreMoreThanIsLookedIntoAreLeftToTheRasteriser) {
#ifdef PECIA_SANITIZED
  GTEST_SKIP() << "instrumented, it takes minutes";
#endif
  const std::string ink = "0 g 0 0 120 80 re f\n";
  const auto long_page = drawn_with(std::string(std::size_t{257} << 20, ' ') + ink);
  EXPECT_EQ(gray_at(image(long_page), 250, 150), 0);
  std::string map;
  for (int n = 0; n < 10'100'000; ++n) map += "1 g\n";  // of many operators, and no forms
  const auto heavy = source("map.pdf", drawn_with(map + ink));
  EXPECT_EQ(gray_at(image_of(heavy), 250, 150), 0);
  EXPECT_FALSE(std::get<PageInfo>(reader_.info(heavy, 1)).text.known);
}

TEST_F(PdfStructureTest, APageLongerThanAnImageCanBeIsTooLarge) {
  const auto tape = failure(PdfBuilder{}.finish("/MediaBox[0 0 5000000 10]", "0 g 0 0 9 9 re f\n", ""));
  EXPECT_EQ(tape.reason, Reason::too_large) << tape.detail;
  EXPECT_THAT(tape.detail, HasSubstr("20833333 pixels on a side"));
  const auto thread = image(PdfBuilder{}.finish("/MediaBox[0 0 120 0.1]", "0 g 0 0 9 9 re f\n", ""));
  EXPECT_EQ(thread.page_height_px, 1);
}

TEST_F(PdfStructureTest, SaysWhichLimitAPageIsTooLargeFor) {
  const auto poster = source("poster.pdf", PdfBuilder{}.finish("/MediaBox[0 0 14000 14000]", "0 g 0 0 9 9 re f\n", ""));
  auto request = gray();
  request.longest_side_px = 5'000;
  const auto refused = std::get<Failure>(reader_.render(poster, 1, request));
  EXPECT_EQ(refused.reason, Reason::too_large);
  EXPECT_THAT(refused.detail, HasSubstr("within the limit of the engine's 5000 pixels a side it would have 26 dpi"));
  request.longest_side_px = 9'000;
  const auto smaller = image_of(poster, 1, request);
  ASSERT_EQ(smaller.steps.size(), 1U);
  EXPECT_THAT(smaller.steps[0].detail, HasSubstr("made smaller to keep within the engine's 9000 pixels a side"));
}

TEST_F(PdfStructureTest, WhereReadersCountOtherPagesNoneIsRasterisedByItsNumber) {
  // A page that is listed often and written as often in a repair, which grows beyond its limit.
  std::string kids;
  for (int n = 0; n < 400; ++n) kids += "3 0 R ";
  const auto listed = [&](const std::string& contents) {
    PdfBuilder pdf;
    const auto picture = pdf.add(image_entries + gray_jpeg, make_jpeg(1));
    return pdf.finish(media + "/Note(" + std::string(60'000, ' ') + ")", contents,
                      "/XObject<</Im " + std::to_string(picture) + " 0 R>>", "/Kids[" + kids + "]/Count 3");
  };
  const auto drawn = source("drawn.pdf", listed("0 g 0 0 120 80 re f\n"));
  EXPECT_EQ(reader_.probe(drawn).pages.size(), 400U);
  for (int n = 0; n < 2; ++n) {
    const auto why = failure_of(drawn, 2);
    EXPECT_EQ(why.reason, Reason::page_tree) << why.detail;
    EXPECT_THAT(why.detail, HasSubstr("finds 3 pages in the PDF, and PoDoFo 400"));
  }
  EXPECT_LT(difference(image(listed(whole_page), 2)), same) << "an image is handed on as ever";
}

// ---- what a document says of itself

TEST_F(PdfStructureTest, WhatIsSaidOfADocumentIsPrintableAndShort) {
  const auto mended = image(PdfBuilder{}.finish(media + "/Note<4\xFF" "4>", "0 g 0 0 120 80 re f\n", "", "/Kids[3 0 R]/Count 2"));
  EXPECT_EQ(gray_at(mended, 250, 150), 0);
  EXPECT_THAT(details(mended), AllOf(HasSubstr("after a repair by qpdf"), HasSubstr("\\xff")));
  PdfBuilder pdf;
  const auto file = pdf.add("/Type/EmbeddedFile", "contents");
  const auto named = pdf.add("/Type/Filespec/F(" + std::string(10'000, 'a') + "\n.doc)/EF<</F " + std::to_string(file) + " 0 R>>");
  const auto book = image(pdf.finish(media, "0 g 0 0 120 80 re f\n", "", "/Kids[3 0 R 3 0 R]/Count 2",
                                     "/Collection<</Type/Collection>>/Names<</EmbeddedFiles<</Names[(a) " +
                                         std::to_string(named) + " 0 R]>>>>"));
  EXPECT_THAT(details(book), HasSubstr("1 attached file (aaa"));
  EXPECT_LT(details(book).size(), 300U);
}

TEST_F(PdfStructureTest, ArraysThatNestWithoutEndCostNoChild) {
  const std::string open(200'000, '[');
  const auto in_page = pages_with("/Kids[3 0 R]/Count 1/Other " + open);
  const auto in_contents = PdfBuilder{}.finish(media, open + " 0 g 0 0 120 80 re f\n", "");
  const auto in_resources = PdfBuilder{}.finish(media, "0 g 0 0 120 80 re f\n", "/Font " + open);
  std::string dictionaries;
  for (int n = 0; n < 100'000; ++n) dictionaries += "<</A";
  const auto in_catalog = pages_with("/Kids[3 0 R]/Count 1", "/Other " + dictionaries);
  for (const auto* pdf : {&in_page, &in_contents, &in_resources, &in_catalog}) {
    const auto rendered =
        reader_.render(source("nested" + std::to_string(++files_) + ".pdf", *pdf), 1, gray());
    if (const auto* why = std::get_if<Failure>(&rendered)) {
      EXPECT_NE(why->reason, Reason::timeout) << files_;
#ifndef PECIA_SANITIZED  // these watch the stack themselves, and end the child
      EXPECT_NE(why->reason, Reason::child_crashed) << files_;
      EXPECT_FALSE(why->retriable) << files_;
#endif
    }
  }
#ifndef PECIA_SANITIZED  // these watch the stack themselves
  const auto too_deep = probe(in_catalog);
  EXPECT_EQ(too_deep.problem, Reason::too_large) << too_deep.problem_detail;
  EXPECT_THAT(too_deep.problem_detail, HasSubstr("within each other"));
#endif
}

/// Objects that a cross-reference stream names, all the same one.
std::string many_objects(std::size_t number) {
  std::string file = "%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n";
  const auto pages_at = file.size();
  file += "2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n";
  const auto page_at = file.size();
  file += "3 0 obj\n<</Type/Page/Parent 2 0 R" + media + ">>\nendobj\n";
  const auto table_at = file.size();
  std::string table;
  const auto entry = [&](std::size_t at) {
    table += {'\1', static_cast<char>(at >> 8), static_cast<char>(at & 255), '\0'};
  };
  table += std::string(4, '\0');
  for (const auto at : {std::size_t{9}, pages_at, page_at}) entry(at);
  while (table.size() < 4 * number) entry(page_at);
  const auto stream = deflated(table);
  file += std::to_string(number) + " 0 obj\n<</Type/XRef/W[1 2 1]/Size " + std::to_string(number) +
          "/Root 1 0 R/Filter/FlateDecode/Length " + std::to_string(stream.size()) + ">>stream\n" +
          stream + "\nendstream\nendobj\n";
  return file + "startxref\n" + std::to_string(table_at) + "\n%%EOF\n";
}

TEST_F(PdfStructureTest, ObjectsAreReadToALimitInNumber) {
#ifdef PECIA_SANITIZED
  GTEST_SKIP() << "instrumented, it takes minutes";
#endif
  EXPECT_EQ(probe(many_objects(1'000)).pages.size(), 1U);
  const auto most = probe(many_objects(4'100'000));
  EXPECT_EQ(most.problem, Reason::too_large) << most.problem_detail;
  EXPECT_THAT(most.problem_detail, HasSubstr("more than 4000000"));
}

}  // namespace pdf_structure_test
}  // namespace pecia::page
