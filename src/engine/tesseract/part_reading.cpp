#include "tesseract/part_reading.hpp"

#include <fmt/format.h>
#include <tesseract/baseapi.h>

#include <algorithm>

#include "pecia/base/error.hpp"
#include "tesseract/transforms.hpp"
#include "tesseract/ways.hpp"
#include "tesseract_reading.hpp"

namespace pecia::engine {
namespace {

/// What is worth knowing of how a page was read: where pixels were changed, and what was done otherwise.
Steps steps_of(const PageLook& look, const Way& way, const ReadOptions& options, bool turned, const result::Reading& reading) {
  Steps steps;
  if (way.scale != 1)
    steps.push_back({"scale", fmt::format("read at {:.0f} % of its size: its letters are {:.0f} pixels high", 100 * way.scale, look.letter_px)});
  if (way.binarisation == Binarisation::whitened || way.binarisation == Binarisation::sauvola)
    steps.push_back({"binarisation", fmt::format("{}: paper varies by {} gray values around {}, with a grain of {:.1f}",
                                                 name(way.binarisation), look.paper_variation, look.paper, look.grain)});
  if (options.reading > 0 || options.by_rows)
    steps.push_back({"reading", fmt::format("{}, psm {}{}, confidence {:.2f}", name(way.binarisation), way.segmentation,
                                            options.by_rows ? ", row by row" : turned ? ", turned upright" : "", reading.confidence)});
  return steps;
}

}  // namespace

result::Reading read_part(tesseract::TessBaseAPI& api, const PagePart& part, double dpi, const ReadOptions& options) {
  const auto look = look_at(part.pix.get());
  auto way = way_for(look, options.by_rows ? 0 : part.turned ? options.reading - 1 : options.reading);
  if (options.by_rows) way.segmentation = one_column;
  const auto pix = prepared(part.pix.get(), way);
  const double right = static_cast<double>(pixGetWidth(part.pix.get())) / pixGetWidth(pix.get());
  const double down = static_cast<double>(pixGetHeight(part.pix.get())) / pixGetHeight(pix.get());
  const auto to_page = composed(part.to_page, {{right, 0, 0, down, 0, 0}});
  api.SetVariable("thresholding_method", way.binarisation == Binarisation::sauvola ? "2" : "0");
  api.SetVariable("tessedit_do_invert", way.inverted ? "1" : "0");
  api.SetPageSegMode(static_cast<tesseract::PageSegMode>(way.segmentation));
  api.SetImage(pix.get());
  api.SetSourceResolution(std::max(least_plausible_dpi, static_cast<int>(plausible_dpi(dpi) / down)));
  if (api.Recognize(nullptr) != 0) throw Error{"Tesseract gave up on the page"};
  auto reading = reading_of(api, to_page, options.languages);
  api.Clear();
  reading.steps = steps_of(look, way, options, part.turned, reading);
  return reading;
}

}  // namespace pecia::engine
