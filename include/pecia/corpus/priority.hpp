#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pecia::corpus {

/// All pages of a level start before any of the next, on every rank.
enum class Priority : std::uint8_t { urgent = 0, normal = 1, low = 2 };
constexpr std::size_t priorities = 3;

[[nodiscard]] std::string_view name(Priority priority) noexcept;
[[nodiscard]] std::optional<Priority> parse_priority(std::string_view name) noexcept;

}  // namespace pecia::corpus
