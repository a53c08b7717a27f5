#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <new>
#include <optional>

#include "document.hpp"
#include "pdf_destinations.hpp"
#include "pdf_open.hpp"
#include "pdf_page.hpp"
#include "pdf_text.hpp"

namespace pecia::page {
namespace {

constexpr double least_dpi = 40;  ///< at which large print can still be read; no page is rasterised smaller
constexpr double page_dpi = 300;  ///< of page coordinates, for pages that are not one image

/// PoDoFo for structure and embedded images, Poppler for everything that must be rasterised and for
/// documents that PoDoFo refuses.
class PdfDocument final : public Document {
 public:
  PdfDocument(std::span<const std::byte> bytes, const std::string& password) : opened_{bytes, password} {}

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

  Parts parts() override {
    Parts parts;
    if (opened_.pages().empty()) return parts;
    auto& document = opened_.document();
    Destinations destinations{document, opened_.pages()};
    if_sound([&] { parts.chapters = chapters_of(document, destinations); });
    if_sound([&] { parts.outline.entries = outline_of(document, destinations); });
    if_sound([&] { parts.outline.labels = page_labels_of(document, opened_.pages().size()); });
    return parts;
  }

  PageInfo info(std::uint32_t page) override {
    PageInfo info;
    const auto& plan = plan_for(page);
    info.coding = plan.coding;
    info.embedded = plan.image.has_value();
    info.width_px = plan.image ? plan.image->width_px() : plan.width_pt * page_dpi / 72;
    info.height_px = plan.image ? plan.image->height_px() : plan.height_pt * page_dpi / 72;
    info.page_dpi = plan.image ? plan.image->dpi : page_dpi;
    info.text = plan.text;
    return info;
  }

  PageRaster render(std::uint32_t page, const ImageRequest& request, std::uint64_t max_pixels) override {
    const auto plan = plan_for(page);
    auto made = plan.image ? render_image(page, plan, request, max_pixels) : rasterise(page, plan, request, max_pixels);
    auto steps = opened_.steps();
    if (!plan.damage.empty())
      steps.push_back({"pdf", fmt::format("PoDoFo cannot read the page's contents ({}); Poppler alone rasterises it", plan.damage)});
    made.steps.insert(made.steps.begin(), steps.begin(), steps.end());
    return made;
  }

  TextLayer text_layer(std::uint32_t page, bool look, std::uint64_t max_pixels) override {
    const auto about = info(page);
    if (!about.text.may_be_text()) return {};
    const auto& plan = plan_for(page);
    const auto place = plan.image ? std::optional{plan.image->place} : std::nullopt;
    auto layer = pecia::page::text_layer(poppler(), page, about, place, plan.user_unit, look ? max_pixels : 0);
    layer.steps = opened_.steps();
    record_poppler(layer.steps);
    return layer;
  }

 private:
  struct Plan {
    std::uint32_t page = 0;
    double width_pt = 0, height_pt = 0;  ///< as seen, user units applied
    corpus::Coding coding = corpus::Coding::drawn;
    std::optional<PageImage> image;  ///< the page is this one image
    std::uint64_t compressed_bytes = 0;
    std::uint32_t text_operators = 0;
    TextSigns text;
    double user_unit = 1;
    std::string damage;  ///< why the page's contents could not be looked into
  };

  [[nodiscard]] std::uint32_t page_count() { return opened_.page_count(); }
  /// A broken outline is no problem of the document.
  static void if_sound(const std::function<void()>& read) {
    try {
      read();
    } catch (const PoDoFo::PdfError&) {
    } catch (const std::bad_alloc&) {
    }
  }
  PopplerPdf& poppler() { return opened_.poppler(); }
  /// Only of what Poppler makes: else a page would tell whether another one was rasterised before it.
  void record_poppler(Steps& steps) const { steps.insert(steps.end(), opened_.poppler_steps().begin(), opened_.poppler_steps().end()); }

