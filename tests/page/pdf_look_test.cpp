#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "page/reader_fixture.hpp"

// What a viewer shows of a page is what an engine gets: layers, form fields, annotations, turned
// and cropped pages. Each page is made once over an image that could be handed on by itself, and
// once over drawings.
namespace pecia::page {
namespace pdf_look_test {

using namespace test;

/// Where something is looked for: a point of a page of 120 x 80 points, from its lower left corner.
struct Place {
  double x, y;
};

class PdfLookTest : public PageReaderTest {
 protected:
  /// A page of white paper, which is an image or not, with what `pdf` holds.
  Image look(PdfBuilder pdf, const std::string& page, const std::string& contents,
             const std::string& resources = {}, const std::string& catalog = {},
             bool over_image = true) {
    const auto paper = pdf.add(image_entries + "/ColorSpace/DeviceGray/BitsPerComponent 8",
                               std::string(2400, '\xFF'));
    const auto background = over_image ? "q 120 0 0 80 0 0 cm /Paper Do Q\n" : std::string{"n\n"};
    auto objects = resources;
    const std::string entry = "/Paper " + std::to_string(paper) + " 0 R";
    if (const auto at = objects.find("/XObject<<"); at != std::string::npos)
      objects.insert(at + 10, entry);
    else
      objects += "/XObject<<" + entry + ">>";
    return image_of(source(
        "x" + std::to_string(++files_) + ".pdf",
        pdf.finish(media + page, background + contents, objects, "/Kids[3 0 R]/Count 1", catalog)));
  }
  static int at(const Image& image, Place place) {
    return gray_at(
        image, std::min(image.width_px - 1, static_cast<int>(place.x / 120 * image.width_px)),
        std::min(image.height_px - 1, static_cast<int>((80 - place.y) / 80 * image.height_px)));
  }
  int files_ = 0;
};

constexpr Place middle{60, 40};
const std::string ink = "0 g 0 0 120 80 re f\n";
constexpr int black = 60, white = 200;  ///< darker than, lighter than

// ---- optional content

/// A layer, and the catalog's word on it.
std::pair<int, std::string> layer(PdfBuilder& pdf, const std::string& configuration) {
  const auto group = pdf.add("/Type/OCG/Name(layer)");
  const auto reference = std::to_string(group) + " 0 R";
  auto settings = configuration;
  for (auto at = settings.find('@'); at != std::string::npos; at = settings.find('@'))
    settings.replace(at, 1, reference);
  return {group, "/OCProperties<</OCGs[" + reference + "]/D<<" + settings + ">>>>"};
}

TEST_F(PdfLookTest, LayersThatAreOffByDefaultAreNotSeen) {
  const struct {
    const char* configuration;
    bool seen;
  } cases[] = {{"", true},
               {"/ON[@]", true},
               {"/OFF[@]", false},
               {"/BaseState/OFF", false},
               {"/BaseState/OFF/ON[@]", true}};
  for (const bool over_image : {true, false}) {
    for (const auto& [configuration, seen] : cases) {
      PdfBuilder pdf;
      const auto [group, catalog] = layer(pdf, configuration);
      const auto image =
          look(pdf, "", "/OC /Layer BDC\n" + ink + "EMC\n",
               "/Properties<</Layer " + std::to_string(group) + " 0 R>>", catalog, over_image);
      EXPECT_EQ(at(image, middle) < black, seen) << configuration;
    }
  }
}

TEST_F(PdfLookTest, ImagesAndFormsOfALayerThatIsOffAreNotSeen) {
  for (const bool off : {true, false}) {
    PdfBuilder pdf;
    const auto [group, catalog] = layer(pdf, off ? "/OFF[@]" : "");
    const auto picture = pdf.add(image_entries + "/ColorSpace/DeviceGray/BitsPerComponent 8/OC " +
                                     std::to_string(group) + " 0 R",
                                 std::string(2400, '\0'));
    const auto form = pdf.add(
        "/Type/XObject/Subtype/Form/BBox[0 0 120 80]/OC " + std::to_string(group) + " 0 R", ink);
    const auto seen_image =
        look(pdf, "", "q 120 0 0 80 0 0 cm /Im Do Q\n",
             "/XObject<</Im " + std::to_string(picture) + " 0 R>>", catalog, false);
    EXPECT_EQ(at(seen_image, middle) < black, !off);
    const auto seen_form =
        look(pdf, "", "/Form Do\n", "/XObject<</Form " + std::to_string(form) + " 0 R>>", catalog);
    EXPECT_EQ(at(seen_form, middle) < black, !off);
  }
}

// ---- annotations

TEST_F(PdfLookTest, StampsAreSeenUnlessTheyAreHidden) {
  const struct {
    const char* flags;
    bool seen;
  } cases[] = {{"", true},      {"/F 4", true},   {"/F 0", true},  {"/F 2", false},
               {"/F 6", false}, {"/F 32", false}, {"/F 36", false}};
  for (const bool over_image : {true, false}) {
    for (const auto& [flags, seen] : cases) {
      PdfBuilder pdf;
      const auto look_of_it = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 120 80]", ink);
      const auto stamp = pdf.add(std::string{"/Type/Annot/Subtype/Stamp/Rect[0 0 120 80]/AP<</N "} +
                                 std::to_string(look_of_it) + " 0 R>>" + flags);
      const auto image =
          look(pdf, "/Annots[" + std::to_string(stamp) + " 0 R]", "", "", "", over_image);
      EXPECT_EQ(at(image, middle) < black, seen) << flags;
    }
  }
}

TEST_F(PdfLookTest, AStampThatStandsInThePageItselfIsSeen) {
  PdfBuilder pdf;
  const auto reference = [&](const std::string& dictionary, const std::string& stream = {}) {
    return std::to_string(pdf.add(dictionary, stream)) + " 0 R";
  };
  const auto look_of_it = reference("/Type/XObject/Subtype/Form/BBox[0 0 120 80]", ink);
  const auto appearances = reference("/N " + look_of_it);
  const auto subtype = reference("/X 1");
  const auto paper = reference(image_entries + "/ColorSpace/DeviceGray/BitsPerComponent 8", std::string(2400, '\xFF'));
  auto stamped = pdf.finish(media + "/Annots[<</Type/Annot/Subtype " + subtype + "/F 4/Rect[0 0 120 80]/AP " + appearances + ">>]",
                            whole_page, "/XObject<</Im " + paper + ">>");  // which is handed on if the stamp is not found
  const std::string stands_for_it = "<</X 1>>";
  stamped.replace(stamped.find(stands_for_it), stands_for_it.size(), "/Stamp  ");
  const auto image = image_of(source("direct.pdf", stamped));
  EXPECT_LT(at(image, middle), black);
  EXPECT_TRUE(image.steps.empty()) << image.steps.front().detail;
}

TEST_F(PdfLookTest, AStampLiesWhereItsRectangleIs) {
  PdfBuilder pdf;
  const auto look_of_it =
      pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 10 10]", "0 g 0 0 10 10 re f\n");
  const auto stamp = pdf.add("/Type/Annot/Subtype/Stamp/F 4/Rect[80 50 110 70]/AP<</N " +
                             std::to_string(look_of_it) + " 0 R>>");
  const auto image = look(pdf, "/Annots[" + std::to_string(stamp) + " 0 R]", "");
  EXPECT_LT(at(image, {95, 60}), black);
  for (const Place outside : {Place{75, 60}, Place{115, 60}, Place{95, 45}, Place{95, 75}})
    EXPECT_GT(at(image, outside), white);
}

