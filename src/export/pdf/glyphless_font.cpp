#include "glyphless_font.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pecia::exporting::pdf {
namespace {

constexpr int units_per_em = 1000;
constexpr std::size_t most_codes = 0xFFFE;
constexpr std::size_t mappings_in_section = 100;  ///< of a CMap (Adobe Technical Note 5014)
constexpr char32_t replacement = 0xFFFD;

/// Big-endian, as all of a TrueType font.
class Table {
 public:
  Table& u16(int value) {
    bytes_ += static_cast<char>(value >> 8 & 0xFF);
    bytes_ += static_cast<char>(value & 0xFF);
    return *this;
  }
  Table& u32(std::uint32_t value) { return u16(static_cast<int>(value >> 16)).u16(static_cast<int>(value & 0xFFFFU)); }
  Table& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (std::size_t n = 0; n < bytes.size(); ++n)
    sum += static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[n])) << (24 - 8 * (n % 4));
  return sum;
}

Table head(std::uint32_t adjustment) {
  Table table;
  table.u32(0x00010000).u32(0x00010000).u32(adjustment).u32(0x5F0F3CF5).u16(0).u16(units_per_em);
  table.u32(0).u32(0).u32(0).u32(0);  // made and changed: no date
  table.u16(0).u16(0).u16(0).u16(0);  // bounds of no outline
  return table.u16(0).u16(8).u16(2).u16(0).u16(0);
}

Table hhea() {
  Table table;
  table.u32(0x00010000).u16(static_cast<int>(units_per_em * glyph_ascent)).u16(-static_cast<int>(units_per_em * glyph_descent)).u16(0);
  table.u16(static_cast<int>(units_per_em * glyph_width)).u16(0).u16(0).u16(0).u16(1).u16(0).u16(0);
  return table.u16(0).u16(0).u16(0).u16(0).u16(0).u16(2);
}

Table maxp() {
  Table table;
  table.u32(0x00010000).u16(2);
  for (int n = 0; n < 13; ++n) table.u16(n == 4 ? 2 : 0);  // maxZones is 1 or 2
  return table;
}

Table hmtx() {
  Table table;
  for (int n = 0; n < 2; ++n) table.u16(static_cast<int>(units_per_em * glyph_width)).u16(0);
  return table;
}

std::string font_file(std::uint32_t adjustment) {
  const std::array<std::pair<std::string_view, Table>, 6> tables{{{"glyf", Table{}.u32(0)},
                                                                  {"head", head(adjustment)},
                                                                  {"hhea", hhea()},
                                                                  {"hmtx", hmtx()},
                                                                  {"loca", Table{}.u16(0).u16(0).u16(0)},
                                                                  {"maxp", maxp()}}};
  Table file, body;
  file.u32(0x00010000).u16(tables.size()).u16(64).u16(2).u16(static_cast<int>(tables.size()) * 16 - 64);
  const auto begin = 12 + 16 * tables.size();
  for (const auto& [tag, table] : tables) {
    const auto& bytes = table.bytes();
    file.raw(tag)
        .u32(checksum(bytes))
        .u32(static_cast<std::uint32_t>(begin + body.bytes().size()))
        .u32(static_cast<std::uint32_t>(bytes.size()));
    body.raw(bytes).raw(std::string((4 - bytes.size() % 4) % 4, '\0'));
  }
  return file.raw(body.bytes()).bytes();
}

/// Four digits for each unit of UTF-16.
std::string utf16_digits(char32_t character) {
  if (character < 0x10000) return fmt::format("{:04X}", static_cast<unsigned>(character));
  const auto rest = static_cast<unsigned>(character) - 0x10000U;
  return fmt::format("{:04X}{:04X}", 0xD800U + (rest >> 10), 0xDC00U + (rest & 0x3FFU));
}

/// What is no UTF-8 does not come here; a byte that is none is U+FFFD all the same.
char32_t next_character(std::string_view& utf8) {
  const auto first = static_cast<unsigned char>(utf8.front());
  const std::size_t size = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (size == 0 || size > utf8.size()) {
    utf8.remove_prefix(1);
    return replacement;
  }
  char32_t value = size == 1 ? first : first & (0x7FU >> size);
  for (std::size_t n = 1; n < size; ++n) value = value << 6 | (static_cast<unsigned char>(utf8[n]) & 0x3FU);
  utf8.remove_prefix(size);
  return value;
}

