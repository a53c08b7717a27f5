#pragma once

#include <cstdint>
#include <qpdf/QPDF.hh>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pecia::exporting::pdf {

/// Of the font's size: a character's width, and where its box ends above and below the baseline.
constexpr double glyph_width = 0.5, glyph_ascent = 0.8, glyph_descent = 0.2;

/// A TrueType font of two glyphs without outlines: .notdef, and the one that stands for every character (ISO/IEC 14496-22).
[[nodiscard]] std::string glyphless_truetype();

/// A Type 0 font in which every character of a document has a code of its own (a CID of two bytes, Identity-H), in the order
/// in which they come, and no shape. What a code stands for says the font's /ToUnicode, beyond the BMP, too.
class GlyphlessFont {
 public:
  explicit GlyphlessFont(QPDF& pdf);

  /// UTF-8 as codes for a string of the page's contents; `count` is how many.
  [[nodiscard]] std::string codes(std::string_view utf8, std::size_t& count);
  /// The font's object, for resources. It is whole after `finish`.
  [[nodiscard]] QPDFObjectHandle object() const { return font_; }
  /// Characters that were one too many: there are 65,534 codes.
  [[nodiscard]] std::uint64_t without_code() const { return without_code_; }
  void finish();

 private:
  [[nodiscard]] std::uint16_t code_of(char32_t character);

  QPDF& pdf_;
  QPDFObjectHandle font_;
  std::unordered_map<char32_t, std::uint16_t> codes_;
  std::vector<char32_t> characters_;  ///< of code 1, 2, ...
  std::uint64_t without_code_ = 0;
};

}  // namespace pecia::exporting::pdf
