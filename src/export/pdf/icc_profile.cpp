#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "pdfa.hpp"

namespace pecia::exporting::pdf {
namespace {

/// Big-endian, as all of an ICC profile (ICC.1:2010, 4.2).
class Profile {
 public:
  Profile& u8(int value) {
    bytes_ += static_cast<char>(value);
    return *this;
  }
  Profile& u16(int value) { return u8(value >> 8).u8(value & 0xFF); }
  Profile& u32(std::uint32_t value) { return u16(static_cast<int>(value >> 16)).u16(static_cast<int>(value & 0xFFFFU)); }
  Profile& fixed(double value) { return u32(static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(value * 65536)))); }
  Profile& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  Profile& zeros(std::size_t count) {
    bytes_.append(count, '\0');
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

Profile text(std::string_view ascii) {
  Profile tag;
  tag.raw("mluc").u32(0).u32(1).u32(12).raw("enUS").u32(static_cast<std::uint32_t>(2 * ascii.size())).u32(28);
  for (const char letter : ascii) tag.u16(letter);
  return tag;
}

Profile xyz(double x, double y, double z) {
  Profile tag;
  return tag.raw("XYZ ").u32(0).fixed(x).fixed(y).fixed(z);
}

/// Bradford's adaptation of D65 to D50.
Profile adaptation() {
  Profile tag;
  tag.raw("sf32").u32(0);
  for (const double value : {1.0478112, 0.0228866, -0.0501270, 0.0295424, 0.9904844, -0.0170491, -0.0092345, 0.0150436, 0.7521316})
    tag.fixed(value);
  return tag;
}

/// IEC 61966-2-1: ((x + .055) / 1.055)^2.4 from .04045 on, below x / 12.92.
Profile curve() {
  Profile tag;
  tag.raw("para").u32(0).u16(3).u16(0);
  return tag.fixed(2.4).fixed(1 / 1.055).fixed(0.055 / 1.055).fixed(1 / 12.92).fixed(0.04045);
}

Profile header(std::size_t size) {
  Profile out;
  out.u32(static_cast<std::uint32_t>(size)).u32(0).u32(0x04200000).raw("mntrRGB XYZ ");
  out.u16(2026).u16(1).u16(1).u16(0).u16(0).u16(0);  // a date of its making must be there
  out.raw("acsp").u32(0).u32(0).u32(0).u32(0).u32(0).u32(0).u32(0);
  out.fixed(0.9642).fixed(1).fixed(0.8249);
  return out.zeros(icc_header_bytes - out.bytes().size());
}

}  // namespace

std::string srgb_profile() {
  struct Tag {
    std::string_view name;
    std::size_t part;
  };
  const std::vector<Profile> parts{text("sRGB"),
                                   text("No copyright, use freely"),
                                   xyz(0.9642, 1, 0.8249),
                                   adaptation(),
                                   xyz(0.4360747, 0.2225045, 0.0139322),
                                   xyz(0.3850649, 0.7168786, 0.0971045),
                                   xyz(0.1430804, 0.0606169, 0.7141733),
                                   curve()};
  constexpr std::array<Tag, 10> tags{
      {{"desc", 0}, {"cprt", 1}, {"wtpt", 2}, {"chad", 3}, {"rXYZ", 4}, {"gXYZ", 5}, {"bXYZ", 6}, {"rTRC", 7}, {"gTRC", 7}, {"bTRC", 7}}};
  Profile body;
  std::vector<std::size_t> begins;
  for (const auto& part : parts) {
    begins.push_back(icc_header_bytes + 4 + 12 * tags.size() + body.bytes().size());
    body.raw(part.bytes()).zeros((4 - part.bytes().size() % 4) % 4);
  }
  Profile table;
  table.u32(tags.size());
  for (const auto& tag : tags)
    table.raw(tag.name).u32(static_cast<std::uint32_t>(begins[tag.part])).u32(static_cast<std::uint32_t>(parts[tag.part].bytes().size()));
  auto whole = header(icc_header_bytes + table.bytes().size() + body.bytes().size());
  return whole.raw(table.bytes()).raw(body.bytes()).bytes();
}

}  // namespace pecia::exporting::pdf
