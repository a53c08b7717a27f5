#include "pecia/corpus/priority.hpp"

#include <algorithm>
#include <array>

namespace pecia::corpus {
namespace {

constexpr std::array<std::string_view, priorities> names{"urgent", "normal", "low"};

}  // namespace

std::string_view name(Priority priority) noexcept { return names[static_cast<std::size_t>(priority)]; }

std::optional<Priority> parse_priority(std::string_view name) noexcept {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Priority>(found - names.begin());
}

}  // namespace pecia::corpus
