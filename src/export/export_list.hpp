#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/export/part_file.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/ids.hpp"

// export.json, in which an export remembers what it wrote of what; docs/formats.md defines it. It is read and written a line
// at a time: a corpus may have a million documents.
namespace pecia::exporting {

inline constexpr const char* list_file = "export.json";

/// What was written of a document in one format.
struct FormatEntry {
  std::string format;
  std::uint64_t digest = 0;        ///< of what it was made of
  std::vector<std::string> files;  ///< below the export folder, their own bytes
  std::uint64_t bytes = 0;         ///< of all of them
  std::string reason;              ///< why it was not written, or not quite as asked for
  std::map<std::uint32_t, std::uint64_t> pages = {};  ///< of figures: for each page the digest of what was cut out there
};

struct DocumentEntry {
  static constexpr std::size_t page_states = 6;  ///< those of result::State, and pending
  static constexpr std::size_t pending = page_states - 1;
  DocumentId id;
  std::string path;    ///< its own bytes
  std::string state;   ///< complete, gaps, skipped
  std::string reason;  ///< of skipped
  std::array<std::uint64_t, page_states> pages{};
  std::array<std::uint64_t, 3> findings{};  ///< by merge::Severity
  std::vector<FormatEntry> formats;

  [[nodiscard]] const FormatEntry* find(std::string_view format) const;
  /// In place of the one of this format.
  void put(FormatEntry entry);
};

/// Where a document's lines stand in pages.jsonl or documents.jsonl.
struct LinesEntry {
  DocumentId id;
  std::uint64_t digest = 0, offset = 0, bytes = 0;
  std::uint32_t crc32c = 0;
};
struct LinesFile {
  std::string name;
  std::vector<LinesEntry> documents;  ///< in the order of the file
};

/// How an export ended.
enum class ListState { writing, stopped, finished };

/// The export.json of an earlier export.
class KnownExport {
 public:
  /// Nothing if there is none. Throws `UsageError` for one that cannot be read.
  [[nodiscard]] static std::optional<KnownExport> load(const std::filesystem::path& out);

  [[nodiscard]] const std::string& run() const noexcept { return run_; }
  [[nodiscard]] ListState state() const noexcept { return state_; }
  /// Formats ("figures" is one) of which files may be there that are the run's, and that the list does not know: an export
  /// was killed or failed, and none has written all of them since.
  [[nodiscard]] const std::vector<std::string>& unlisted() const noexcept { return unlisted_; }
  [[nodiscard]] const std::vector<LinesFile>& lines_files() const noexcept { return lines_files_; }
  [[nodiscard]] const LinesFile* lines_file(std::string_view name) const;
  /// In the order of the file.
  [[nodiscard]] std::vector<DocumentId> documents() const;
  [[nodiscard]] bool knows(DocumentId id) const;
  [[nodiscard]] std::optional<DocumentEntry> find(DocumentId id) const;
  /// The line of a document that it knows, as it stands in the file.
  [[nodiscard]] std::string line_of(DocumentId id) const;

 private:
  struct Place {
    DocumentId id;
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
  };
  [[nodiscard]] const Place* place_of(DocumentId id) const;
  bool take_line(std::string_view line, std::uint64_t offset);

  UniqueFd file_;
  std::string run_;
  ListState state_ = ListState::writing;
  std::vector<std::string> unlisted_;
  std::vector<Place> places_;  ///< sorted by id
  std::vector<LinesFile> lines_files_;
};

[[nodiscard]] std::string to_json(const DocumentEntry& entry);

/// Writes export.json, documents first.
class ListWriter {
 public:
  ListWriter(const std::filesystem::path& out, std::string_view run, const std::string& settings_json);
  void add(std::string_view document_line);
  /// `summary_json`: an object.
  void finish(const std::vector<LinesFile>& lines_files, ListState state, const std::vector<std::string>& unlisted,
              const std::string& summary_json);

 private:
  PartFile part_;
  bool empty_ = true;
};

}  // namespace pecia::exporting
