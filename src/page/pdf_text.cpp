#include "pdf_text.hpp"

#include <poppler-version.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "density.hpp"
#include "text_looks.hpp"
#include "text_order.hpp"

namespace pecia::page {
namespace {

/// At which a page is compared with its text: half of what engines read at, as `measure` wants it; less for large ones.
constexpr double look_dpi = 150, most_look_pixels = 8e6;
/// A word's pixels that differ by less show no word.
constexpr int least_contrast = 32;
/// Words that share so much of the smaller one's area lie on each other.
constexpr double overlap = 0.5;

/// In UTF-8, of what one character may stand for.
constexpr std::size_t most_character_bytes = 40;

/// Points of the page as Poppler sees it -> page coordinates: those of `place` are from 0 to their width and height.
class Scale {
 public:
  Scale(const PdfBox& place, const PageInfo& about)
      : place_{place}, x_px_per_pt_{about.width_px / place.width()}, y_px_per_pt_{about.height_px / place.height()} {}

  [[nodiscard]] double x_px(double x_pt) const { return (x_pt - place_.x0) * x_px_per_pt_; }
  [[nodiscard]] double y_px(double y_pt) const { return (y_pt - place_.y0) * y_px_per_pt_; }
  [[nodiscard]] double x_pt(double x_px) const { return x_px / x_px_per_pt_ + place_.x0; }
  [[nodiscard]] double y_pt(double y_px) const { return y_px / y_px_per_pt_ + place_.y0; }

 private:
  PdfBox place_;
  double x_px_per_pt_, y_px_per_pt_;
};

void widen(TextPart& part, const TextPart& by) {
  part.x0 = std::min(part.x0, by.x0);
  part.y0 = std::min(part.y0, by.y0);
  part.x1 = std::max(part.x1, by.x1);
  part.y1 = std::max(part.y1, by.y1);
}

TextPart part_from(const std::vector<TextPart>& parts, std::size_t first, std::uint32_t begin, std::uint32_t end) {
  TextPart whole = parts[first];
  for (auto n = first; n < parts.size(); ++n) widen(whole, parts[n]);
  whole.text_begin = begin;
  whole.text_end = end;
  whole.confidence = 1;
  return whole;
}

/// Puts words, lines and blocks into a layer.
class LayerWriter {
 public:
  LayerWriter(TextLayer& layer, Scale scale) : layer_{layer}, scale_{scale} {}

  void write(const std::vector<TokenLine>& lines) {
    for (const auto& block : blocks_of(lines)) {
      if (!layer_.text.empty()) layer_.text += "\n\n";
      const auto begin = at();
      const auto first = layer_.lines.size();
      for (auto n = block.first; n < block.last; ++n) {
        if (n > block.first) layer_.text += '\n';
        write_line(lines[n]);
      }
      layer_.blocks.push_back(part_from(layer_.lines, first, begin, at()));
    }
    looks_.put_into(layer_.evidence);
  }

 private:
  [[nodiscard]] std::uint32_t at() const { return static_cast<std::uint32_t>(layer_.text.size()); }

  void write_line(const TokenLine& line) {
    const auto begin = at();
    const auto first = layer_.words.size();
    for (std::size_t n = 0; n < line.size(); ++n) {
      if (n > 0 && line[n - 1].space_after) layer_.text += ' ';
      auto text = line[n].text;
      const bool last = n + 1 == line.size();
      if (!last) std::erase(text, char32_t{0xAD});  // only at the end of a line is it a hyphen
      TextPart word;
      word.x0 = static_cast<float>(scale_.x_px(line[n].x0));
      word.y0 = static_cast<float>(scale_.y_px(line[n].y0));
      word.x1 = static_cast<float>(scale_.x_px(line[n].x1));
      word.y1 = static_cast<float>(scale_.y_px(line[n].y1));
      word.text_begin = at();
      layer_.text += written(text);
      word.text_end = at();
      word.confidence = looks_.add(text);
      layer_.words.push_back(word);
    }
    layer_.lines.push_back(part_from(layer_.words, first, begin, at()));
  }

