#include "tiff_messages.hpp"

#include <fmt/format.h>
#include <tiffio.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <new>

#include "raster.hpp"

namespace pecia::page {
namespace {

std::string formatted(const char* format, va_list arguments) {
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  return text.data();
}

void keep_error(const char*, const char* format, va_list arguments) {
  tiff_messages().last_error = formatted(format, arguments);
  ++tiff_messages().complaints;
}

/// Of tif_fax3.h and of libjpeg's JWRN_HIT_MARKER. That a file, or a strip, ends without its end mark is no fault of the pixels.
bool says_that_pixels_lack(std::string_view text) {
  return text.starts_with("Premature EOF") || text.find("premature end of data segment") != std::string_view::npos;
}

void keep_warning(const char*, const char* format, va_list arguments) {
  const auto text = formatted(format, arguments);
  if (!says_that_pixels_lack(text)) return;
  tiff_messages().last_error = text;
  ++tiff_messages().complaints;
}

bool is_about_memory(std::string_view text) {
  return text.find("memory") != std::string_view::npos || text.starts_with("No space");
}

}  // namespace

TiffMessages& tiff_messages() {
  static TiffMessages messages;
  return messages;
}

void listen_to_libtiff() {
  TIFFSetErrorHandler(keep_error);
  TIFFSetWarningHandler(keep_warning);
  tiff_messages() = {};
}

void fail_tiff(std::string_view what) {
  const auto& last = tiff_messages().last_error;
  if (is_about_memory(last)) throw std::bad_alloc{};
  throw PageError{Reason::unreadable, fmt::format("damaged TIFF: {}{}{}", what, last.empty() ? "" : ": ", last)};
}

}  // namespace pecia::page
