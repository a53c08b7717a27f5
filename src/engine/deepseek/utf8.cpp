#include "utf8.hpp"

#include "tokenizer.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

Utf8Step utf8_step(std::string_view bytes) noexcept {
  using Kind = Utf8Step::Kind;
  const auto at = [&](std::size_t n) { return static_cast<unsigned char>(bytes[n]); };
  const unsigned first = at(0);
  if (first < 0x80) return {Kind::character, 1, first};
  if (first < 0xC2 || first > 0xF4) return {Kind::invalid, 1, 0};
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  // The second byte alone is bounded further: no overlong forms, no surrogates, none above
  // U+10FFFF.
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  char32_t character = first & (0x7FU >> length);
  for (std::size_t n = 1; n < length; ++n) {
    if (n == bytes.size()) return {Kind::incomplete, n, 0};
    const unsigned next = at(n);
    if (next < (n == 1 ? least : 0x80U) || next > (n == 1 ? most : 0xBFU))
      return {Kind::invalid, n, 0};
    character = character << 6 | (next & 0x3F);
  }
  return {Kind::character, length, character};
}

std::string Utf8Stream::push(std::string_view bytes) {
  held_.append(bytes);
  std::string out;
  out.reserve(held_.size());
  std::string_view rest = held_;
  while (!rest.empty()) {
    const auto step = utf8_step(rest);
    if (step.kind == Utf8Step::Kind::incomplete) break;
    out.append(step.kind == Utf8Step::Kind::character ? rest.substr(0, step.length) : replacement);
    rest.remove_prefix(step.length);
  }
  held_.erase(0, held_.size() - rest.size());
  return out;
}

std::string Utf8Stream::finish() {
  const bool broken_off = !held_.empty();
  held_.clear();
  return std::string{broken_off ? replacement : std::string_view{}};
}

}  // namespace pecia::engine::deepseek