TEST_F(PdfLookTest, AnnotationsOfALayerThatIsOffAreNotSeen) {
  for (const bool off : {true, false}) {
    PdfBuilder pdf;
    const auto [group, catalog] = layer(pdf, off ? "/OFF[@]" : "");
    const auto look_of_it = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 120 80]", ink);
    const auto stamp =
        pdf.add("/Type/Annot/Subtype/Stamp/F 4/Rect[0 0 120 80]/AP<</N " +
                std::to_string(look_of_it) + " 0 R>>/OC " + std::to_string(group) + " 0 R");
    EXPECT_EQ(at(look(pdf, "/Annots[" + std::to_string(stamp) + " 0 R]", "", "", catalog), middle) <
                  black,
              !off);
  }
}

TEST_F(PdfLookTest, AnnotationsWithoutAnAppearanceAreDrawnAsViewersDo) {
  const auto with = [&](const std::string& entries) {
    PdfBuilder pdf;
    const auto note = pdf.add("/Type/Annot/F 4/Rect[20 20 100 60]" + entries);
    return look(pdf, "/Annots[" + std::to_string(note) + " 0 R]", "");
  };
  EXPECT_LT(at(with("/Subtype/Square/C[0 0 0]/IC[0 0 0]"), middle), black);
  const auto line = with("/Subtype/Line/C[0 0 0]/L[20 40 100 40]/BS<</W 8>>");
  EXPECT_LT(at(line, middle), black);
}

