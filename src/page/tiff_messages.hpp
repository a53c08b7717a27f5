#pragma once

#include <string>
#include <string_view>

// Inside pecia-page only.
namespace pecia::page {

/// What libtiff has said, through handlers that are its whole process's: this program decodes in one thread.
struct TiffMessages {
  std::string last_error;
  /// Errors, and warnings that pixels lack. The decoders of fax codes and of JPEG go on after them, with white or gray.
  unsigned complaints = 0;
};
/// Those since the last `listen_to_libtiff`.
[[nodiscard]] TiffMessages& tiff_messages();
void listen_to_libtiff();

/// Throws PageError(unreadable) with libtiff's last word; std::bad_alloc where that is that memory lacks.
[[noreturn]] void fail_tiff(std::string_view what);

}  // namespace pecia::page
