#include <fmt/format.h>

#include "image_file.hpp"
#include "jpeg_marks.hpp"
#include "maker.hpp"

namespace pecia::exporting::pdf {
namespace {

class JpegFile final : public ImageFile {
 public:
  explicit JpegFile(std::shared_ptr<const SourceFile> file) : file_{std::move(file)}, marks_{read_marks(*file_, 0, file_->size())} {
    const bool known = marks_.frame == 0xC0 || marks_.frame == 0xC1 || marks_.frame == 0xC2;
    if (!known || marks_.bits != 8 || (marks_.components != 1 && marks_.components != 3 && marks_.components != 4) ||
        marks_.width_px == 0 || marks_.height_px == 0)
      throw Refusal{fmt::format("a JPEG of a kind that PDF has no place for (frame {:X}, {} bits, {} components)", marks_.frame,
                                marks_.bits, marks_.components)};
  }

  StoredImage image(QPDF& pdf, std::uint32_t /*page*/) override {
    auto keys = image_keys(marks_.width_px, marks_.height_px, 8) + "/Filter/DCTDecode";
    if (marks_.components == 4 && marks_.adobe) keys += "/Decode[1 0 1 0 1 0 1 0]";  // Adobe's files hold the inverse of ink
    if (marks_.components_are_rgb && !marks_.jfif && !marks_.adobe) keys += "/DecodeParms<</ColorTransform 0>>";
    StoredImage image{
        stream_of_parts(pdf, file_, {{{}, 0, file_->size(), false}}, keys), marks_.width_px, marks_.height_px, marks_.claims.orientation()};
    image.dpi = marks_.claims.dpi();
    image.object.getDict().replaceKey("/ColorSpace", color_space(pdf, marks_.components, marks_.icc));
    return image;
  }

 private:
  std::shared_ptr<const SourceFile> file_;
  JpegMarks marks_;
};

}  // namespace

std::unique_ptr<ImageFile> open_jpeg(std::shared_ptr<const SourceFile> file) { return std::make_unique<JpegFile>(std::move(file)); }

}  // namespace pecia::exporting::pdf