TEST_F(PdfLookTest, PopupsAndSignaturesWithoutASizeLeaveThePageAsItIs) {
  PdfBuilder pdf;
  const auto look_of_it = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 0 0]", "n\n");
  const auto popup = pdf.add("/Type/Annot/Subtype/Popup/Rect[0 0 50 50]");
  const auto signature = pdf.add("/Type/Annot/Subtype/Widget/FT/Sig/F 132/Rect[0 0 0 0]/AP<</N " +
                                 std::to_string(look_of_it) + " 0 R>>");
  const auto image = look(
      pdf, "/Annots[" + std::to_string(popup) + " 0 R " + std::to_string(signature) + " 0 R]", "");
  EXPECT_TRUE(image.embedded) << "the scan below is handed on";
}

// ---- forms

int dark_pixels(const Image& image) {
  int dark = 0;
  for (int y = 0; y < image.height_px; ++y)
    for (int x = 0; x < image.width_px; ++x) dark += gray_at(image, x, y) < 128;
  return dark;
}

TEST_F(PdfLookTest, FieldsShowTheirAppearance) {
  PdfBuilder pdf;
  const auto look_of_it =
      pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 80 40]", "0 g 0 0 80 40 re f\n");
  const auto field =
      pdf.add("/Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(x)/F 4/Rect[20 20 100 60]/AP<</N " +
              std::to_string(look_of_it) + " 0 R>>");
  const auto reference = std::to_string(field) + " 0 R";
  const auto image =
      look(pdf, "/Annots[" + reference + "]", "", "", "/AcroForm<</Fields[" + reference + "]>>");
  EXPECT_LT(at(image, middle), black);
  EXPECT_GT(at(image, {10, 10}), white);
}

TEST_F(PdfLookTest, ButtonsShowTheStateTheyAreIn) {
  for (const bool on : {true, false}) {
    PdfBuilder pdf;
    const auto look_on =
        pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 80 40]", "0 g 0 0 80 40 re f\n");
    const auto look_off = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 80 40]", "n\n");
    const auto state = std::string{on ? "/Yes" : "/Off"};
    const auto button = pdf.add("/Type/Annot/Subtype/Widget/FT/Btn/T(b)/V" + state + "/AS" + state +
                                "/F 4/Rect[20 20 100 60]/AP<</N<</Yes " + std::to_string(look_on) +
                                " 0 R/Off " + std::to_string(look_off) + " 0 R>>>>");
    const auto reference = std::to_string(button) + " 0 R";
    EXPECT_EQ(at(look(pdf, "/Annots[" + reference + "]", "", "",
                      "/AcroForm<</Fields[" + reference + "]>>"),
                 middle) < black,
              on);
  }
}

TEST_F(PdfLookTest, FieldsThatLeaveTheirAppearanceToTheViewerShowTheirValue) {
  for (const std::string value : {"", "MMMMMM"}) {
    for (const bool of_parent : {false, true}) {
      PdfBuilder pdf;
      const std::string entries = "/FT/Tx/T(name)/DA(/Helv 24 Tf 0 g)/V(" + value + ")";
      const auto field = pdf.add("/Type/Annot/Subtype/Widget/F 4/Rect[10 20 110 60]" +
                                 (of_parent ? std::string{"/Parent 5 0 R"} : entries));  // 4
      if (of_parent) pdf.add(entries + "/Kids[4 0 R]");                                  // 5
      const auto reference = std::to_string(field) + " 0 R";
      const auto image =
          look(pdf, "/Annots[" + reference + "]", "", "",
               "/AcroForm<</NeedAppearances true/DA(/Helv 24 Tf 0 "
               "g)/DR<</Font<</Helv<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>/Fields[" +
                   (of_parent ? std::string{"5 0 R"} : reference) + "]>>");
      EXPECT_EQ(dark_pixels(image) > 200, !value.empty()) << value << of_parent;
    }
  }
}

// ---- turned, cropped and scaled pages

/// A black square in the lower left quarter of what is seen, before it is turned.
std::string square(double x, double y) {
  return "0 g " + std::to_string(x) + " " + std::to_string(y) + " 20 20 re f\n";
}

