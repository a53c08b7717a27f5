#include <fmt/format.h>

#include <cmath>
#include <new>
#include <optional>

#include "document.hpp"
#include "pdf_page.hpp"
#include "poppler_raster.hpp"

namespace pecia::page {
namespace {

constexpr double page_dpi = 300;  ///< of page coordinates, for pages that are not one image

/// PoDoFo for structure and embedded images, Poppler for everything that must be rasterised and for
/// documents that PoDoFo refuses.
class PdfDocument final : public Document {
 public:
  PdfDocument(std::span<const std::byte> bytes, const std::string& password) : bytes_{bytes}, password_{password} {
    open_structure();
    if (!pages_.empty() || poppler().pages() > 0) return;
    if (document_) throw PageError{Reason::no_pages, "the PDF is sound, but has no page"};
    throw PageError{Reason::unreadable, "the PDF is damaged or cut off: no page could be found in it"};
  }

  std::vector<corpus::PageEvidence> evidence() override {
    std::vector<corpus::PageEvidence> all(page_count());
    for (std::uint32_t page = 1; page <= all.size(); ++page) {
      try {
        all[page - 1] = evidence_of(page);
      } catch (const PageError&) {
        // stays unknown; reading the page will say what is wrong with it
      } catch (const PoDoFo::PdfError&) {
      } catch (const std::bad_alloc&) {
      }
    }
    return all;
  }

  std::vector<corpus::PageEvidence> pages_without_evidence() override {
    return std::vector<corpus::PageEvidence>(page_count());
  }

  std::vector<std::uint32_t> chapters() override {
    if (pages_.empty()) return {};
    try {
      return chapters_of(*document_, pages_);
    } catch (const PoDoFo::PdfError&) {
    } catch (const std::bad_alloc&) {
    }
    return {};  // a broken outline is no problem of the document
  }

  PageInfo info(std::uint32_t page) override {
    PageInfo info;
    const auto& plan = plan_for(page);
    info.coding = plan.coding;
    info.embedded = plan.image.has_value();
    info.width_px = plan.image ? plan.image->width_px() : plan.width_pt * page_dpi / 72;
    info.height_px = plan.image ? plan.image->height_px() : plan.height_pt * page_dpi / 72;
    info.page_dpi = plan.image ? plan.image->dpi : page_dpi;
    return info;
  }

  PageRaster render(std::uint32_t page, const ImageRequest& request, std::uint64_t max_pixels) override {
    const auto plan = plan_for(page);
    if (plan.image) return render_image(page, plan, request, max_pixels);
    return rasterise(page, plan, request, max_pixels);
  }

 private:
  struct Plan {
    std::uint32_t page = 0;
    double width_pt = 0, height_pt = 0;  ///< as seen, user units applied
    corpus::Coding coding = corpus::Coding::drawn;
    std::optional<PageImage> image;  ///< the page is this one image
    std::uint64_t compressed_bytes = 0;
    std::uint32_t text_operators = 0;
    double user_unit = 1;
  };

  [[nodiscard]] std::uint32_t page_count() {
    return pages_.empty() ? poppler().pages() : static_cast<std::uint32_t>(pages_.size());
  }

  PopplerPdf& poppler() {
    if (!poppler_) poppler_.emplace(bytes_, password_);
    return *poppler_;
  }

  void open_structure() {
    try {
      document_.emplace();
      try {
        document_->LoadFromBuffer(reinterpret_cast<const char*>(bytes_.data()), static_cast<long>(bytes_.size()));
      } catch (const PoDoFo::PdfError& error) {
        if (error.GetError() != PoDoFo::ePdfError_InvalidPassword || password_.empty()) throw;
        document_->SetPassword(password_);  // goes on loading
      }
      pages_ = collect_pages(*document_);
    } catch (const PoDoFo::PdfError&) {
      pages_.clear();
      document_.reset();  // Poppler's word counts, on the password too
    }
  }

  const Plan& plan_for(std::uint32_t page) {
    if (page < 1 || page > page_count()) throw PageError{Reason::unreadable, fmt::format("the document has no page {}", page)};
    if (plan_ && plan_->page == page) return *plan_;
    Plan plan;
    plan.page = page;
    if (pages_.empty()) {
      const auto size = poppler().size(page);
      plan.width_pt = size.width_pt;
      plan.height_pt = size.height_pt;
      plan.coding = corpus::Coding::unknown;
    } else {
      describe(pages_[page - 1], plan);
    }
    plan_ = plan;
    return *plan_;
  }

  static void describe(const PdfPageNode& node, Plan& plan) {
    const bool turned = node.rotate % 180 != 0;
    plan.user_unit = node.user_unit;
    plan.width_pt = (turned ? node.crop.height() : node.crop.width()) * node.user_unit;
    plan.height_pt = (turned ? node.crop.width() : node.crop.height()) * node.user_unit;
    try {
      const auto painting = painting_of(node);
      plan.text_operators = painting.text_operators;
      plan.compressed_bytes = painting.images.empty() ? painting.content_bytes : painting.image_bytes;
      plan.image = page_image(node, painting);
      if (painting.images.size() == 1) plan.coding = coding_of(*painting.images.front().object);
      if (painting.images.size() > 1) plan.coding = corpus::Coding::mixed;
    } catch (const PoDoFo::PdfError&) {
      plan.coding = corpus::Coding::unknown;  // to be rasterised
    }
  }

