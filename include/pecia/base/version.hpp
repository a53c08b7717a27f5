#pragma once

#include <string_view>

namespace pecia {

/// "0.1.0", from `project(VERSION)` in the top CMakeLists.txt.
[[nodiscard]] std::string_view version() noexcept;
/// What was found when pecia was configured, one "name: value" per line: compiler, build type,
/// libraries and their versions.
[[nodiscard]] std::string_view build_configuration() noexcept;

}  // namespace pecia
