#include <fstream>
#include <iostream>

#include "page/made_jpeg2000.hpp"
#include "page/made_office.hpp"

// write_documents FOLDER: small documents of each format, for tests that mutate them.
namespace {

using namespace pecia::test;

void write_file(const std::filesystem::path& file, const std::string& contents) {
  std::ofstream{file, std::ios::binary} << contents;
}

std::string pdf_with(const std::string& entries, const std::string& stream,
                     const std::string& contents) {
  PdfBuilder pdf;
  const auto image = pdf.add("/Type/XObject/Subtype/Image/Width 60/Height 40" + entries, stream);
  return pdf.finish("/MediaBox[0 0 120 80]", contents,
                    "/XObject<</Im " + std::to_string(image) +
                        " 0 R>>/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>");
}

void write_all(const std::filesystem::path& folder) {
  write_file(folder / "gray.jpg", make_jpeg(1));
  write_file(folder / "color.jpg", make_jpeg(3, 6));
  write_file(folder / "ink.jpg", make_jpeg(4));
  write_png(folder / "gray.png", PNG_COLOR_TYPE_GRAY, 8);
  write_png(folder / "bits.png", PNG_COLOR_TYPE_GRAY, 1);
  write_png(folder / "palette.png", PNG_COLOR_TYPE_PALETTE, 8);
  write_png(folder / "alpha.png", PNG_COLOR_TYPE_RGBA, 8);
  write_tiff(folder / "plain.tif", {.pages = 2});
  write_tiff(folder / "group4.tif", {.compression = COMPRESSION_CCITTFAX4,
                                     .photometric = PHOTOMETRIC_MINISWHITE,
                                     .bits = 1,
                                     .pages = 3});
  write_tiff(
      folder / "group3.tif",
      {.compression = COMPRESSION_CCITTFAX3, .photometric = PHOTOMETRIC_MINISWHITE, .bits = 1});
  write_tiff(folder / "lzw.tif", {.compression = COMPRESSION_LZW});
  write_tiff(folder / "deflate.tif", {.compression = COMPRESSION_ADOBE_DEFLATE, .tiled = true});
  write_tiff(folder / "palette.tif",
             {.compression = COMPRESSION_PACKBITS, .photometric = PHOTOMETRIC_PALETTE});
  write_tiff(folder / "deep.tif", {.bits = 16});
  write_tiff(folder / "jpeg.tif", {.compression = COMPRESSION_JPEG});
  for (const unsigned components : {1U, 3U, 4U})
    make_jpeg2000(folder / ("of" + std::to_string(components) + ".jp2"), components,
                  components == 4 ? Alpha::plain : Alpha::none);
  write_file(folder / "two.docx", make_docx({"one", "two"}));
  write_file(folder / "one.odt", make_odt("one"));
  const std::string whole = "q 120 0 0 80 0 0 cm /Im Do Q\n";
  const auto gray = picture_gray(), bits = picture_bits(false);
  write_file(
      folder / "jpeg.pdf",
      pdf_with("/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode", make_jpeg(1), whole));
  write_file(folder / "stored.pdf", pdf_with("/ColorSpace/DeviceGray/BitsPerComponent 8",
                                             {gray.begin(), gray.end()}, whole));
  write_file(folder / "bits.pdf", pdf_with("/ColorSpace/DeviceGray/BitsPerComponent 1",
                                           {bits.begin(), bits.end()}, whole));
  write_file(folder / "text.pdf",
             pdf_with("/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode", make_jpeg(1),
                      "BT /F 12 Tf 10 40 Td (A page of text) Tj ET\n1 0 0 RG 5 5 m 100 60 l 20 70 "
                      "30 10 90 9 c S\n" +
                          whole));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    std::filesystem::create_directories(argv[1]);
    write_all(argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "write_documents: " << error.what() << '\n';
    return 1;
  }
}
