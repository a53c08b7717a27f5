#pragma once

#include <cstdint>
#include <vector>

#include "pecia/page/image.hpp"
#include "pecia/result/outcome.hpp"
#include "tokenizer.hpp"

namespace pecia::engine::deepseek {

/// What the model said to a page.
struct Generated {
  std::vector<std::int32_t> ids;         ///< with the end-of-text id, if it came
  std::vector<float> log_probabilities;  ///< of each of them, natural logarithm
  result::FinishReason finish_reason = result::FinishReason::stop;
};

/// Sections 7.3 and 7.4: text without tags, blocks with boxes in page coordinates, confidences.
/// `image`: the geometry of the raster that the model saw (before `rotated`, which `was_rotated`
/// tells).
[[nodiscard]] result::Reading to_reading(const Generated& generated, const Tokenizer& tokenizer,
                                         std::int32_t eos_id, const page::Image& image,
                                         bool was_rotated);

}  // namespace pecia::engine::deepseek
