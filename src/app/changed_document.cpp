#include "changed_document.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace pecia::app {

std::string change_of(const struct stat& status, const corpus::Document& listed) {
  const auto modified = static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
  if (!S_ISREG(status.st_mode)) return "it is no file any more";
  if (static_cast<std::uint64_t>(status.st_size) != listed.size_bytes)
    return fmt::format("it had {} bytes, and has {}", listed.size_bytes, status.st_size);
  if (modified != listed.modified_ns) return "its time of modification is another one";
  return {};
}

}  // namespace pecia::app
