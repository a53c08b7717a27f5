#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "pecia/corpus/listing.hpp"

namespace pecia::corpus {

/// The payload of a BagIt bag (RFC 8493): path relative to the bag's root -> checksum, by the
/// strongest manifest there is. Nothing if `root` is no bag. Throws `UsageError` if the bag has no
/// payload manifest or one that cannot be understood.
[[nodiscard]] std::optional<std::map<std::string, Checksum>> read_bag(
    const std::filesystem::path& root);

}  // namespace pecia::corpus
