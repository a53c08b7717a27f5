#include "pecia/merge/cleaned.hpp"

#include <algorithm>

#include "clean_text.hpp"

namespace pecia::merge {

std::string cleaned(std::string_view text) { return CleanText{text}.text(); }

std::string cleaned_line(std::string_view text) {
  auto line = cleaned(text);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return line;
}

result::Reading cleaned(result::Reading reading) {
  const CleanText clean{reading.text};
  const auto move = [&](auto& parts) {
    for (auto& part : parts) {
      part.text_begin = clean.at(part.text_begin);
      part.text_end = clean.at(part.text_end);
    }
  };
  move(reading.blocks);
  move(reading.lines);
  move(reading.words);
  reading.text = clean.text();
  return reading;
}

}  // namespace pecia::merge
