#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "tokenizer.hpp"

namespace pecia::engine::deepseek {

/// What the model is asked, as text with one `<image>`: of the names `grounding` and `plain`, or of
/// a text of one's own, stripped; one without `<image>` gets `<image>` and a line end in front.
/// Throws `UsageError` on a text with two.
[[nodiscard]] std::string prompt_text(std::string_view prompt);
/// Rows that a page takes in the prompt: the global view, each tile, and the separator.
[[nodiscard]] std::int32_t image_tokens(const EncoderConfig& config, int tiles) noexcept;
/// BOS, and the text's ids with `image_tokens` times the image's id where `<image>` stands
/// (section 2.8). `prompt` as above.
[[nodiscard]] std::vector<std::int32_t> prompt_ids(const Tokenizer& tokenizer, const Config& config,
                                                   std::string_view prompt,
                                                   std::int32_t image_tokens);

}  // namespace pecia::engine::deepseek
