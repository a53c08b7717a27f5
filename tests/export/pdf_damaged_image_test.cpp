#include <gmock/gmock.h>

#include <set>

#include "export/pdf_fixture.hpp"

namespace pecia::exporting {
namespace pdf_damaged_image_test {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int strip_rows = 16;  ///< as `write_tiff` has them
constexpr int last_strip = (picture_height - 1) / strip_rows;
constexpr std::uint32_t no_entry = 0;

std::uint32_t number(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t n = 0; n < size; ++n) value |= std::uint32_t{static_cast<unsigned char>(bytes.at(at + n))} << (8 * n);
  return value;
}

void put_number(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t n = 0; n < 4; ++n) bytes.at(at + n) = static_cast<char>(value >> (8 * n));
}

/// Where the directory of `page`, from 1, stands in a TIFF of libtiff's.
std::uint32_t directory_of(const std::string& bytes, int page) {
  auto at = number(bytes, 4, 4);
  while (--page > 0) at = number(bytes, at + 2 + 12 * number(bytes, at, 2), 4);
  return at;
}

std::uint32_t entry_of(const std::string& bytes, int page, std::uint32_t tag) {
  const auto directory = directory_of(bytes, page);
  for (std::uint32_t n = 0; n < number(bytes, directory, 2); ++n)
    if (const auto entry = directory + 2 + 12 * n; number(bytes, entry, 2) == tag) return entry;
  return no_entry;
}

/// TIFFs with damaged pages, of which the run knows nothing.
class PdfDamagedImageTest : public PdfTest {
 protected:
  std::string tiff(const TiffOptions& options) {
    write_tiff(folder_.path() / "made.tif", options);
    return read_file(folder_.path() / "made.tif");
  }

  /// Overwrites a strip, or tile, of a page with what is no code.
  static void spoil(std::string& bytes, int page, int strip) {
    const bool tiled = entry_of(bytes, page, TIFFTAG_TILEOFFSETS) != no_entry;
    const auto value = [&](std::uint32_t tag) {
      const auto entry = entry_of(bytes, page, tag);
      const std::size_t size = number(bytes, entry + 2, 2) == TIFF_SHORT ? 2 : 4;
      const auto at = size * number(bytes, entry + 4, 4) > 4 ? number(bytes, entry + 8, 4) : entry + 8;
      return number(bytes, at + size * static_cast<std::size_t>(strip), size);
    };
    const auto offset = value(tiled ? TIFFTAG_TILEOFFSETS : TIFFTAG_STRIPOFFSETS);
    const auto size = value(tiled ? TIFFTAG_TILEBYTECOUNTS : TIFFTAG_STRIPBYTECOUNTS);
    std::fill_n(bytes.begin() + offset, size, '\xFF');
  }

  /// The picture in gray, its samples next to each other or in planes; opaque.
  static void write_colours(const std::filesystem::path& file, int photometric, int samples, bool planes, bool opacity) {
    TIFF* tiff = TIFFOpen(file.c_str(), "w");
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, picture_width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, picture_height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_LZW);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, strip_rows);
    const std::uint16_t opaque = EXTRASAMPLE_UNASSALPHA;
    if (opacity) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &opaque);
    const auto sample = [&](int n, int x, int y) {
      const bool is_opacity = opacity && n + 1 == samples;
      return static_cast<std::uint8_t>(is_opacity ? 255 : photometric == PHOTOMETRIC_RGB ? picture(x, y) : 255 - picture(x, y));
    };
    for (int plane = 0; plane < (planes ? samples : 1); ++plane) {
      for (int y = 0; y < picture_height; ++y) {
        std::vector<std::uint8_t> row;
        for (int x = 0; x < picture_width; ++x)
          for (int n = 0; n < (planes ? 1 : samples); ++n) row.push_back(sample(planes ? plane : n, x, y));
        TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(plane));
      }
    }
    TIFFClose(tiff);
  }

  PdfResult write_pages(const std::string& bytes, std::uint32_t pages, const PdfSettings& settings = {}) {
    std::vector<PdfPage> all(pages);
    for (std::uint32_t n = 0; n < pages; ++n) all[n].number = n + 1;
    return write(source("in.tif", bytes), all, settings, "out" + std::to_string(written_++) + ".pdf");  // the reader keeps one open
  }

  /// Whether a page is the picture, but for what is white in these strips. `most`: the mean difference to it: Poppler
  /// blurs the edges of what has opacity, and has a black of its own for inks.
  void expect_picture_without(const std::set<int>& strips, std::uint32_t page, double most = 0) {
    const auto image = image_of(written(), page, {});
    ASSERT_EQ(image.width_px, picture_width);
    ASSERT_EQ(image.height_px, picture_height);
    double sum = 0;
    for (int y = 0; y < picture_height; ++y)
      for (int x = 0; x < picture_width; ++x)
        sum += std::abs(gray_at(image, x, y) - (strips.contains(y / strip_rows) ? 255 : picture(x, y)));
    EXPECT_LE(sum / (picture_width * picture_height), most) << "page " << page;
  }

  std::vector<double> sizes_of_page(int page) {
    QPDF made;
    made.processFile(out_.c_str());
    auto box = QPDFPageDocumentHelper{made}.getAllPages().at(static_cast<std::size_t>(page) - 1).getMediaBox();
    return {box.getArrayItem(2).getNumericValue(), box.getArrayItem(3).getNumericValue()};
  }

 private:
  int written_ = 0;
};

