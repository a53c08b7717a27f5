#include "cost_features.hpp"

#include <algorithm>
#include <cmath>
#include <span>

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
/// A page is not taken to hold more than so many times what is on any neighbour.
constexpr double most_extrapolated = 3;

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

struct Neighbour {
  const PageEvidence* page = nullptr;
  std::size_t distance = 0;
};

/// The measured pages nearest to a position, on both sides.
class Neighbours {
 public:
  static constexpr std::size_t on_each_side = 3;

  void add(const PageEvidence* page, std::size_t distance) noexcept {
    if (distance <= neighbour_reach) all_[count_++] = {page, distance};
  }
  [[nodiscard]] std::span<const Neighbour> all() const noexcept { return {all_.data(), count_}; }

 private:
  std::array<Neighbour, 2 * on_each_side> all_{};
  std::size_t count_ = 0;
};

/// What stands for the amount on a page: its bytes if they can be compared with those of all
/// neighbours, else its size.
bool have_bytes(const PageEvidence& page, std::span<const Neighbour> neighbours) noexcept {
  return page.compressed_bytes > 0 && std::ranges::all_of(neighbours, [&](const auto& neighbour) {
           return neighbour.page->coding == page.coding && neighbour.page->compressed_bytes > 0;
         });
}

/// Marks for each byte (or pixel) are those of the neighbours together, the near ones having more
/// of a say: one blank page among them does not make all around it blank.
PageEvidence imputed(PageEvidence page, std::span<const Neighbour> neighbours) noexcept {
  const bool by_bytes = have_bytes(page, neighbours);
  const auto amount = [&](const PageEvidence& of) {
    return by_bytes ? static_cast<double>(of.compressed_bytes) : area_px(of);
  };
  double weights = 0, amounts = 0, most = 0, marks = 0, letters = 0, black = 0;
  for (const auto& [measured, distance] : neighbours) {
    const double weight = 1 / static_cast<double>(distance), of_it = amount(*measured);
    weights += weight;
    amounts += weight * of_it;
    most = std::max(most, of_it);
    marks += weight * static_cast<double>(measured->transitions);
    letters += weight * static_cast<double>(std::max(measured->components, 0.0F));
    black += weight * static_cast<double>(std::max(measured->coverage, 0.0F));
  }
  const double more = std::min(amount(page), most_extrapolated * most) / amounts;
  if (!(weights > 0) || !std::isfinite(more)) return page;
  page.transitions = static_cast<float>(more * marks);
  page.components = static_cast<float>(more * letters);
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
  Neighbours neighbours;
  std::size_t before = 0, after = 0;
  for (std::size_t n = 1; n <= neighbour_reach; ++n) {
    if (n > position && position + n >= pages.size()) break;
    if (before < Neighbours::on_each_side && n <= position && is_measured(pages[position - n])) {
      neighbours.add(&pages[position - n], n);
      ++before;
    }
    if (after < Neighbours::on_each_side && position + n < pages.size() &&
        is_measured(pages[position + n])) {
      neighbours.add(&pages[position + n], n);
      ++after;
    }
    if (before + after == 2 * Neighbours::on_each_side) break;
  }
  return imputed(page, neighbours.all());
}

std::vector<PageEvidence> with_measurements(const Document& document) {
  const auto& pages = document.pages;
  std::vector<std::size_t> measured;
  for (std::size_t n = 0; n < pages.size(); ++n) {
    if (is_measured(pages[n])) measured.push_back(n);
  }
  std::vector<PageEvidence> whole(pages);
  std::size_t next = 0;  // of the measured pages, the first behind
  for (std::size_t n = 0; n < pages.size(); ++n) {
    if (next < measured.size() && measured[next] == n) {
      ++next;
      continue;
    }
    Neighbours neighbours;
    const auto first = next - std::min(next, Neighbours::on_each_side);
    const auto end = std::min(next + Neighbours::on_each_side, measured.size());
    for (auto m = first; m < end; ++m)
      neighbours.add(&pages[measured[m]], measured[m] < n ? n - measured[m] : measured[m] - n);
    whole[n] = imputed(pages[n], neighbours.all());
  }
  return whole;
}

}  // namespace pecia::corpus