/// Of a page in quarters, which one is dark: 0 upper left, 1 upper right, 2 lower right, 3 lower
/// left; -1 if not one alone.
int dark_quarter(const Image& image) {
  int found = -1;
  const std::pair<int, int> centers[] = {{1, 1}, {3, 1}, {3, 3}, {1, 3}};
  for (int n = 0; n < 4; ++n) {
    if (gray_at(image, image.width_px * centers[n].first / 4,
                image.height_px * centers[n].second / 4) > black)
      continue;
    if (found >= 0) return -1;
    found = n;
  }
  return found;
}

TEST_F(PdfLookTest, PagesAreTurnedAndCroppedAsAViewerDoes) {
  // The crop box [20 30 60 90] of a page of [0 0 120 160]: 40 x 60 points, with a square around its
  // lower left quarter's center.
  for (const auto& [degrees, quarter] :
       {std::pair{0, 3}, {90, 0}, {180, 1}, {270, 2}, {-90, 2}, {450, 0}, {360, 3}}) {
    PdfBuilder pdf;
    const auto page =
        "/MediaBox[0 0 120 160]/CropBox[20 30 60 90]/Rotate " + std::to_string(degrees);
    const auto turned =
        source("t" + std::to_string(++files_) + ".pdf", pdf.finish(page, square(20, 35), ""));
    const auto image = image_of(turned);
    const bool lies = quarter % 2 == 0;
    EXPECT_EQ(image.width_px, lies ? 250 : 167) << degrees;  // at 300 dpi
    EXPECT_EQ(image.height_px, lies ? 167 : 250) << degrees;
    EXPECT_EQ(dark_quarter(image), quarter) << degrees;
  }
}

TEST_F(PdfLookTest, AnImageIsTurnedAndCroppedLikeTheSamePageRasterised) {
  // The picture over the whole page, of which the crop box leaves the lower left three quarters of
  // each side.
  for (const auto* turn : {"0", "90", "180", "270"}) {
    const auto box = std::string{"/MediaBox[0 0 120 80]/CropBox[0 0 90 60]/Rotate "} + turn;
    const auto alone = source("i" + std::to_string(++files_) + ".pdf",
                              page_with(gray_jpeg, make_jpeg(1), whole_page, box));
    const auto drawn =
        source("d" + std::to_string(++files_) + ".pdf",
               page_with(gray_jpeg, make_jpeg(1), whole_page + "1 g 88 58 1 1 re f\n", box));
    auto request = gray();
    request.dpi = 36;  // the image's own pixels
    const auto embedded = image_of(alone), rasterised = image_of(drawn, 1, request);
    ASSERT_TRUE(embedded.embedded) << turn;
    ASSERT_FALSE(rasterised.embedded) << turn;
    ASSERT_EQ(embedded.width_px, rasterised.width_px) << turn;
    ASSERT_EQ(embedded.height_px, rasterised.height_px) << turn;
    double sum = 0;
    for (int y = 0; y < embedded.height_px; ++y)
      for (int x = 0; x < embedded.width_px; ++x)
        sum += std::abs(gray_at(embedded, x, y) - gray_at(rasterised, x, y));
    EXPECT_LT(sum / (embedded.width_px * embedded.height_px), 14) << turn;
  }
}

TEST_F(PdfLookTest, AnImageThatLeavesAMarginIsRasterisedOnItsOwnGrid) {
  // Its filter is left to Poppler. A line of one pixel; four points of the page's left edge are not the image's.
  std::string hex;
  for (int n = 0; n < 296 * 60; ++n) hex += n % 296 == 100 ? "00" : "FF";
  for (const std::string turn : {"", "/Rotate 90"}) {
    PdfBuilder pdf;
    const auto picture = pdf.add(
        "/Type/XObject/Subtype/Image/Width 296/Height 60/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/ASCIIHexDecode", hex + ">");
    const auto image = image_of(source("margin" + std::to_string(++files_) + ".pdf",
                                       pdf.finish("/MediaBox[0 0 300 60]" + turn, "q 296 0 0 60 4 0 cm /Im Do Q\n",
                                                  "/XObject<</Im " + std::to_string(picture) + " 0 R>>")));
    ASSERT_TRUE(image.embedded);
    ASSERT_EQ(turn.empty() ? image.width_px : image.height_px, 296);
    const auto along = [&](int n) { return turn.empty() ? gray_at(image, n, 30) : gray_at(image, 30, n); };
    EXPECT_LT(along(100), 128) << turn;  // Poppler mixes neighbours a little
    EXPECT_GT(along(99), 128) << turn;
    EXPECT_GT(along(101), 128) << turn;
  }
}