TEST_F(PdfDamagedImageTest, AStripThatCannotBeDecodedIsWhiteAndItsPageIsNamed) {
  const std::vector<TiffOptions> kinds{{.compression = COMPRESSION_LZW},
                                       {.compression = COMPRESSION_ADOBE_DEFLATE, .photometric = PHOTOMETRIC_MINISWHITE},
                                       {.compression = COMPRESSION_LZW, .photometric = PHOTOMETRIC_PALETTE},
                                       {.compression = COMPRESSION_ADOBE_DEFLATE, .bits = 16},
                                       {.compression = COMPRESSION_LZW, .bits = 1},
                                       {.compression = COMPRESSION_LZW, .photometric = PHOTOMETRIC_MINISWHITE, .bits = 1}};
  for (std::size_t n = 0; n < kinds.size(); ++n) {
    SCOPED_TRACE(n);
    auto options = kinds[n];
    options.pages = 3;
    auto bytes = tiff(options);
    spoil(bytes, 2, 1);

    const auto result = write_pages(bytes, 3);

    EXPECT_THAT(result.warnings, ElementsAre("page 2: parts cannot be decoded, and are white in the PDF"));
    EXPECT_EQ(check(out_), "");
    expect_picture_without({}, 1);
    expect_picture_without({1}, 2);
    expect_picture_without({}, 3);
  }
}

TEST_F(PdfDamagedImageTest, APageOfWhichNothingCanBeDecodedIsBlankAndAsLargeAsItWas) {
  auto bytes = tiff({.compression = COMPRESSION_LZW, .pages = 3});
  for (int strip = 0; strip <= last_strip; ++strip) spoil(bytes, 2, strip);

  const auto result = write_pages(bytes, 3);

  EXPECT_THAT(result.warnings, ElementsAre("page 2 is blank in the PDF: its pixels cannot be decoded"));
  expect_picture_without({0, 1, 2}, 2);
  EXPECT_EQ(sizes_of_page(2), sizes_of_page(1));
  expect_picture_without({}, 3);
}

TEST_F(PdfDamagedImageTest, ATileThatCannotBeDecodedIsWhite) {
  auto bytes = tiff({.compression = COMPRESSION_LZW, .tiled = true, .pages = 2});
  spoil(bytes, 1, 0);

  EXPECT_THAT(write_pages(bytes, 2).warnings, ElementsAre("page 1 is blank in the PDF: its pixels cannot be decoded"));
  expect_picture_without({0, 1, 2}, 1);
  expect_picture_without({}, 2);
}

TEST_F(PdfDamagedImageTest, WhiteIsWhiteInEveryKindOfColour) {
  struct Kind {
    int photometric, samples;
    bool planes, opacity;
  };
  constexpr Kind kinds[] = {{PHOTOMETRIC_RGB, 3, false, false}, {PHOTOMETRIC_RGB, 3, true, false},
                            {PHOTOMETRIC_RGB, 4, false, true},  {PHOTOMETRIC_RGB, 4, true, true},
                            {PHOTOMETRIC_SEPARATED, 4, false, false}, {PHOTOMETRIC_SEPARATED, 5, false, true}};
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind.photometric * 10 + kind.samples);
    const bool exact = kind.photometric == PHOTOMETRIC_RGB && !kind.opacity;
    const auto file = folder_.path() / "colours.tif";
    write_colours(file, kind.photometric, kind.samples, kind.planes, kind.opacity);
    auto bytes = read_file(file);
    (void)write_pages(bytes, 1);
    expect_picture_without({}, 1, exact ? 0 : same);
    spoil(bytes, 1, 1);

    EXPECT_EQ(write_pages(bytes, 1).warnings.size(), 1U);
    expect_picture_without({1}, 1, exact ? 0 : same);
  }
}

TEST_F(PdfDamagedImageTest, APageThatIsTooLargeToBeDecodedIsBlankAndNotCalledDamaged) {
  auto bytes = tiff({.tiled = true, .pages = 2});
  const auto entry = entry_of(bytes, 1, TIFFTAG_TILELENGTH);
  bytes[entry + 2] = TIFF_LONG;
  put_number(bytes, entry + 8, 1U << 25);

  EXPECT_THAT(write_pages(bytes, 2).warnings,
              ElementsAre("page 1 is blank in the PDF: its tiles or strips are so large that 2147 MB have to be decoded at once"));
  expect_picture_without({}, 2);
}

