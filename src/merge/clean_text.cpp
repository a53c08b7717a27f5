#include "clean_text.hpp"

#include <algorithm>

#include "pecia/base/text.hpp"

namespace pecia::merge {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// How many bytes the valid character at the beginning has; 0: there is none.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  return size > 0 && size <= text.size() && is_utf8(text.substr(0, size)) ? size : 0;
}

/// C1 controls and noncharacters (Unicode 15, 23.7), which XML does not take.
bool is_no_text(std::string_view character) {
  if (character.size() == 2) return character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
  if (character.size() < 3) return false;
  if (character.size() == 3 && character >= "\xEF\xB7\x90" && character <= "\xEF\xB7\xAF") return true;
  const auto tail = character.substr(character.size() - 2);
  if (tail != "\xBF\xBE" && tail != "\xBF\xBF") return false;
  return character.size() == 3 ? character[0] == '\xEF' : (static_cast<unsigned char>(character[1]) & 0x0F) == 0x0F;
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte < 0x7F) || c == '\n' || c == '\t';
  });
}

}  // namespace

CleanText::CleanText(std::string_view read) {
  if (is_plain(read)) {
    text_ = read;
    return;
  }
  text_.reserve(read.size());
  at_.reserve(read.size() + 1);
  for (std::size_t n = 0; n < read.size();) {
    const auto size = character_bytes(read.substr(n));
    const auto character = read.substr(n, std::max<std::size_t>(size, 1));
    at_.insert(at_.end(), character.size(), static_cast<std::uint32_t>(text_.size()));
    const auto byte = static_cast<unsigned char>(character.front());
    if (character == "\r") {
      text_ += ' ';
    } else if (character == "\f" || character == "\v") {
      text_ += '\n';
    } else if (size == 0 || (byte < 0x20 && character != "\n" && character != "\t") || byte == 0x7F || is_no_text(character)) {
      text_ += replacement;
      ++mended_;
    } else {
      text_ += character;
    }
    n += character.size();
  }
  at_.push_back(static_cast<std::uint32_t>(text_.size()));
  if (text_.size() == read.size() && mended_ == 0) at_.clear();
}

std::uint32_t CleanText::at(std::uint32_t read) const noexcept {
  if (at_.empty()) return read;
  return at_[std::min<std::size_t>(read, at_.size() - 1)];
}

}  // namespace pecia::merge
