#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "digest.hpp"
#include "export_list.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/export/export.hpp"
#include "pecia/store/contents.hpp"
#include "renames.hpp"

namespace pecia::exporting {

/// A document that was asked for, and what is to be done for it.
struct Todo {
  std::uint32_t document = 0;  ///< in the manifest
  bool no_document = false;    ///< a file that is none of the documents: only pages.jsonl speaks of it
  bool kept = false;           ///< it was not asked for: its lines stay in the file of jsonl, nothing else is done
  bool skipped = false;        ///< it has gaps, and only complete ones are wanted
  bool lines = false;          ///< its lines of jsonl are to be made anew
  std::uint32_t formats = 0;   ///< to be written: bit n for `ExportSettings::formats[n]`
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
  std::uint32_t lines_at = nowhere;  ///< its lines in the file of jsonl that is there: of `LinesFile::documents`
  /// A format that is not written now, and not up to date, may link to figures of an earlier export.
  bool stale_links = false;
  Sources sources;
};

/// What an export has before it begins.
struct Plan {
  corpus::Manifest manifest;
  std::vector<std::string> names;    ///< per document of the manifest
  std::optional<KnownExport> known;  ///< of this run, in this folder
  std::string run_identity;
  std::vector<Todo> todos;           ///< in the order of the manifest
  Renames renames;                   ///< of all documents of the manifest
  bool lines_are_current = false;  ///< the file of jsonl stays as it is

  /// nullptr: nothing is to be done for the document.
  [[nodiscard]] const Todo* todo_of(DocumentId id) const;
};

/// Name of the file of jsonl.
[[nodiscard]] std::string lines_name(const ExportSettings& settings);
[[nodiscard]] bool wants(const ExportSettings& settings, std::string_view format);

/// Looks at the run, at the folder and at what an earlier export says, and writes nothing. Throws `UsageError` as `export_run`.
[[nodiscard]] Plan plan_export(const store::RunPaths& run, const store::Contents& contents, const ExportSettings& settings);

/// Files that may have been written over are not known by their size.
void forget_digests(const Todo& todo, const ExportSettings& settings, DocumentEntry& entry);

/// What the pages of a document came to, by their rows: without those that cannot be loaded.
[[nodiscard]] DocumentEntry entry_of(const corpus::Document& document, const store::Contents& contents);

}  // namespace pecia::exporting
