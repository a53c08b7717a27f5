#include "pecia/corpus/manifest.hpp"

#include <algorithm>

namespace pecia::corpus {
namespace {

/// Seconds of one core for Tesseract, least squares with non-negative rates on pages of known cost
/// (docs/performance.md, "Cost model"). Text decides; pixels and bytes stand in where it is
/// unknown.
constexpr double base_s = 0.25;
constexpr double per_megapixel_s = 0.045;
constexpr double per_bilevel_kilobyte_s = 0.018;
constexpr double per_scan_kilobyte_s = 0.0012;
constexpr double per_text_operator_s = 0.006;
constexpr double unknown_page_s = 1.2;
constexpr double longest_s = 30;

bool is_bilevel(Coding coding) {
  return coding == Coding::g3 || coding == Coding::g4 || coding == Coding::jbig2;
}

}  // namespace

double estimate_cost_s(const PageEvidence& page) noexcept {
  const double megapixels =
      static_cast<double>(page.width_px) * static_cast<double>(page.height_px) / 1e6;
  if (!(megapixels > 0)) return unknown_page_s;
  const auto kilobytes = static_cast<double>(page.compressed_bytes) / 1000;
  double cost = base_s + megapixels * per_megapixel_s;
  if (page.coding == Coding::drawn)
    cost += std::min(static_cast<double>(page.text_operators) * per_text_operator_s, 3.0);
  else
    cost += kilobytes * (is_bilevel(page.coding) ? per_bilevel_kilobyte_s : per_scan_kilobyte_s);
  return std::min(cost, longest_s);
}

}  // namespace pecia::corpus
