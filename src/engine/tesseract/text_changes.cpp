#include "tesseract/text_changes.hpp"

#include <algorithm>

namespace pecia::engine {
namespace {

bool is_letter(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80; }

/// Bytes of a UTF-8 sign at `at` that parts words (U+0080 to U+00BF, U+2000 to U+207F: quotes, dashes), else 0.
std::size_t separator_bytes(std::string_view text, std::size_t at) {
  const auto rest = text.substr(at);
  if (rest.starts_with("\xC2")) return std::min<std::size_t>(2, rest.size());
  return rest.starts_with("\xE2\x80") || rest.starts_with("\xE2\x81") ? std::min<std::size_t>(3, rest.size()) : 0;
}

/// Where a place of the old text is in the new one; a place within what was changed is where the change begins.
std::uint32_t moved(std::uint32_t at, const std::vector<TextChange>& changes, const std::vector<std::int64_t>& shifts) {
  const auto after = std::ranges::upper_bound(changes, at, {}, [](const TextChange& change) { return change.at; });
  if (after == changes.begin()) return at;
  const auto& last = *(after - 1);
  const auto index = static_cast<std::size_t>(after - changes.begin()) - 1;
  const auto inside = at < last.at + last.bytes;
  const auto place = static_cast<std::int64_t>(inside ? last.at : at) + shifts[index + (inside ? 0 : 1)];
  return static_cast<std::uint32_t>(place);
}

}  // namespace

bool known(const std::string& word, const IsWord& is_word) {
  if (is_word(word)) return true;
  if (word.empty() || word.front() < 'A' || word.front() > 'Z') return false;
  auto lower = word;
  lower.front() = static_cast<char>(lower.front() | 0x20);
  return is_word(lower);
}

std::vector<TextWord> words_of(std::string_view text) {
  std::vector<TextWord> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    while (at < text.size() && is_letter(static_cast<unsigned char>(text[at])) && separator_bytes(text, at) == 0) ++at;
    if (at > begin) words.push_back({begin, at});
    if (at < text.size()) at += std::max<std::size_t>(1, separator_bytes(text, at));
  }
  return words;
}

void change_text(result::Reading& reading, const std::vector<TextChange>& changes) {
  std::string text;
  std::size_t copied = 0;
  std::vector<std::int64_t> shifts{0};  // of the text before the first, the second, ... change
  for (const auto& change : changes) {
    text.append(reading.text, copied, change.at - copied);
    text += change.put;
    copied = std::size_t{change.at} + change.bytes;
    shifts.push_back(shifts.back() + static_cast<std::int64_t>(change.put.size()) - change.bytes);
  }
  text.append(reading.text, copied);
  reading.text = std::move(text);
  const auto move_all = [&](auto& parts) {
    for (auto& part : parts) {
      part.text_begin = moved(part.text_begin, changes, shifts);
      part.text_end = moved(part.text_end, changes, shifts);
    }
  };
  move_all(reading.blocks);
  move_all(reading.lines);
  move_all(reading.words);
}

}  // namespace pecia::engine
