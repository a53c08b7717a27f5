#include "poppler_raster.hpp"

#include <fmt/format.h>
#include <poppler-document.h>
#include <poppler-global.h>
#include <poppler-image.h>
#include <poppler-page-renderer.h>
#include <poppler-page.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace pecia::page {
namespace {

/// No page takes fewer bytes of file than this: bounds what /Count may claim.
constexpr std::size_t least_page_bytes = 20;

/// UTF-16, as Poppler has it; half a surrogate pair stays as it is, and is no character.
std::u32string code_points(const poppler::ustring& text) {
  constexpr unsigned high = 0xD800, low = 0xDC00, end = 0xE000;
  std::u32string points;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const unsigned unit = text[n];
    const unsigned next = n + 1 < text.size() ? text[n + 1] : 0;
    if (unit >= high && unit < low && next >= low && next < end) {
      points.push_back(0x10000 + ((unit - high) << 10) + (next - low));
      ++n;
    } else {
      points.push_back(unit);
    }
  }
  return points;
}

PopplerWord word_of(const poppler::text_box& box) {
  PopplerWord word;
  const auto text = code_points(box.text());
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto at = box.char_bbox(n);
    word.glyphs.push_back({text[n], at.left(), at.top(), at.right(), at.bottom()});
  }
  word.quarter_turns = box.rotation();
  word.space_after = box.has_space_after();
  if (box.has_font_info() && !text.empty()) {
    word.vertical = box.get_wmode() == poppler::text_box::vertical_wmode;
    word.size_pt = box.get_font_size();
  }
  return word;
}

}  // namespace

struct PopplerPdf::State {
  std::size_t file_bytes = 0;
  std::unique_ptr<poppler::document> document;
  std::optional<std::uint32_t> pages;

  [[nodiscard]] std::unique_ptr<poppler::page> page(std::uint32_t number) const {
    std::unique_ptr<poppler::page> found;
    if (number >= 1 && number <= static_cast<std::uint32_t>(std::max(0, document->pages())))
      found.reset(document->create_page(static_cast<int>(number - 1)));
    return found;
  }
  [[nodiscard]] std::unique_ptr<poppler::page> page_or_throw(std::uint32_t number) const {
    auto found = page(number);
    if (!found) throw PageError{Reason::unreadable, fmt::format("page {} cannot be found in the damaged document", number)};
    return found;
  }
};

PopplerPdf::PopplerPdf(std::span<const std::byte> bytes, const std::string& password) : state_{std::make_unique<State>()} {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw PageError{Reason::too_large, fmt::format("the PDF has {} MB, and Poppler reads up to 2,147", bytes.size() / 1'000'000)};
  poppler::set_debug_error_function([](const std::string&, void*) {}, nullptr);
  state_->file_bytes = bytes.size();
  const auto load = [&](const std::string& with) {
    state_->document.reset(poppler::document::load_from_raw_data(reinterpret_cast<const char*>(bytes.data()),
                                                                 static_cast<int>(bytes.size()), with, with));
  };
  load("");
  if (state_->document && state_->document->is_locked() && !password.empty()) load(password);
  if (!state_->document) throw PageError{Reason::unreadable, "the PDF is damaged: Poppler cannot open it"};
  if (state_->document->is_locked()) throw PageError{Reason::encrypted, "the password is missing or wrong"};
}

PopplerPdf::~PopplerPdf() = default;

std::size_t PopplerPdf::claimed_pages() const { return static_cast<std::size_t>(std::max(0, state_->document->pages())); }

std::uint32_t PopplerPdf::pages() {
  if (state_->pages) return *state_->pages;
  auto last = static_cast<std::uint32_t>(std::min(claimed_pages(), state_->file_bytes / least_page_bytes + 1));
  // A damaged page in the middle stays a page that fails; only claims behind the last real one go.
  while (last > 0 && !state_->page(last)) --last;
  state_->pages = last;
  return last;
}

PopplerPdf::Size PopplerPdf::size(std::uint32_t page) {
  const auto found = state_->page_or_throw(page);
  const auto rect = found->page_rect(poppler::crop_box);
  const auto turn = found->orientation();
  const bool turned = turn == poppler::page::landscape || turn == poppler::page::seascape;
  return turned ? Size{rect.height(), rect.width()} : Size{rect.width(), rect.height()};
}

std::vector<PopplerWord> PopplerPdf::words(std::uint32_t page) {
  std::vector<PopplerWord> words;
  for (const auto& box : state_->page_or_throw(page)->text_list(poppler::page::text_list_include_font)) words.push_back(word_of(box));
  return words;
}

Raster PopplerPdf::render(std::uint32_t page, double x_dpi, double y_dpi, bool color, bool smooth, std::uint64_t max_pixels) {
  const auto points = size(page);
  check_size(std::ceil(points.width_pt * x_dpi / 72), std::ceil(points.height_pt * y_dpi / 72), max_pixels);
  const auto found = state_->page_or_throw(page);
  poppler::page_renderer renderer;
  renderer.set_render_hint(poppler::page_renderer::antialiasing, smooth);
  renderer.set_render_hint(poppler::page_renderer::text_antialiasing, smooth);
  renderer.set_image_format(color ? poppler::image::format_rgb24 : poppler::image::format_gray8);
  const auto image = renderer.render_page(found.get(), x_dpi, y_dpi);
  if (!image.is_valid()) throw PageError{Reason::unreadable, "Poppler cannot rasterise the page"};
  auto raster = make_raster(image.width(), image.height(), color ? PixelFormat::rgb8 : PixelFormat::gray8, max_pixels);
  for (int y = 0; y < raster.height_px; ++y)
    std::memcpy(raster.row(y), image.const_data() + static_cast<std::ptrdiff_t>(y) * image.bytes_per_row(), raster.stride());
  return raster;
}

}  // namespace pecia::page
