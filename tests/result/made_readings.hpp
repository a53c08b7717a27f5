// Readings of made pages: every character is 10 pixels wide, every line 30 high.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/result/outcome.hpp"

namespace pecia::result::test {

constexpr float character_px = 10, line_px = 30, ink_px = 20;

/// As Tesseract gives it: a line of text for each of these, words between blanks.
class BoxedPage {
 public:
  /// `x` in characters, `y` in lines.
  BoxedPage& line(std::string_view text, float x, float y) {
    const auto begin = size();
    Box box{x * character_px, y * line_px, x * character_px, y * line_px + ink_px};
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find(' ', at), text.size());
      const auto word = text.substr(at, end - at);
      const auto width = static_cast<float>(characters(word)) * character_px;
      Part part;
      part.box = {box.x1, box.y0, box.x1 + width, box.y1};
      part.text_begin = size();
      reading_.text += word;
      part.text_end = size();
      part.confidence = 0.9F;
      reading_.words.push_back(part);
      box.x1 += width;
      if (end == text.size()) break;
      reading_.text += ' ';
      box.x1 += character_px;
      at = end + 1;
    }
    Part part;
    part.box = box;
    part.text_begin = begin;
    part.text_end = size();
    part.confidence = 0.9F;
    reading_.lines.push_back(part);
    reading_.text += '\n';
    return *this;
  }
  BoxedPage& lines(const std::vector<std::string>& texts, float x = 0, float y = 0) {
    for (const auto& text : texts) line(text, x, y++);
    return *this;
  }
  [[nodiscard]] const Reading& reading() const { return reading_; }

  static std::size_t characters(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    return count;
  }

 private:
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(reading_.text.size()); }
  Reading reading_;
};

/// As a model gives it: text, and blocks if they are added.
class ModelPage {
 public:
  explicit ModelPage(std::string text = {}) {
    reading_.text = std::move(text);
    reading_.finish_reason = FinishReason::stop;
    reading_.confidence = 0.75F;
  }
  ModelPage& block(std::string_view text, Box box, BlockKind kind = BlockKind::text) {
    if (!reading_.text.empty()) reading_.text += "\n\n";
    Block block;
    block.text_begin = static_cast<std::uint32_t>(reading_.text.size());
    reading_.text += text;
    block.text_end = static_cast<std::uint32_t>(reading_.text.size());
    block.box = box;
    block.kind = kind;
    block.confidence = 0.5F;
    reading_.blocks.push_back(block);
    return *this;
  }
  [[nodiscard]] const Reading& reading() const { return reading_; }

 private:
  Reading reading_;
};

}  // namespace pecia::result::test
