#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

#include "image_file.hpp"
#include "maker.hpp"

namespace pecia::exporting::pdf {
namespace {

using std::string_view_literals::operator""sv;

std::uint64_t number_in_box(std::string_view bytes, std::size_t at, std::size_t size) {
  if (at + size > bytes.size()) throw std::runtime_error{"damaged JPEG 2000: a box is cut off"};
  std::uint64_t value = 0;
  for (std::size_t n = 0; n < size; ++n) value = value << 8 | static_cast<unsigned char>(bytes[at + n]);
  return value;
}

std::string big_endian(std::uint32_t value, int size) {
  std::string out;
  for (int n = size - 1; n >= 0; --n) out += static_cast<char>(value >> (8 * n) & 0xFFU);
  return out;
}

/// What the boxes of a JP2 (ISO/IEC 15444-1, annex I) say, or the codestream's head where there are none.
struct Header {
  std::uint32_t width_px = 0, height_px = 0;
  int components = 0, bits = 8;
  int alpha = 0;            ///< as PDF's /SMaskInData: 1 opacity, 2 premultiplied
  std::uint64_t color = 0;  ///< enumerated; 0: by a profile, or unknown
};

constexpr std::size_t largest_header = 16 << 20;

void read_header_box(std::string_view box, Header& header) {
  for (std::size_t at = 0; at + 8 <= box.size();) {
    const auto length = number_in_box(box, at, 4);
    const auto name = box.substr(at + 4, 4);
    if (length < 8 || length > box.size() - at) break;
    const auto body = box.substr(at + 8, static_cast<std::size_t>(length) - 8);
    if (name == "ihdr") {
      header.height_px = static_cast<std::uint32_t>(number_in_box(body, 0, 4));
      header.width_px = static_cast<std::uint32_t>(number_in_box(body, 4, 4));
      header.components = static_cast<int>(number_in_box(body, 8, 2));
      const auto bits = static_cast<int>(number_in_box(body, 10, 1));
      if (bits != 0xFF) header.bits = (bits & 0x7F) + 1;
    } else if (name == "colr" && header.color == 0 && number_in_box(body, 0, 1) == 1) {
      header.color = number_in_box(body, 3, 4);
    } else if (name == "cdef") {
      for (std::size_t n = 0; n < number_in_box(body, 0, 2); ++n) {
        const auto type = number_in_box(body, 4 + 6 * n, 2);
        if (type == 1 || type == 2) header.alpha = static_cast<int>(type);
      }
    }
    at += static_cast<std::size_t>(length);
  }
}

Header header_of_boxes(const SourceFile& file) {
  Header header;
  for (std::uint64_t at = 0; at + 8 <= file.size();) {
    const auto head = file.read(at, 16);
    auto length = number_in_box(head, 0, 4);
    std::size_t skip = 8;
    if (length == 1) length = number_in_box(head, 8, 8), skip = 16;
    if (length == 0) length = file.size() - at;
    if (length < skip || length > file.size() - at) throw std::runtime_error{"damaged JPEG 2000: a box is cut off"};
    if (head.substr(4, 4) == "jp2h" && length - skip < largest_header) {
      read_header_box(file.read_whole(at + skip, static_cast<std::size_t>(length) - skip), header);
      return header;
    }
    at += length;
  }
  throw std::runtime_error{"damaged JPEG 2000: it has no header"};
}

/// Of the segment SIZ, which comes first (A.5.1).
Header header_of_codestream(const SourceFile& file) {
  const auto head = file.read_whole(0, 43);
  if (number_in_box(head, 2, 2) != 0xFF51) throw std::runtime_error{"damaged JPEG 2000: its codestream has no size"};
  Header header;
  header.width_px = static_cast<std::uint32_t>(number_in_box(head, 8, 4) - number_in_box(head, 16, 4));
  header.height_px = static_cast<std::uint32_t>(number_in_box(head, 12, 4) - number_in_box(head, 20, 4));
  header.components = static_cast<int>(number_in_box(head, 40, 2));
  header.bits = static_cast<int>(number_in_box(head, 42, 1) & 0x7F) + 1;
  header.color = header.components < 3 ? 17 : 16;
  return header;
}

/// The boxes that make a JP2 of a bare codestream, which PDF does not take.
std::string boxes_before(const Header& header) {
  const auto box = [](std::string_view name, const std::string& body) {
    return big_endian(static_cast<std::uint32_t>(body.size()) + 8, 4) + std::string{name} + body;
  };
  auto image =
      big_endian(header.height_px, 4) + big_endian(header.width_px, 4) + big_endian(static_cast<std::uint32_t>(header.components), 2);
  image += big_endian(static_cast<std::uint32_t>(header.bits - 1), 1) + std::string(1, 7) + std::string(2, '\0');
  const auto color = std::string("\1\0\0", 3) + big_endian(static_cast<std::uint32_t>(header.color), 4);
  return box("jP  ", "\r\n\x87\n") + box("ftyp", "jp2 " + big_endian(0, 4) + "jp2 ") +
         box("jp2h", box("ihdr", image) + box("colr", color)) + big_endian(0, 4) + "jp2c";
}

class Jpeg2000File final : public ImageFile {
 public:
  explicit Jpeg2000File(std::shared_ptr<const SourceFile> file)
      : file_{std::move(file)},
        bare_{file_->read(0, 2) == "\xFF\x4F"sv},
        header_{bare_ ? header_of_codestream(*file_) : header_of_boxes(*file_)} {
    if (header_.width_px == 0 || header_.height_px == 0) throw std::runtime_error{"damaged JPEG 2000: it has no size"};
  }

  /// Colours and bits stand in the data.
  StoredImage image(QPDF& pdf, std::uint32_t /*page*/) override {
    auto keys = image_keys(header_.width_px, header_.height_px, header_.bits) + "/Filter/JPXDecode";
    if (header_.alpha != 0) keys += fmt::format("/SMaskInData {}", header_.alpha);
    StoredImage image{stream_of_parts(pdf, file_, {{bare_ ? boxes_before(header_) : "", 0, file_->size(), false}}, keys),
                      header_.width_px,
                      header_.height_px,
                      1,
                      {}};
    const bool gray_or_rgb = header_.components == 1 || header_.components == 3;
    if (!gray_or_rgb || header_.color < 16 || header_.color > 18)
      image.obstacle = "a JPEG 2000 image whose colours are neither gray nor sRGB by their number";
    return image;
  }

 private:
  std::shared_ptr<const SourceFile> file_;
  bool bare_;
  Header header_;
};

}  // namespace

std::unique_ptr<ImageFile> open_jpeg2000(std::shared_ptr<const SourceFile> file) { return std::make_unique<Jpeg2000File>(std::move(file)); }

}  // namespace pecia::exporting::pdf
