#include "cost_features.hpp"

#include <algorithm>
#include <cmath>

namespace pecia::corpus {
namespace {

enum Feature : std::size_t {
  pages,
  megapixels,
  transitions,
  components,
  ink,
  unmeasured,
  lossless,
  lossy,
  contents,
  unknown
};

// Beyond these, bytes and marks are photographs, noise and drawings, not more text.
constexpr double most_megapixels = 200;
constexpr double most_transitions = 400'000;
constexpr double most_components = 20'000;
constexpr double most_lossless_kilobytes = 120;
constexpr double most_lossy_kilobytes = 1000;
constexpr double most_contents_kilobytes = 10;
// The same page takes about a third of G4's bytes as JBIG2, and half of JPEG's as JPEG 2000.
constexpr double jbig2_to_g4 = 3;
constexpr double jpeg2000_to_jpeg = 2;

/// Measured pages are looked for so many pages away, so that a page costs no walk through a
/// document of a hundred thousand.
constexpr std::size_t neighbour_reach = 1000;
constexpr double least_ratio = 0.2, most_ratio = 5;

/// NaN and what is negative count as nothing.
float bounded(double value, double most) noexcept {
  return value > 0 ? static_cast<float>(std::min(value, most)) : 0.0F;
}

bool is_measured(const PageEvidence& page) noexcept { return page.transitions >= 0; }

void add_bytes(const PageEvidence& page, Features& features) noexcept {
  auto kilobytes = static_cast<double>(page.compressed_bytes) / 1000;
  switch (page.coding) {
    case Coding::drawn:
      features[contents] = bounded(kilobytes, most_contents_kilobytes);
      return;
    case Coding::jbig2:
      kilobytes *= jbig2_to_g4;
      [[fallthrough]];
    case Coding::g3:
    case Coding::g4:
    case Coding::none:
    case Coding::flate:
    case Coding::lzw:
      features[lossless] = bounded(kilobytes, most_lossless_kilobytes);
      return;
    case Coding::jpeg2000:
      kilobytes *= jpeg2000_to_jpeg;
      [[fallthrough]];
    case Coding::jpeg:
    case Coding::mixed:
    case Coding::unknown:
      features[lossy] = bounded(kilobytes, most_lossy_kilobytes);
  }
}

double area_px(const PageEvidence& page) noexcept {
  return static_cast<double>(page.width_px) * static_cast<double>(page.height_px);
}

/// How much more there is on `page` than on `measured`, by their bytes or else by their sizes.
double ratio(const PageEvidence& page, const PageEvidence& measured) noexcept {
  double more = area_px(page) / area_px(measured);
  if (page.coding == measured.coding && page.compressed_bytes > 0 && measured.compressed_bytes > 0)
    more =
        static_cast<double>(page.compressed_bytes) / static_cast<double>(measured.compressed_bytes);
  return std::isfinite(more) && more > 0 ? std::clamp(more, least_ratio, most_ratio) : 1;
}

struct Neighbour {
  const PageEvidence* page = nullptr;
  std::size_t distance = 0;
};

PageEvidence imputed(PageEvidence page, const Neighbour& before, const Neighbour& after) {
  double weights = 0, marks = 0, letters = 0, black = 0;
  for (const auto& [measured, distance] : {before, after}) {
    if (!measured || distance > neighbour_reach) continue;
    const double weight = 1 / static_cast<double>(distance);
    const double more = ratio(page, *measured);
    weights += weight;
    marks += weight * more * static_cast<double>(measured->transitions);
    letters += weight * more * static_cast<double>(std::max(measured->components, 0.0F));
    black += weight * static_cast<double>(std::max(measured->coverage, 0.0F));
  }
  if (!(weights > 0)) return page;
  page.transitions = static_cast<float>(marks / weights);
  page.components = static_cast<float>(letters / weights);
  page.coverage = static_cast<float>(black / weights);
  return page;
}

}  // namespace

const std::array<std::string_view, features_count> feature_names{"page",
                                                                 "megapixels",
                                                                 "kilotransitions",
                                                                 "kilocomponents",
                                                                 "ink_megapixels",
                                                                 "unmeasured_page",
                                                                 "lossless_kilobytes",
                                                                 "lossy_kilobytes",
                                                                 "contents_kilobytes",
                                                                 "unknown_page"};

Features features_of(const PageEvidence& page) noexcept {
  Features features{};
  const double area = area_px(page) / 1e6;
  const bool measured = is_measured(page);
  const bool no_bytes = page.coding == Coding::unknown && page.compressed_bytes == 0;
  if (!(area > 0) || !std::isfinite(area) || (no_bytes && !measured)) {
    features[unknown] = 1;
    return features;
  }
  features[pages] = 1;
  features[megapixels] = bounded(area, most_megapixels);
  if (measured) {
    features[transitions] = bounded(static_cast<double>(page.transitions), most_transitions) / 1000;
    features[components] = bounded(static_cast<double>(page.components), most_components) / 1000;
    features[ink] = bounded(static_cast<double>(page.coverage), 1) * features[megapixels];
  } else {
    features[unmeasured] = 1;
    add_bytes(page, features);
  }
  return features;
}

double seconds_of(const Features& features, const Rates& rates) noexcept {
  double seconds = 0;
  for (std::size_t n = 0; n < features_count; ++n)
    seconds += static_cast<double>(features[n]) * rates[n];
  return std::max(seconds, 1e-3);
}

PageEvidence with_measurements(const Document& document, std::uint32_t position) {
  const auto& pages = document.pages;
  const auto& page = pages.at(position);
  if (is_measured(page)) return page;
  Neighbour before, after;
  for (std::size_t n = 1; n <= neighbour_reach && !(before.page && after.page); ++n) {
    if (!before.page && n <= position && is_measured(pages[position - n]))
      before = {&pages[position - n], n};
    if (!after.page && position + n < pages.size() && is_measured(pages[position + n]))
      after = {&pages[position + n], n};
    if (n > position && position + n >= pages.size()) break;
  }
  return imputed(page, before, after);
}

std::vector<PageEvidence> with_measurements(const Document& document) {
  const auto& pages = document.pages;
  std::vector<Neighbour> before(pages.size());
  for (std::size_t n = 1; n < pages.size(); ++n)
    before[n] = is_measured(pages[n - 1])
                    ? Neighbour{&pages[n - 1], 1}
                    : Neighbour{before[n - 1].page, before[n - 1].distance + 1};
  std::vector<PageEvidence> whole(pages);
  Neighbour after;
  for (std::size_t n = pages.size(); n-- > 0;) {
    if (is_measured(pages[n])) {
      after = {&pages[n], 0};
    } else {
      whole[n] = imputed(pages[n], before[n], after);
    }
    ++after.distance;
  }
  return whole;
}

}  // namespace pecia::corpus
