#include "cost_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pecia/base/text.hpp"
#include "words.hpp"

namespace pecia::report {
namespace {

constexpr std::size_t worst_shown = 3;

std::string seconds_text(double seconds) {
  return seconds < 100 ? fmt::format("{:.2g} s", seconds) : fmt::format("{:.0f} s", seconds);
}

std::string worst_text(const corpus::CostQuality& quality) {
  std::vector<std::string> texts;
  for (const auto& worst : quality.worst) {
    if (texts.size() == worst_shown) break;
    texts.push_back(fmt::format("{} (predicted {}, took {})", printable(worst.path),
                                seconds_text(worst.predicted_s), seconds_text(worst.taken_s)));
  }
  return texts.empty() ? "" : fmt::format("  worst: {}\n", fmt::join(texts, ", "));
}

}  // namespace

std::string cost_model_text(const corpus::CostModel& model) {
  std::string text;
  for (const auto& engine : model.engines()) {
    const auto quality = model.quality(engine);
    if (quality.pages == 0) continue;
    text += fmt::format(
        "cost model of {}: learned from {} pages, rank correlation {:.2f}, mean error {} ({:.0f} "
        "%)\n{}",
        engine, grouped(model.pages_learned(engine)), quality.rank_correlation,
        seconds_text(quality.mean_error_s), 100 * quality.mean_relative_error, worst_text(quality));
  }
  return text;
}

}  // namespace pecia::report