  TextLayer& layer_;
  Scale scale_;
  TextLooks looks_;
};

double area(const TextPart& part) { return static_cast<double>(part.x1 - part.x0) * static_cast<double>(part.y1 - part.y0); }

std::uint32_t overlapping(const std::vector<TextPart>& words) {
  std::vector<std::size_t> order(words.size());
  for (std::size_t n = 0; n < order.size(); ++n) order[n] = n;
  std::ranges::sort(order, {}, [&](std::size_t n) { return words[n].y0; });
  std::vector<bool> lies(words.size());
  constexpr std::size_t most_below = 2'000;  // words that begin within the height of another
  for (std::size_t a = 0; a < order.size(); ++a) {
    const auto& one = words[order[a]];
    for (auto b = a + 1; b < std::min(order.size(), a + most_below) && words[order[b]].y0 < one.y1; ++b) {
      const auto& other = words[order[b]];
      const double width = static_cast<double>(std::min(one.x1, other.x1) - std::max(one.x0, other.x0));
      const double height = static_cast<double>(std::min(one.y1, other.y1) - std::max(one.y0, other.y0));
      if (width > 0 && height > 0 && width * height > overlap * std::min(area(one), area(other))) lies[order[a]] = lies[order[b]] = true;
    }
  }
  return static_cast<std::uint32_t>(std::ranges::count(lies, true));
}

// ---- by the page's pixels

struct PixelBox {
  int x0, y0, x1, y1;  ///< [x0, x1) x [y0, y1)
};

/// Of a raster of the whole page.
PixelBox pixels_of(const TextPart& word, const Raster& raster, const Scale& scale, const PopplerPdf::Size& page, double margin) {
  const double x = raster.width_px / page.width_pt, y = raster.height_px / page.height_pt;
  const double wider = margin * static_cast<double>(word.y1 - word.y0);
  const auto within = [](double value, int most) { return std::clamp(static_cast<int>(value), 0, most); };
  return {within(std::floor(scale.x_pt(static_cast<double>(word.x0) - wider) * x), raster.width_px),
          within(std::floor(scale.y_pt(static_cast<double>(word.y0) - wider) * y), raster.height_px),
          within(std::ceil(scale.x_pt(static_cast<double>(word.x1) + wider) * x), raster.width_px),
          within(std::ceil(scale.y_pt(static_cast<double>(word.y1) + wider) * y), raster.height_px)};
}

bool shows_something(const Raster& gray, const PixelBox& box) {
  int darkest = 255, lightest = 0;
  for (int y = box.y0; y < box.y1; ++y) {
    for (int x = box.x0; x < box.x1; ++x) {
      const int value = std::to_integer<int>(gray.row(y)[x]);
      darkest = std::min(darkest, value);
      lightest = std::max(lightest, value);
    }
  }
  return lightest - darkest >= least_contrast;
}

/// With what is around it, so that no edge is left.
void paint_over(Raster& gray, const PixelBox& box) {
  if (box.x0 >= box.x1 || box.y0 >= box.y1) return;
  std::uint64_t sum = 0, count = 0;
  const auto add = [&](int x, int y) {
    sum += std::to_integer<std::uint64_t>(gray.row(y)[x]);
    ++count;
  };
  for (int x = box.x0; x < box.x1; ++x) add(x, box.y0), add(x, box.y1 - 1);
  for (int y = box.y0; y < box.y1; ++y) add(box.x0, y), add(box.x1 - 1, y);
  const auto around = static_cast<std::byte>(sum / count);
  for (int y = box.y0; y < box.y1; ++y) std::fill(gray.row(y) + box.x0, gray.row(y) + box.x1, around);
}

void look(PopplerPdf& pdf, std::uint32_t page, const Scale& scale, double user_unit, std::uint64_t most_pixels, TextLayer& layer) {
  const auto size = pdf.size(page);
  const double inches = size.width_pt * size.height_pt * user_unit * user_unit / (72 * 72);
  const double most = std::min(most_look_pixels, static_cast<double>(most_pixels));
  const double dpi = std::min(look_dpi, std::sqrt(most / std::max(inches, 1e-3))) * user_unit;
  auto gray = pdf.render(page, dpi, dpi, false, true, most_pixels);
  gray.reduction = 2;
  auto& evidence = layer.evidence;
  for (const auto& word : layer.words) {
    if (!shows_something(gray, pixels_of(word, gray, scale, size, 0))) ++evidence.unseen;
  }
  evidence.shapes = static_cast<std::uint32_t>(measure(gray).components);
  constexpr double margin = 0.15;  // of its height: letters lean and swing out
  for (const auto& word : layer.words) paint_over(gray, pixels_of(word, gray, scale, size, margin));
  evidence.shapes_elsewhere = static_cast<std::uint32_t>(measure(std::move(gray)).components);
  evidence.seen = true;
}

}  // namespace

TextLayer text_layer(PopplerPdf& pdf, std::uint32_t page, const PageInfo& about, const std::optional<PdfBox>& image, double user_unit,
                     std::uint64_t look_pixels) {
  TextLayer layer;
  layer.made_by = "poppler " + poppler::version_string();
  layer.page_width_px = std::round(about.width_px);
  layer.page_height_px = std::round(about.height_px);
  layer.page_dpi = about.page_dpi;
  layer.embedded = about.embedded;
  layer.evidence.signs = about.text;
  const auto size = pdf.size(page);
  std::vector<Token> tokens;
  std::size_t bytes = 0;
  for (const auto& word : pdf.words(page)) {
    for (auto& token : tokens_of(word)) {
      const double x = (token.x0 + token.x1) / 2, y = (token.y0 + token.y1) / 2;
      if (x < 0 || y < 0 || x > size.width_pt || y > size.height_pt) {
        ++layer.evidence.outside;
        continue;
      }
      bytes += most_character_bytes * token.text.size();
      layer.evidence.cut_short = tokens.size() >= most_layer_words || bytes > most_layer_bytes;
      if (layer.evidence.cut_short) break;
      tokens.push_back(std::move(token));
    }
    if (layer.evidence.cut_short) break;
  }
  if (size.width_pt <= 0 || size.height_pt <= 0) return layer;
  const Scale scale{image.value_or(PdfBox{0, 0, size.width_pt, size.height_pt}), about};
  LayerWriter{layer, scale}.write(lines_of(std::move(tokens)));
  layer.evidence.overlapping = overlapping(layer.words);
  if (look_pixels > 0 && !layer.words.empty()) look(pdf, page, scale, user_unit, look_pixels, layer);
  return layer;
}

}  // namespace pecia::page
