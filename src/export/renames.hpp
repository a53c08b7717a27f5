#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "export_list.hpp"

namespace pecia::exporting {

/// Files of earlier exports whose documents have other names now, and what they are to be called: below the export folder.
using Renames = std::map<std::string, std::string>;

/// Whether all files that a line of export.json names begin with the name that the document has now; without reading all of it.
[[nodiscard]] bool has_its_name(std::string_view document_line, const std::string& name);

/// Adds those of a document. Figures keep their names, for whoever links to them, until they are cut out again; so do files
/// behind links.
void add_renames(const DocumentEntry& entry, const std::string& name, const std::filesystem::path& out, Renames& renames);

/// The entry once the files are renamed. What may name other files of the document counts as out of date then.
void apply(const Renames& renames, const std::string& name, DocumentEntry& entry);

/// Whether a file of the format is listed that has the document's name of now.
[[nodiscard]] bool has_files_named(const FormatEntry* entry, const std::string& name);

}  // namespace pecia::exporting
