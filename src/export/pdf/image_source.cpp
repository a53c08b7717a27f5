#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <qpdf/QPDFPageDocumentHelper.hh>

#include "../gaps.hpp"
#include "content_walk.hpp"
#include "image_file.hpp"
#include "maker.hpp"
#include "metadata.hpp"
#include "numbers.hpp"
#include "page_place.hpp"
#include "pdfa.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "text_content.hpp"

namespace pecia::exporting::pdf {
namespace {

constexpr double usual_dpi = 300;                       ///< of files that say none
constexpr double longest_pt = 14'400, shortest_pt = 3;  ///< of a page's sides (ISO 32000-1, annex C)

std::unique_ptr<ImageFile> open_file(corpus::Format format, std::shared_ptr<const SourceFile> file) {
  switch (format) {
    case corpus::Format::jpeg:
      return open_jpeg(std::move(file));
    case corpus::Format::jpeg2000:
      return open_jpeg2000(std::move(file));
    case corpus::Format::png:
      return open_png(std::move(file));
    case corpus::Format::tiff:
      return open_tiff(std::move(file));
    default:
      throw Refusal{fmt::format("documents of the format {} are not made PDFs", name(format))};
  }
}

/// The unit square on which PDF paints an image -> the page, as its orientation turns and mirrors it.
Affine painted(int orientation, double width, double height) {
  switch (orientation) {
    case 2:
      return {-width, 0, 0, height, width, 0};
    case 3:
      return {-width, 0, 0, -height, width, height};
    case 4:
      return {width, 0, 0, -height, 0, height};
    case 5:
      return {0, -height, -width, 0, width, height};
    case 6:
      return {0, -height, width, 0, 0, height};
    case 7:
      return {0, height, width, 0, 0, 0};
    case 8:
      return {0, height, -width, 0, width, 0};
    default:
      return {width, 0, 0, height, 0, 0};
  }
}

std::unique_ptr<QPDF> empty_pdf() {
  auto pdf = std::make_unique<QPDF>();
  pdf->emptyPDF();
  return pdf;
}

/// Images as the pages of a PDF that is made for them.
class ImageSource final : public Maker {
 public:
  ImageSource(UniqueFd source, const PdfOrder& order)
      : settings_{order.settings}, file_{open_file(order.format, std::make_shared<SourceFile>(std::move(source)))} {
    if (const auto pages = file_->pages(); pages != order.pages)
      throw Refusal{fmt::format("{} found in it, and the run has read {}: a PDF with text would put it on the wrong pages",
                                plural(pages, "page") + (pages == 1 ? " is" : " are"), order.pages)};
    result_.pages = order.pages;
    auto info = QPDFObjectHandle::newDictionary();
    if (!order.title.empty()) info.replaceKey("/Title", QPDFObjectHandle::newUnicodeString(order.title));
    info.replaceKey("/Producer", QPDFObjectHandle::newUnicodeString(fmt::format("pecia {}", version())));
    pdf_.getTrailer().replaceKey("/Info", pdf_.makeIndirectObject(info));
    note_gaps(pdf_, order.gaps);
  }

  void add(const PdfPage& page) override {
    require(page.number >= 1 && page.number <= result_.pages, "a page that the document does not have");
    const auto image = image_of(page.number);
    pages_decoded_ += image.jpeg_decoded ? 1 : 0;
    const bool turned = image.orientation >= 5 && image.orientation <= 8;
    const double width_px = turned ? image.height_px : image.width_px, height_px = turned ? image.width_px : image.height_px;
    // Of pages that it has not read the run knows none.
    double dpi = page.dpi > 0 ? static_cast<double>(page.dpi) : image.dpi > 0 ? image.dpi : usual_dpi;
    dpi = std::max(dpi, std::max(width_px, height_px) * 72 / longest_pt);
    dpi = std::min(dpi, std::min(width_px, height_px) * 72 / shortest_pt);
    const double width = width_px * 72 / dpi, height = height_px * 72 / dpi;
    std::string operators;
    auto resources = QPDFObjectHandle::parse("<</XObject<<>>>>");
    if (image.lost.empty()) {
      operators = fmt::format("q {} cm /Image Do Q\n", numbers(painted(image.orientation, width, height)));
      resources.getKey("/XObject").replaceKey("/Image", image.object);
    } else {
      blank_[image.lost].push_back(page.number);
    }
    put_text(page, width_px, height_px, dpi, operators, resources);
    auto object = QPDFObjectHandle::parse(fmt::format("<</Type/Page/MediaBox[0 0 {} {}]>>", number(width, 4), number(height, 4)));
    object.replaceKey("/Resources", resources);
    object.replaceKey("/Contents", compressed_stream(pdf_, operators));
    const QPDFPageObjectHelper made{pdf_.makeIndirectObject(object)};
    QPDFPageDocumentHelper{pdf_}.addPage(made, false);
    check_for_pdfa(page, made, image);
  }