TEST_F(PdfLookTest, ATurnThatIsNoQuarterIsNone) {
  PdfBuilder pdf;
  const auto image = image_of(
      source("askew.pdf", pdf.finish("/MediaBox[0 0 120 80]/Rotate 45", square(20, 10), "")));
  EXPECT_EQ(image.width_px, 500);
  EXPECT_EQ(image.page_width_px, 500);
  EXPECT_EQ(dark_quarter(image), 3);
}

TEST_F(PdfLookTest, TurnAndCropAreInherited) {
  PdfBuilder pdf;
  const auto image = image_of(source(
      "inherited.pdf",
      pdf.finish("", square(20, 35), "",
                 "/Kids[3 0 R]/Count 1/MediaBox[0 0 120 160]/CropBox[20 30 60 90]/Rotate 90")));
  EXPECT_EQ(image.width_px, 250);
  EXPECT_EQ(dark_quarter(image), 0);
}

TEST_F(PdfLookTest, AUserUnitMakesThePageLarger) {
  PdfBuilder pdf;
  const auto drawn =
      image_of(source("unit.pdf", pdf.finish("/MediaBox[0 0 60 40]/UserUnit 2", square(5, 5), "")));
  EXPECT_EQ(drawn.width_px, 500) << "120 points at 300 dpi";
  EXPECT_EQ(drawn.height_px, 333);
  EXPECT_EQ(drawn.page_width_px, 500);
  EXPECT_LT(gray_at(drawn, 100, 250), black) << "and what is on it";
  const auto scan = image_of(
      source("unit-scan.pdf", page_with(gray_jpeg, make_jpeg(1), "q 60 0 0 40 0 0 cm /Im Do Q\n",
                                        "/MediaBox[0 0 60 40]/UserUnit 2")));
  EXPECT_TRUE(scan.embedded);
  EXPECT_NEAR(scan.dpi, 36, 0.01);
}

TEST_F(PdfLookTest, ACropBoxBeyondTheMediaBoxEndsWithIt) {
  PdfBuilder pdf;
  const auto image = image_of(source(
      "beyond.pdf", pdf.finish("/MediaBox[0 0 120 80]/CropBox[-5 -5 60 90]", square(5, 10), "")));
  EXPECT_EQ(image.width_px, 250);
  EXPECT_EQ(image.page_width_px, 250);
  EXPECT_EQ(dark_quarter(image), 3);
}

TEST_F(PdfLookTest, ACropBoxFarBeyondTheMediaBoxOrApartFromItIsTheMediaBox) {
  for (const auto* box : {"-100000 -100000 2000000 1e5", "500 500 600 600", "-50 10 0 70", "120 80 240 160"}) {
    const auto page = std::string{"/MediaBox[0 0 120 80]/CropBox["} + box + "]";
    const auto drawn = image_of(source("apart" + std::to_string(++files_) + ".pdf", PdfBuilder{}.finish(page, square(20, 10), "")));
    EXPECT_EQ(drawn.width_px, 500) << box;
    EXPECT_EQ(drawn.height_px, 333) << box;
    EXPECT_EQ(drawn.page_width_px, 500) << box;
    EXPECT_EQ(dark_quarter(drawn), 3) << box;
    const auto scan = image_of(source("apart" + std::to_string(++files_) + ".pdf", page_with(gray_jpeg, make_jpeg(1), whole_page, page)));
    EXPECT_TRUE(scan.embedded) << box;
    EXPECT_LT(difference(scan), same) << box;
  }
}

TEST_F(PdfLookTest, AnImageUnderAnotherBlendModeIsLeftToTheRasteriser) {
  PdfBuilder pdf;
  const auto picture = std::to_string(pdf.add(image_entries + gray_jpeg, make_jpeg(1)));
  const auto under = [&](const std::string& mode) {
    auto copy = pdf;
    return source(
        "blend" + std::to_string(++files_) + ".pdf",
        copy.finish(media, "q /Mode gs 120 0 0 80 0 0 cm /Im Do Q\n",
                    "/XObject<</Im " + picture + " 0 R>>/ExtGState<</Mode<</BM/" + mode + ">>>>"));
  };
  EXPECT_FALSE(is_embedded(under("Difference")));
  EXPECT_TRUE(is_embedded(under("Multiply"))) << "over white it looks like the image";
}

}  // namespace pdf_look_test
}  // namespace pecia::page
