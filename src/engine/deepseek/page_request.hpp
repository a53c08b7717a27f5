#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config.hpp"
#include "pecia/engine/deepseek_settings.hpp"
#include "pecia/engine/engine.hpp"
#include "tokenizer.hpp"
#include "views.hpp"

namespace pecia::engine::deepseek {

/// What `prepare` makes of a page: all that needs no model.
struct PageRequest {
  page::Image geometry;  ///< of the raster before it was turned; without pixels
  bool turned = false;
  std::shared_ptr<const Views> views;
  std::vector<std::int32_t> ids;  ///< of the prompt, with the image's placeholders
  std::optional<NoRepeatNgram> guard;
  double time_scale = 1;  ///< times `engine.watchdog_s`
  /// Why it cannot be read, if so; then nothing else is set.
  Reason problem = Reason::none;
  std::string detail;
};

/// The guard of a rung. From `stronger_guard` on: half the n, four times the window, or, where the
/// job has none, n 10 in 400. So it catches periods that the normal one cannot see (72 to 390), and
/// leaves a loop after 10 ids instead of 20.
[[nodiscard]] std::optional<NoRepeatNgram> guard_of(Rung rung,
                                                    const std::optional<NoRepeatNgram>& normal);

/// `options.prompt`, or the settings' prompt; rung `plain_prompt` asks for plain text, `rotated`
/// turns the page. From any thread. Throws `UsageError` on a prompt with two images; what is wrong
/// with the page is told in the result.
[[nodiscard]] PageRequest make_request(const page::Image& image, const ReadOptions& options,
                                       const DeepseekSettings& settings, const Config& config,
                                       const Tokenizer& tokenizer);

}  // namespace pecia::engine::deepseek
