#pragma once

#include <filesystem>
#include <string>

#include "pecia/export/export.hpp"
#include "writers.hpp"

namespace pecia::exporting {

/// The folder beside a document's files in which its images stand.
inline constexpr const char* images_suffix = ".images";

/// A picture as a PNG file. Throws `Error` if it is none (no pixels, or other than its size says).
[[nodiscard]] std::string to_png(const Picture& picture);

/// Writes the images of a document's pages to `out`/`name`.images/PAGE_N.png, N from 1 on every
/// page.
[[nodiscard]] ImageLinks write_images(const merge::Document& document, const CropPage& crop,
                                      const std::filesystem::path& out, const std::string& name);

}  // namespace pecia::exporting