std::string to_unicode(const std::vector<char32_t>& characters) {
  std::string map =
      "/CIDInit/ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n"
      "/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n";
  for (std::size_t begin = 0; begin < characters.size(); begin += mappings_in_section) {
    const auto end = std::min(characters.size(), begin + mappings_in_section);
    map += fmt::format("{} beginbfchar\n", end - begin);
    for (auto n = begin; n < end; ++n) map += fmt::format("<{:04X}><{}>\n", n + 1, utf16_digits(characters[n]));
    map += "endbfchar\n";
  }
  return map + "endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n";
}

}  // namespace

std::string glyphless_truetype() { return font_file(0xB1B0AFBAU - checksum(font_file(0))); }

GlyphlessFont::GlyphlessFont(QPDF& pdf) : pdf_{pdf}, font_{pdf.makeIndirectObject(QPDFObjectHandle::newDictionary())} {}

std::uint16_t GlyphlessFont::code_of(char32_t character) {
  if (const auto known = codes_.find(character); known != codes_.end()) return known->second;
  if (characters_.size() + 1 >= most_codes && character != replacement) {
    ++without_code_;
    return code_of(replacement);
  }
  characters_.push_back(character);
  const auto code = static_cast<std::uint16_t>(characters_.size());
  codes_.emplace(character, code);
  return code;
}

std::string GlyphlessFont::codes(std::string_view utf8, std::size_t& count) {
  std::string out;
  count = 0;
  while (!utf8.empty()) {
    const auto code = code_of(next_character(utf8));
    for (const int byte : {code >> 8, code & 0xFF}) {
      const char value = static_cast<char>(byte);
      if (value == '(' || value == ')' || value == '\\') out += '\\';
      if (value == '\r')  // alone in a string it would be read as a line feed
        out += "\\r";
      else
        out += value;
    }
    ++count;
  }
  return out;
}

void GlyphlessFont::finish() {
  const auto stream = [this](const std::string& bytes, const std::string& keys) {
    auto made = QPDFObjectHandle::newStream(&pdf_, bytes);
    made.replaceDict(QPDFObjectHandle::parse("<<" + keys + ">>"));
    return pdf_.makeIndirectObject(made);
  };
  const auto file = glyphless_truetype();
  auto descriptor =
      QPDFObjectHandle::parse(fmt::format("<</Type/FontDescriptor/FontName/PeciaGlyphless/Flags 4/FontBBox[0 -{2} {0} {1}]/ItalicAngle "
                                          "0/Ascent {1}/Descent -{2}/CapHeight {1}/StemV 80>>",
                                          units_per_em * glyph_width, units_per_em * glyph_ascent, units_per_em * glyph_descent));
  descriptor.replaceKey("/FontFile2", stream(file, fmt::format("/Length1 {}", file.size())));
  std::string glyphs(2, '\0');
  for (std::size_t n = 0; n < characters_.size(); ++n) glyphs += std::string_view{"\0\1", 2};
  auto cid_font = QPDFObjectHandle::parse(fmt::format(
      "<</Type/Font/Subtype/CIDFontType2/BaseFont/PeciaGlyphless/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW {}>>",
      units_per_em * glyph_width));
  cid_font.replaceKey("/FontDescriptor", pdf_.makeIndirectObject(descriptor));
  cid_font.replaceKey("/CIDToGIDMap", stream(glyphs, ""));
  font_.replaceKey("/Type", QPDFObjectHandle::newName("/Font"));
  font_.replaceKey("/Subtype", QPDFObjectHandle::newName("/Type0"));
  font_.replaceKey("/BaseFont", QPDFObjectHandle::newName("/PeciaGlyphless"));
  font_.replaceKey("/Encoding", QPDFObjectHandle::newName("/Identity-H"));
  font_.replaceKey("/DescendantFonts", QPDFObjectHandle::newArray({pdf_.makeIndirectObject(cid_font)}));
  font_.replaceKey("/ToUnicode", stream(to_unicode(characters_), ""));
}

}  // namespace pecia::exporting::pdf