TEST_F(PdfDamagedImageTest, ADamagedPageIsTheSameWhenItIsWrittenTwice) {
  auto bytes = tiff({.compression = COMPRESSION_LZW, .pages = 2});
  spoil(bytes, 2, 1);

  (void)write_pages(bytes, 2, {.linearize = true});

  EXPECT_EQ(check(out_), "");
  expect_picture_without({1}, 2);
}

TEST_F(PdfDamagedImageTest, AStripThatWouldBeTakenAsItIsButIsCutOffIsBlank) {
  for (const bool jpeg : {false, true}) {
    auto bytes = jpeg ? tiff({.compression = COMPRESSION_JPEG, .pages = 2})
                      : tiff({.compression = COMPRESSION_CCITTFAX4, .photometric = PHOTOMETRIC_MINISWHITE, .bits = 1, .pages = 2});
    const auto height = static_cast<std::uint32_t>(picture_height), beyond = static_cast<std::uint32_t>(bytes.size());
    put_number(bytes, entry_of(bytes, 2, TIFFTAG_ROWSPERSTRIP) + 8, height);
    for (const auto tag : {TIFFTAG_STRIPOFFSETS, TIFFTAG_STRIPBYTECOUNTS}) {
      const auto entry = entry_of(bytes, 2, static_cast<std::uint32_t>(tag));
      bytes[entry + 2] = TIFF_LONG;
      put_number(bytes, entry + 4, 1);
      put_number(bytes, entry + 8, beyond);
    }

    const auto result = write_pages(bytes, 2);

    EXPECT_THAT(result.warnings, ::testing::Contains("page 2 is blank in the PDF: its pixels cannot be decoded"));
    expect_picture_without({0, 1, 2}, 2);
  }
}

TEST_F(PdfDamagedImageTest, APageBehindABrokenChainIsBlank) {
  auto bytes = tiff({.compression = COMPRESSION_LZW, .pages = 3});
  bytes[entry_of(bytes, 2, TIFFTAG_IMAGELENGTH)] = TIFFTAG_IMAGEWIDTH & 0xFF;  // a directory that libtiff does not go past
  ASSERT_EQ(reader_.count_pages(source("in.tif", bytes)).pages.size(), 2U) << "by the run: what is behind it is one page";

  const auto result = write_pages(bytes, 2);

  EXPECT_THAT(result.warnings, ElementsAre("page 2 is blank in the PDF: the chain of pages is broken in front of it"));
  EXPECT_EQ(sizes_of_page(2), sizes_of_page(1));
  expect_picture_without({}, 1);
}

TEST_F(PdfDamagedImageTest, ADocumentOfNothingButBlankPagesIsNone) {
  auto bytes = tiff({.compression = COMPRESSION_LZW, .pages = 2});
  for (const int page : {1, 2})
    for (int strip = 0; strip <= last_strip; ++strip) spoil(bytes, page, strip);

  EXPECT_THROW((void)write_pages(bytes, 2), std::runtime_error);
}

TEST_F(PdfDamagedImageTest, ARefusalNamesThePage) {
  auto bytes = tiff({.pages = 3});
  put_number(bytes, entry_of(bytes, 2, TIFFTAG_PHOTOMETRIC) + 8, PHOTOMETRIC_CIELAB);

  try {
    (void)write_pages(bytes, 3);
    FAIL();
  } catch (const pdf::Refusal& refusal) {
    EXPECT_THAT(refusal.what(), HasSubstr("page 2: a TIFF of a kind that is not made a PDF"));
  }
}

TEST_F(PdfDamagedImageTest, PagesThatFailedAreAsLargeAsTheirFilesSay) {
  write_png(folder_.path() / "in.png", PNG_COLOR_TYPE_GRAY, 8);  // its 300 dpi are what is taken for want of any, too
  write_tiff(folder_.path() / "one.tif", {});
  std::string centimetres = make_jpeg(1);
  const auto unit_at = centimetres.find("JFIF") + 7;
  centimetres[unit_at] = 2;
  centimetres[unit_at + 2] = 100;
  for (const auto& from : {source("in.jpg", make_jpeg(1)), source("cm.jpg", centimetres), source("in.png"), source("one.tif")}) {
    auto page = page_of(from, {});
    ASSERT_NE(page.dpi, 0) << from.file;
    (void)write(from, {page});
    const auto read = sizes_of_page(1);

    PdfPage failed;
    failed.number = 1;
    (void)write(from, {failed});

    EXPECT_EQ(sizes_of_page(1), read) << from.file;
  }
}

}  // namespace pdf_damaged_image_test
}  // namespace pecia::exporting
