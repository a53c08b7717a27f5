#include "prompt.hpp"

#include <fmt/format.h>

#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr std::string_view image_mark = "<image>";

/// Python's `strip` for ASCII, as the reference uses it.
std::string_view stripped(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\r\v\f\x1c\x1d\x1e\x1f";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

std::string prompt_text(std::string_view prompt) {
  if (prompt == "grounding") return "<image>\n<|grounding|>Convert the document to markdown.";
  if (prompt == "plain") return "<image>\nFree OCR.";
  const auto text = stripped(prompt);
  const auto mark = text.find(image_mark);
  if (mark == std::string_view::npos) return std::string{image_mark} + "\n" + std::string{text};
  if (text.find(image_mark, mark + image_mark.size()) != std::string_view::npos)
    throw UsageError{
        "the prompt has more than one <image>, but each page is read alone. Leave one, or none: it "
        "then stands "
        "in front"};
  return std::string{text};
}

std::int32_t image_tokens(const EncoderConfig& config, int tiles) noexcept {
  return config.base_queries + 1 + config.tile_queries * tiles;
}

std::vector<std::int32_t> prompt_ids(const Tokenizer& tokenizer, const Config& config,
                                     std::string_view prompt, std::int32_t image_tokens) {
  const auto text = prompt_text(prompt);
  const auto mark = text.find(image_mark);
  std::vector<std::int32_t> ids{config.bos_id};
  const auto append = [&](std::string_view part) {
    const auto more = tokenizer.encode(part);
    ids.insert(ids.end(), more.begin(), more.end());
  };
  append(std::string_view{text}.substr(0, mark));
  ids.insert(ids.end(), static_cast<std::size_t>(image_tokens), config.image_id);
  append(std::string_view{text}.substr(mark + image_mark.size()));
  for (const auto id : ids) {
    if (id < 0 || id >= config.decoder.vocabulary)
      throw UsageError{fmt::format(
          "the prompt needs token {}, and the model has {} of them: is tokenizer.json of another model?", id,
          config.decoder.vocabulary)};
  }
  return ids;
}

}  // namespace pecia::engine::deepseek
