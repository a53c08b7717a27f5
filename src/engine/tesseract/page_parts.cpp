#include "tesseract/page_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "tesseract/page_layout.hpp"
#include "tesseract/reduced.hpp"
#include "tesseract/scripts.hpp"
#include "tesseract/skew.hpp"
#include "tesseract/transforms.hpp"
#include "tesseract_request.hpp"

namespace pecia::engine {
namespace {

constexpr int least_side_to_split_px = 600;
constexpr int layout_longest_px = 1600;
/// Tesseract follows lines that rise less by itself, and is as likely to lose by a page that was
/// turned as to gain. A page that it reads poorly as it is, it may read better level.
constexpr double least_skew_degrees = 1.5, least_skew_read_again_degrees = 0.4;

void move(PagePart& part, Moved moved, std::string what, std::string detail) {
  part.pix = std::move(moved.pix);
  part.to_page = composed(part.to_page, moved.to_before);
  part.steps.push_back({std::move(what), std::move(detail), part.to_page.m});
}

void turn_upright(PagePart& part, double dpi, const std::vector<std::string>& languages,
                  Orienting& orienting) {
  const auto found = orienting.of(part.pix.get(), plausible_dpi(dpi));
  if (!found.sure || found.quarters == 0) return;
  // Where it sees a script that the page is not in (handwriting), its orientation is as good as its
  // script.
  const auto of_it = [&](const std::string& language) {
    return script_of(language) == script_of_page(found.script);
  };
  if (!found.script.empty() && std::ranges::none_of(languages, of_it)) return;
  move(part, turned_quarters(part.pix.get(), found.quarters), "orientation",
       fmt::format("turned clockwise by {} degrees ({})", 90 * found.quarters, found.evidence));
  part.turned = true;
}

void level(PagePart& part, int reading) {
  const auto small = reduced(part.pix.get(), skew_longest_px);
  const auto skew = skew_of(small.gray.get());
  if (!skew.sure ||
      std::abs(skew.degrees) < (reading > 0 ? least_skew_read_again_degrees : least_skew_degrees))
    return;
  const auto size = size_turned({pixGetWidth(part.pix.get()), pixGetHeight(part.pix.get())}, skew.degrees);
  if (std::max(size.width_px, size.height_px) > tesseract_longest_side_px) return;
  move(part, turned(part.pix.get(), skew.degrees), "deskew",
       fmt::format("turned clockwise by {:.2f} degrees", skew.degrees));
}

/// An area of the reduced image on the page. Where it reaches the reduced image's end it reaches
/// the page's, of which the last pixels may be missing there.
Area on_full_size(const Area& area, const Reduced& small, int width, int height) {
  return {
      area.x0 * small.factor, area.y0 * small.factor,
      area.x1 == pixGetWidth(small.gray.get()) ? width : std::min(area.x1 * small.factor, width),
      area.y1 == pixGetHeight(small.gray.get()) ? height
                                                : std::min(area.y1 * small.factor, height)};
}

PagePart side_of(const PagePart& page, const Area& area, const char* name,
                 const std::string& evidence) {
  PagePart side{{}, page.to_page, page.steps, page.turned};
  move(side, cut_out(page.pix.get(), area.x0, area.y0, area.x1, area.y1), "split",
       fmt::format("{} page, x {} to {} of {} ({})", name, area.x0, area.x1,
                   pixGetWidth(page.pix.get()), evidence));
  return side;
}

/// The sides of a two-up scan, and their steps: those of the page stand with the first one only.
std::vector<PagePart> cut(PagePart page, bool scanned, int reading) {
  const int width = pixGetWidth(page.pix.get()), height = pixGetHeight(page.pix.get());
  const auto small = reduced(page.pix.get(), layout_longest_px);
  const auto seen = page_area(small.gray.get());
  const auto gutter = gutter_of(small.gray.get(), seen, scanned);
  const auto area = on_full_size(seen, small, width, height);
  std::vector<PagePart> parts;
  if (gutter) {
    const int x = gutter->x * small.factor;
    parts.push_back(side_of(page, {area.x0, area.y0, x, area.y1}, "left", gutter->evidence));
    page.steps.clear();
    parts.push_back(side_of(page, {x, area.y0, area.x1, area.y1}, "right", gutter->evidence));
    for (auto& part : parts) level(part, reading);
    return parts;
  }
  if (area != Area{0, 0, width, height})
    move(page, cut_out(page.pix.get(), area.x0, area.y0, area.x1, area.y1), "border",
         fmt::format("dark borders left out: x {} to {} of {}, y {} to {} of {} are read", area.x0,
                     area.x1, width, area.y0, area.y1, height));
  parts.push_back(std::move(page));
  return parts;
}

}  // namespace

std::vector<PagePart> parts_of(PixPointer pix, const page::Image& image, const ReadOptions& options,
                               Orienting& orienting) {
  PagePart page{std::move(pix), image.to_page, {}};
  const int reading = options.by_rows ? 0 : options.reading;
  if (reading > 0) turn_upright(page, image.dpi, options.languages, orienting);
  level(page, reading);
  if (options.split && std::min(image.width_px, image.height_px) >= least_side_to_split_px)
    return cut(std::move(page), image.embedded, reading);
  std::vector<PagePart> parts;
  parts.push_back(std::move(page));
  return parts;
}

result::Reading joined(std::vector<result::Reading> readings) {
  result::Reading all;
  double weighted = 0, weights = 0;
  for (auto& reading : readings) {
    if (!all.text.empty() && !reading.text.empty()) all.text += '\n';  // an empty line
    const auto offset = static_cast<std::uint32_t>(all.text.size());
    const auto take = [offset](auto& parts, auto& into) {
      for (auto& part : parts) {
        part.text_begin += offset;
        part.text_end += offset;
        into.push_back(std::move(part));
      }
    };
    for (const auto& word : reading.words) {
      weighted += static_cast<double>(word.confidence) * (word.text_end - word.text_begin);
      weights += word.text_end - word.text_begin;
    }
    take(reading.blocks, all.blocks);
    take(reading.lines, all.lines);
    take(reading.words, all.words);
    all.text += reading.text;
    std::ranges::move(reading.steps, std::back_inserter(all.steps));
  }
  all.confidence = weights > 0 ? static_cast<float>(weighted / weights) : 0;
  return all;
}

result::Reading read_parts(std::vector<PagePart> parts, const ReadPart& read) {
  std::vector<result::Reading> readings;
  for (auto& part : parts) {
    readings.push_back(read(part));
    auto& steps = readings.back().steps;
    steps.insert(steps.begin(), std::make_move_iterator(part.steps.begin()),
                 std::make_move_iterator(part.steps.end()));
    part.pix.reset();
  }
  if (readings.size() == 1) return std::move(readings.front());
  return joined(std::move(readings));
}

}  // namespace pecia::engine
