#include "jpeg_marks.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <stdexcept>
#include <string_view>

namespace pecia::exporting::pdf {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::uint64_t search_piece_bytes = 4096;
constexpr int start_of_scan = 0xDA, end_of_image = 0xD9;
/// What libjpeg takes for these (their lengths, and where they say what it asks for).
constexpr std::size_t jfif_bytes = 14, adobe_bytes = 12, jfif_unit_at = 7, jfif_density_at = 8;

std::size_t number_in_segment(std::string_view bytes, std::size_t at, std::size_t size) {
  std::size_t value = 0;
  if (at > bytes.size() || size > bytes.size() - at) return 0;
  for (std::size_t n = 0; n < size; ++n) value = value << 8 | static_cast<unsigned char>(bytes[at + n]);
  return value;
}

struct Mark {
  int code = end_of_image;
  std::uint64_t end = 0;  ///< where it ends
};

/// The next one: over fill, and over whatever else is there. The end of the image where there is none.
Mark next_mark(const SourceFile& file, std::uint64_t at, std::uint64_t end) {
  for (bool begun = false; at < end;) {
    const auto piece = file.read(at, static_cast<std::size_t>(std::min(search_piece_bytes, end - at)));
    if (piece.empty()) break;
    for (const char byte : piece) {
      ++at;
      const int code = static_cast<unsigned char>(byte);
      if (begun && code != 0xFF && code != 0) return {code, at};
      begun = code == 0xFF;
    }
  }
  return {end_of_image, end};
}

/// TEM and the restart marks are of two bytes; so is a second beginning.
bool has_segment(int mark) { return mark != 0x01 && (mark < 0xD0 || mark > 0xD8); }

bool is_frame(int mark) { return mark >= 0xC0 && mark <= 0xCF && mark != 0xC4 && mark != 0xC8 && mark != 0xCC; }

void read_frame(std::string_view segment, int mark, JpegMarks& marks) {
  marks.frame = mark;
  marks.bits = static_cast<int>(number_in_segment(segment, 0, 1));
  marks.height_px = static_cast<std::uint32_t>(number_in_segment(segment, 1, 2));
  marks.width_px = static_cast<std::uint32_t>(number_in_segment(segment, 3, 2));
  marks.components = static_cast<int>(number_in_segment(segment, 5, 1));
  marks.components_are_rgb = marks.components == 3 && number_in_segment(segment, 6, 1) == 'R' &&
                             number_in_segment(segment, 9, 1) == 'G' && number_in_segment(segment, 12, 1) == 'B';
}

void read_segment(const std::string& segment, int mark, JpegMarks& marks, std::map<std::size_t, std::string>& profile) {
  if (is_frame(mark)) read_frame(segment, mark, marks);
  if (mark == 0xE0 && segment.size() >= jfif_bytes && segment.starts_with("JFIF\0"sv)) {
    marks.jfif = true;
    marks.claims.add_jfif(static_cast<int>(number_in_segment(segment, jfif_unit_at, 1)),
                          static_cast<int>(number_in_segment(segment, jfif_density_at, 2)));
  }
  if (mark == 0xEE && segment.size() >= adobe_bytes && segment.starts_with("Adobe"sv)) marks.adobe = true;
  if (mark == 0xE1) marks.claims.add_exif(std::as_bytes(std::span{segment}));
  if (mark == 0xE2 && segment.starts_with("ICC_PROFILE\0"sv) && segment.size() > 14)
    profile.emplace(number_in_segment(segment, 12, 1), segment.substr(14));
}

}  // namespace

JpegMarks read_marks(const SourceFile& file, std::uint64_t offset, std::uint64_t size) {
  JpegMarks marks;
  std::map<std::size_t, std::string> profile;  // by the number of its piece
  const auto end = offset + size;
  if (file.read(offset, 2) != "\xFF\xD8"sv) throw std::runtime_error{"it is no JPEG"};
  for (auto mark = next_mark(file, offset + 2, end); mark.code != start_of_scan && mark.code != end_of_image;) {
    auto at = mark.end;
    if (has_segment(mark.code)) {
      const auto length = number_in_segment(file.read_whole(at, 2), 0, 2);
      if (length < 2) throw std::runtime_error{"damaged JPEG: a segment without length"};
      read_segment(file.read_whole(at + 2, length - 2), mark.code, marks, profile);
      at += length;
    }
    mark = next_mark(file, at, end);
  }
  for (const auto& piece : profile) marks.icc += piece.second;
  return marks;
}

}  // namespace pecia::exporting::pdf
