#include "pecia/base/reason.hpp"

#include <algorithm>
#include <array>

namespace pecia {
namespace {

constexpr std::array<std::string_view, 26> names{
    "none",           "not_a_document", "unreadable",    "unsupported",  "encrypted", "no_pages",
    "checksum_mismatch", "vanished",    "too_large",     "timeout",      "child_crashed",
    "engine_crashed", "engine_timeout", "engine_failed", "io_error",     "out_of_memory",
    "poison",         "repetition",     "no_end",        "has_text",     "low_confidence",
    "needs_libreoffice", "portfolio",   "xfa_form",      "page_tree",
    "engine_lost"};

constexpr auto reasons = [] {
  std::array<Reason, names.size() - 1> all{};
  for (std::size_t n = 0; n < all.size(); ++n) all[n] = static_cast<Reason>(n + 1);
  return all;
}();

}  // namespace

std::string_view name(Reason reason) noexcept {
  const auto n = static_cast<std::size_t>(reason);
  return n < names.size() ? names[n] : "unknown";
}

std::optional<Reason> parse_reason(std::string_view name) noexcept {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Reason>(found - names.begin());
}

std::span<const Reason> all_reasons() noexcept { return reasons; }

}  // namespace pecia