  PdfResult finish(int out) override {
    tell_of_lost_text(result_, font_);
    if (pages_decoded_ > 0)
      result_.warnings.push_back(
          fmt::format("JPEG in strips or tiles on {}: they are one image in the PDF, decoded; nothing is lost, but it is larger",
                      plural(pages_decoded_, "page")));
    if (result_.pages_with_text > 0) font_.finish();
    result_.pdfa = settings_.pdfa && result_.not_pdfa.empty();
    if (result_.pdfa) make_pdfa(pdf_);
    result_.bytes = write_pdf(pdf_, {true, true, settings_.linearize, result_.pdfa}, out);
    tell_of_lost_pixels();
    result_.status = PdfResult::Status::written;
    return result_;
  }

 private:
  /// What is wrong with it names its page.
  StoredImage image_of(std::uint32_t number) {
    try {
      return file_->image(pdf_, number - 1);
    } catch (const Refusal& refusal) {
      throw Refusal{fmt::format("page {}: {}", number, refusal.what())};
    }
  }

  /// When it is written: images are decoded on their way. Throws if there is nothing but blank pages.
  void tell_of_lost_pixels() {
    const auto lost = file_->lost();
    if (!lost.whole.empty()) blank_["its pixels cannot be decoded"] = lost.whole;
    std::size_t pages = 0;
    for (const auto& [why, numbers] : blank_) {
      pages += numbers.size();
      result_.warnings.push_back(fmt::format("{} {} blank in the PDF: {}", pages_named(numbers), numbers.size() == 1 ? "is" : "are", why));
    }
    if (pages == result_.pages) throw std::runtime_error{blank_.begin()->first};
    if (!lost.in_part.empty())
      result_.warnings.push_back(fmt::format("{}: parts cannot be decoded, and are white in the PDF", pages_named(lost.in_part)));
  }

  static std::string pages_named(const std::vector<std::uint32_t>& numbers) {
    return fmt::format("{} {}", numbers.size() == 1 ? "page" : "pages", ranges_of(numbers));
  }

  void put_text(const PdfPage& page, double width_px, double height_px, double dpi, std::string& operators, QPDFObjectHandle& resources) {
    if (page.act == PdfPage::Act::leave) return;
    if (page.lines.empty()) {
      result_.pages_without_places += page.unplaced_lines > 0 ? 1 : 0;
      return;
    }
    PageView view;
    view.x0 = view.y0 = 0;
    view.x1 = width_px * 72 / dpi;
    view.y1 = height_px * 72 / dpi;
    auto read = page;
    read.dpi = static_cast<float>(dpi);
    const auto place = place_of(read, view, std::nullopt);
    if (!place)
      throw Refusal{fmt::format("page {} has {} x {} pixels, and the run read {} x {}: the document is another one", page.number, width_px,
                                height_px, page.width_px, page.height_px)};
    const auto text = text_content(read, *place, "Pecia", font_);
    operators += text.operators;
    auto fonts = QPDFObjectHandle::newDictionary();
    fonts.replaceKey("/Pecia", font_.object());
    resources.replaceKey("/Font", fonts);
    ++result_.pages_with_text;
    result_.words += text.words;
    result_.lines_without_places += page.unplaced_lines;
  }

  void check_for_pdfa(const PdfPage& page, QPDFPageObjectHelper made, const StoredImage& image) {
    if (!settings_.pdfa || !result_.not_pdfa.empty()) return;
    KnownForms none;
    const auto obstacle = page.failed              ? may_be_damaged
                          : image.obstacle.empty() ? obstacle_of_page(made, contents_of(made, none), true)
                                                   : image.obstacle;
    if (!obstacle.empty()) result_.not_pdfa = fmt::format("page {}: {}", page.number, obstacle);
  }

  PdfSettings settings_;
  std::unique_ptr<ImageFile> file_;
  std::unique_ptr<QPDF> owned_ = empty_pdf();
  QPDF& pdf_ = *owned_;
  GlyphlessFont font_{pdf_};
  PdfResult result_;
  std::uint32_t pages_decoded_ = 0;
  std::map<std::string, std::vector<std::uint32_t>> blank_;  ///< by what is wrong with them
};

}  // namespace

std::string image_keys(std::uint32_t width_px, std::uint32_t height_px, int bits) {
  return fmt::format("/Type/XObject/Subtype/Image/Width {}/Height {}/BitsPerComponent {}", width_px, height_px, bits);
}

QPDFObjectHandle color_space(QPDF& pdf, int components, const std::string& icc) {
  constexpr std::size_t space_at = 16;
  const std::string_view wanted = components == 1 ? "GRAY" : components == 3 ? "RGB " : "CMYK";
  if (icc.size() > icc_header_bytes && std::string_view{icc}.substr(space_at, 4) == wanted && icc[8] <= 4) {
    auto profile = compressed_stream(pdf, icc);
    profile.getDict().replaceKey("/N", QPDFObjectHandle::newInteger(components));
    return QPDFObjectHandle::newArray({QPDFObjectHandle::newName("/ICCBased"), profile});
  }
  return QPDFObjectHandle::newName(components == 1 ? "/DeviceGray" : components == 3 ? "/DeviceRGB" : "/DeviceCMYK");
}

std::unique_ptr<Maker> open_image(UniqueFd source, const PdfOrder& order) {
  return std::make_unique<ImageSource>(std::move(source), order);
}

}  // namespace pecia::exporting::pdf