  corpus::PageEvidence evidence_of(std::uint32_t page) {
    const auto about = info(page);
    const auto& plan = plan_for(page);
    corpus::PageEvidence evidence;
    evidence.width_px = static_cast<float>(about.width_px);
    evidence.height_px = static_cast<float>(about.height_px);
    evidence.coding = plan.coding;
    evidence.compressed_bytes = plan.compressed_bytes;
    evidence.text_operators = plan.text_operators;
    return evidence;
  }

  PageRaster render_image(std::uint32_t page, const Plan& plan, const ImageRequest& request, std::uint64_t max_pixels) {
    const auto& image = *plan.image;
    std::optional<Raster> raster;
    try {
      raster = decode_pdf_image(*image.object, request.pixels == ImageRequest::Pixels::gray, max_pixels, request.exact);
    } catch (const PageError& error) {
      if (error.reason == Reason::too_large) throw;  // else a rasteriser may be more forgiving
    } catch (const PoDoFo::PdfError&) {
    }
    if (!raster) return rasterise_on_grid(page, plan, request, max_pixels);
    *raster = oriented(std::move(*raster), image.orientation);
    // The stream may have more pixels, or fewer, than its dictionary says: it fills the same place.
    const double x_ratio = static_cast<double>(raster->width_px) / image.across_px;
    const double y_ratio = static_cast<double>(raster->height_px) / image.down_px;
    const auto at = [](int pixel, double ratio) { return static_cast<int>(std::lround(pixel * ratio)); };
    *raster = cropped(std::move(*raster), at(image.crop_x0, x_ratio), at(image.crop_y0, y_ratio), at(image.crop_x1, x_ratio),
                      at(image.crop_y1, y_ratio));
    raster->dpi = image.dpi * x_ratio;
    auto made = finished(std::move(*raster), {}, request);
    made.page_width_px = image.width_px();
    made.page_height_px = image.height_px();
    made.page_dpi = image.dpi;
    return made;
  }

  /// The page's image as Poppler decodes it, pixel for pixel.
  PageRaster rasterise_on_grid(std::uint32_t page, const Plan& plan, const ImageRequest& request, std::uint64_t max_pixels) {
    const auto& image = *plan.image;
    const int reduction = request.exact ? 1 : 2;
    const double x_dpi = image.width_px() / plan.width_pt * 72 * plan.user_unit / reduction;
    const double y_dpi = image.height_px() / plan.height_pt * 72 * plan.user_unit / reduction;
    const bool bits = plan.coding == corpus::Coding::jbig2 || plan.coding == corpus::Coding::g3 || plan.coding == corpus::Coding::g4;
    const bool bilevel = bits && request.exact;
    const bool color = !bits && request.exact && request.pixels != ImageRequest::Pixels::gray;
    auto raster = poppler().render(page, x_dpi, y_dpi, color, false, max_pixels);
    if (bilevel) raster = to_bilevel(raster);
    raster = cropped(std::move(raster), 0, 0, image.width_px() / reduction, image.height_px() / reduction);
    raster.dpi = image.dpi / reduction;
    raster.reduction = reduction;
    auto made = finished(std::move(raster), {}, request);
    made.page_width_px = image.width_px();
    made.page_height_px = image.height_px();
    made.page_dpi = image.dpi;
    return made;
  }

  PageRaster rasterise(std::uint32_t page, const Plan& plan, const ImageRequest& request, std::uint64_t max_pixels) {
    const int reduction = request.exact ? 1 : 2;
    const double dpi = (request.dpi > 0 ? request.dpi : page_dpi) / reduction;
    auto raster = poppler().render(page, dpi * plan.user_unit, dpi * plan.user_unit,
                                   request.exact && request.pixels != ImageRequest::Pixels::gray, true, max_pixels);
    raster.dpi = dpi;
    raster.reduction = reduction;
    auto made = finished(std::move(raster), {}, request);
    made.page_width_px = std::round(plan.width_pt * page_dpi / 72);
    made.page_height_px = std::round(plan.height_pt * page_dpi / 72);
    made.page_dpi = page_dpi;
    made.embedded = false;
    return made;
  }

  std::span<const std::byte> bytes_;
  std::string password_;
  std::optional<PoDoFo::PdfMemDocument> document_;
  std::vector<PdfPageNode> pages_;  ///< empty: only Poppler could open the document
  std::optional<PopplerPdf> poppler_;
  std::optional<Plan> plan_;  ///< of the page asked for last
};

}  // namespace

std::unique_ptr<Document> open_pdf(std::span<const std::byte> bytes, const std::string& password) {
  return std::make_unique<PdfDocument>(bytes, password);
}

}  // namespace pecia::page