  const Plan& plan_for(std::uint32_t page) {
    if (page < 1 || page > page_count()) throw PageError{Reason::unreadable, fmt::format("the document has no page {}", page)};
    if (plan_ && plan_->page == page) return *plan_;
    Plan plan;
    plan.page = page;
    if (opened_.pages().empty()) {
      const auto size = poppler().size(page);
      plan.width_pt = size.width_pt;
      plan.height_pt = size.height_pt;
      plan.coding = corpus::Coding::unknown;
      plan.text.known = false;
    } else {
      describe(opened_.pages()[page - 1], plan);
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
      plan.text = painting.text;
      plan.compressed_bytes = painting.images.empty() ? painting.content_bytes : painting.image_bytes;
      plan.damage = painting.damage;
      plan.image = page_image(node, painting);
      if (painting.images.size() == 1) plan.coding = coding_of(*painting.images.front().object);
      if (painting.images.size() > 1) plan.coding = corpus::Coding::mixed;
    } catch (const PoDoFo::PdfError& error) {
      plan.coding = corpus::Coding::unknown;  // to be rasterised
      plan.damage = reason_of(error);
      plan.text.known = false;
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
    const auto wanted = decoding_of(request, max_pixels, image.orientation);
    std::optional<Raster> raster;
    try {
      raster = decode_pdf_image(*image.object, wanted);
    } catch (const PageError& error) {
      if (error.reason == Reason::too_large) throw;  // else a rasteriser may be more forgiving
    } catch (const PoDoFo::PdfError&) {
    }
    if (!raster) return rasterise_on_grid(page, plan, request, max_pixels);
    // The stream may have more pixels, or fewer, than its dictionary says: it fills the same place.
    const double x_ratio = static_cast<double>(raster->width_px) / image.across_px;
    const double y_ratio = static_cast<double>(raster->height_px) / image.down_px;
    const auto at = [](int pixel, double ratio) { return static_cast<int>(std::lround(pixel * ratio)); };
    *raster = cropped(std::move(*raster), at(image.crop_x0, x_ratio), at(image.crop_y0, y_ratio), at(image.crop_x1, x_ratio),
                      at(image.crop_y1, y_ratio));
    raster->dpi = image.dpi * x_ratio;
    if (raster->full_width_px > 0) raster->full_width_px = image.width_px(), raster->full_height_px = image.height_px();
    return page_of(std::move(*raster), image.width_px(), image.height_px(), image.dpi, wanted);
  }

  /// The page's image as Poppler decodes it, pixel for pixel, or smaller.
  PageRaster rasterise_on_grid(std::uint32_t page, const Plan& plan, const ImageRequest& request, std::uint64_t max_pixels) {
    const auto& image = *plan.image;
    const int reduction = request.exact ? 1 : 2;
    const auto wanted = decoding_of(request, max_pixels);
    const Size full{std::max(1, image.width_px() / reduction), std::max(1, image.height_px() / reduction)};
    const auto size = fitted(full.width_px, full.height_px, wanted);
    const double x_dpi = size.width_px / image.place.width() * 72, y_dpi = size.height_px / image.place.height() * 72;
    const bool bits = plan.coding == corpus::Coding::jbig2 || plan.coding == corpus::Coding::g3 || plan.coding == corpus::Coding::g4;
    const bool bilevel = bits && request.exact && size == full;
    const bool color = !bits && request.exact && request.pixels != ImageRequest::Pixels::gray;
    // Poppler counts a pixel that a side is longer by a share of.
    auto raster = poppler().render(page, x_dpi, y_dpi, color, false, max_pixels + max_pixels / 16);
    if (bilevel) raster = to_bilevel(raster);
    const auto from = [](double pt, double dpi) { return std::max(0, static_cast<int>(std::lround(pt * dpi / 72))); };
    const int left = from(image.place.x0, x_dpi), top = from(image.place.y0, y_dpi);
    raster = cropped(std::move(raster), left, top, left + size.width_px, top + size.height_px);
    raster.reduction = reduction;
    if (size != full) raster.full_width_px = image.width_px(), raster.full_height_px = image.height_px();
    raster = made_to_order(std::move(raster), wanted);
    raster.dpi = image.dpi * raster.width_px / image.width_px();
    auto made = page_of(std::move(raster), image.width_px(), image.height_px(), image.dpi, wanted);
    record_poppler(made.steps);
    return made;
  }

  PageRaster rasterise(std::uint32_t page, const Plan& plan, const ImageRequest& request, std::uint64_t max_pixels) {
    const int reduction = request.exact ? 1 : 2;
    check_sides(plan);
    const double wanted_dpi = (request.dpi > 0 ? request.dpi : page_dpi) / reduction;
    const auto wanted = decoding_of(request, max_pixels);
    const double dpi = wanted_dpi * fitting_scale(plan, wanted_dpi, wanted);
    auto raster = poppler().render(page, dpi * plan.user_unit, dpi * plan.user_unit,
                                   request.exact && request.pixels != ImageRequest::Pixels::gray, true, wanted.most_pixels);
    raster.reduction = reduction;
    raster = made_to_order(std::move(raster), wanted);
    raster.dpi = dpi;
    auto made = page_of(std::move(raster), page_side_px(plan.width_pt), page_side_px(plan.height_pt), page_dpi, wanted);
    made.embedded = false;
    record_poppler(made.steps);
    if (dpi < wanted_dpi)
      made.steps.push_back(smaller_step(plan.width_pt * wanted_dpi / 72, plan.height_pt * wanted_dpi / 72, made.raster, wanted));
    return made;
  }

  /// In page coordinates.
  static double page_side_px(double side_pt) { return std::max(1.0, std::round(side_pt * page_dpi / 72)); }

  static std::string size_of(const Plan& plan) {
    return fmt::format("{:.0f} x {:.0f} mm", plan.width_pt / 72 * 25.4, plan.height_pt / 72 * 25.4);
  }

  static void check_sides(const Plan& plan) {
    if (const double longest = page_side_px(std::max(plan.width_pt, plan.height_pt)); longest > most_side_px)
      throw PageError{Reason::too_large, fmt::format("the page is {}, which at {:.0f} dpi are {:.0f} pixels on a side, and more than {} have "
                                                     "no place on a page", size_of(plan), page_dpi, longest, most_side_px)};
  }

  /// By how much fewer dots per inch the page keeps within the limits on pixels. Throws PageError(too_large).
  static double fitting_scale(const Plan& plan, double dpi, const Decoding& wanted) {
    const double width = std::ceil(plan.width_pt * dpi / 72), height = std::ceil(plan.height_pt * dpi / 72);
    const auto most = static_cast<double>(wanted.most_pixels);
    double scale = std::min(1.0, std::sqrt(most / (width * height)));
    if (wanted.longest_side_px > 0) scale = std::min(scale, wanted.longest_side_px / std::max(width, height));
    if (scale == 1) return 1;
    if (dpi * scale < least_dpi)
      throw PageError{Reason::too_large, fmt::format("the page is {}: within the limit of {} it would have {:.0f} dpi, at which nothing "
                                                     "can be read", size_of(plan), limit_on(width, height, wanted), dpi * scale)};
    // A side is rounded up to whole pixels; one that is thin grows by more than its share.
    return scale * (1 - 2 / std::max(3.0, std::min(width, height) * scale));
  }

  OpenedPdf opened_;
  std::optional<Plan> plan_;  ///< of the page asked for last
};

}  // namespace

std::unique_ptr<Document> open_pdf(std::span<const std::byte> bytes, const std::string& password) {
  return std::make_unique<PdfDocument>(bytes, password);
}

}  // namespace pecia::page
