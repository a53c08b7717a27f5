#pragma once

#include <string>
#include <string_view>

namespace pecia::exporting {

/// A path of any bytes as a relative URL (RFC 3986): all but unreserved characters and '/' are percent-encoded.
[[nodiscard]] std::string url_of_path(std::string_view path);

}  // namespace pecia::exporting
