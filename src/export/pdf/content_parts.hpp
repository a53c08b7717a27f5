#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <string>
#include <string_view>
#include <vector>

#include "affine.hpp"

namespace pecia::exporting::pdf {

/// The matrix of six numbers; that which changes nothing if they are none.
[[nodiscard]] Affine affine_of(std::vector<QPDFObjectHandle> operands);
[[nodiscard]] bool is_type3(QPDFObjectHandle font);
/// What the last operand names in these resources, of those of a kind ("/Font"); null if it names nothing.
[[nodiscard]] QPDFObjectHandle chosen_resource(QPDFObjectHandle resources, const char* kind, std::vector<QPDFObjectHandle> operands);

constexpr int invisible_mode = 3;
/// The text rendering mode after `Tr`. Some readers take a number that is no integer for one, others (Poppler) leave the mode as it
/// is: invisible is what is so for both.
[[nodiscard]] int mode_after(int mode, QPDFObjectHandle number);
/// What `'` and `"` do beside showing text. Between blanks: the `(` that gives way may have ended the token before it.
[[nodiscard]] std::string without_text(std::string_view name, std::vector<QPDFObjectHandle> operands);
/// Whether the operator paints a path or a shading, or begins a glyph that does.
[[nodiscard]] bool is_painting(std::string_view name);
/// Whether the operands choose DeviceGray or DeviceRGB.
[[nodiscard]] bool is_gray_or_rgb(std::vector<QPDFObjectHandle> operands);
/// Whether ISO 32000-1 (annex A) knows it.
[[nodiscard]] bool is_operator(std::string_view name);
/// Whether it is one of the four that ISO 32000-1 knows (8.6.5.8).
[[nodiscard]] bool is_rendering_intent(QPDFObjectHandle name);
/// Whether the operator looks something up in the resources.
[[nodiscard]] bool uses_resources(std::string_view name, std::vector<QPDFObjectHandle> operands);

/// Whether there is anything but white space and comments.
[[nodiscard]] bool has_more_than_comments(std::string_view contents);

/// What stands in [begin, end) of contents gives way to `by`.
struct Edit {
  std::size_t begin = 0, end = 0;
  std::string by;
};
/// `edits` in the order of their places.
[[nodiscard]] std::string applied(const std::string& contents, const std::vector<Edit>& edits);

/// The contents of a page or form, decoded.
[[nodiscard]] std::string bytes_of(QPDFPageObjectHelper holder);
/// How many they are; they are never in memory.
[[nodiscard]] std::uint64_t size_of(QPDFPageObjectHelper holder);
/// What another stream holds, decoded; nothing if it cannot be, or is of more than 16 MiB, which nobody needs for what is not contents.
[[nodiscard]] std::optional<std::string> decoded(QPDFObjectHandle stream);

}  // namespace pecia::exporting::pdf
