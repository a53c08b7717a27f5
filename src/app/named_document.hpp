#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pecia::app {

/// The one path that is meant: itself (also in printable form), the only one that ends in it, whole names before parts of
/// them, or the only one that it matches as a glob. Throws `UsageError` where none or several do; it names those, or near ones.
[[nodiscard]] std::string named_document(std::span<const std::string> paths, std::string_view named);

}  // namespace pecia::app
