#pragma once

#include "content_parts.hpp"
#include "export/pdf_fixture.hpp"

namespace pecia::test {

inline constexpr const char* letter = "/MediaBox[0 0 300 200]";

/// What becomes of the text and the look of pages that have some already.
class PdfLayerTest : public PdfTest {
 protected:
  Source with(const std::string& contents, const std::string& more = {}) {
    PdfBuilder pdf;
    const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding");
    const auto image = pdf.add(image_entries + gray_jpeg, make_jpeg(1));
    return source("in.pdf",
                  pdf.finish(letter, contents,
                             "/Font<</F " + std::to_string(font) + " 0 R>>/XObject<</Im " + std::to_string(image) + " 0 R" + more + ">>"));
  }
  PdfPage ours(const Source& from, PdfPage::Act act = PdfPage::Act::replace) {
    auto page = page_of(from, {});
    page.lines = {line_of({word_at("ours", .1F * page.width_px, .4F * page.height_px, .4F * page.width_px, .55F * page.height_px)})};
    page.act = act;
    return page;
  }
  void expect_same_look(const Source& from) {
    for (const double dpi : {100.0, 300.0}) EXPECT_EQ(look(from.file, dpi), look(out_, dpi)) << dpi;
  }
  /// Of the first page, decoded.
  static std::string contents_of(const std::filesystem::path& file) {
    QPDF pdf;
    pdf.processFile(file.c_str());
    return exporting::pdf::bytes_of(QPDFPageDocumentHelper{pdf}.getAllPages().at(0));
  }
  const std::string painted_ = "q 300 0 0 200 0 0 cm /Im Do Q\n";
};

}  // namespace pecia::test
