#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/corpus/manifest.hpp"

namespace pecia::exporting {

/// Where each document of the manifest goes, by its position: a path below the export folder,
/// without the suffix of the format. The tree is the corpus's; names are the documents' own bytes.
///
/// Paths never lead out of the folder ("..", a leading '/'). Where two documents would have one
/// file, or a file would stand where a folder must be, "~<document id>" is added to the name, as it
/// is where a name becomes too long. `suffixes`: all that may be added (".md"), so that the names
/// do not depend on the formats of one export; `reserved`: names in the export folder that are
/// taken.
[[nodiscard]] std::vector<std::string> export_names(const corpus::Manifest& manifest,
                                                    const std::vector<std::string>& suffixes,
                                                    const std::vector<std::string>& reserved);

}  // namespace pecia::exporting
