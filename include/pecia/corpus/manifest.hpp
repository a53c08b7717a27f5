#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pecia/base/ids.hpp"
#include "pecia/corpus/document.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::corpus {

/// All documents of a run, sorted by path, and the numbering of their pages within this job.
class Manifest {
 public:
  Manifest() = default;
  /// Sorts by path. Throws `Error` if two documents have the same id.
  explicit Manifest(std::vector<Document> documents);

  [[nodiscard]] const std::vector<Document>& documents() const noexcept { return documents_; }
  [[nodiscard]] const Document& document(PageRef page) const { return documents_.at(page.document); }
  /// Pages that get an outcome, over all documents.
  [[nodiscard]] std::uint64_t pages() const noexcept { return first_index_.empty() ? 0 : first_index_.back(); }
  /// Position of a page among all: 0 <= index < pages().
  [[nodiscard]] std::uint64_t index(PageRef page) const;
  [[nodiscard]] PageRef at(std::uint64_t index) const;
  /// Position of the document with this id in `documents()`, or -1.
  [[nodiscard]] std::int64_t find(DocumentId id) const noexcept;
  /// Where a page of this revision of a document stands; nothing if there is none.
  [[nodiscard]] std::optional<PageRef> find(DocumentId id, std::uint32_t revision, std::uint32_t page) const noexcept;

 private:
  std::vector<Document> documents_;
  std::vector<std::uint64_t> first_index_;  ///< per document, and the total behind the last
  std::vector<std::pair<DocumentId, std::uint32_t>> by_id_;  ///< sorted
};

/// Reads `folder`/*.jsonl in the order of their names; a later entry for a document replaces an
/// earlier one. An absent folder is an empty manifest. Throws `Error` on a damaged segment.
/// Format: docs/formats.md, "manifest/".
[[nodiscard]] Manifest load_manifest(const std::filesystem::path& folder);
/// One document of the manifest in `folder`, without parsing the others. Nothing if there is none.
/// Throws `Error` on a damaged segment.
[[nodiscard]] std::optional<Document> find_document(const std::filesystem::path& folder, DocumentId id);
/// A manifest segment that cannot be used: its name, and why.
struct DamagedSegment {
  std::string name, problem;
};
/// As `load_manifest`, but leaves damaged segments out and names them in `damaged`.
[[nodiscard]] Manifest load_sound_manifest(const std::filesystem::path& folder, std::vector<DamagedSegment>& damaged);
/// Writes one segment "<epoch as 6 digits>.jsonl", whole and renamed. Nothing if `documents` is empty.
void write_manifest_segment(const std::filesystem::path& folder, std::uint32_t epoch,
                            std::span<const Document> documents);

/// How a fresh listing differs from the manifest of the run.
struct Difference {
  std::vector<std::size_t> to_probe;   ///< positions in the listing: new ones, and changed ones to redo
  std::vector<std::size_t> changed;    ///< positions in the listing: other size or time, whether redone or not
  std::vector<DocumentId> vanished;    ///< in the manifest (or a list, or a bag), not on disk
};
[[nodiscard]] Difference compare(const Manifest& known, const Listing& found, bool redo_changed);

}  // namespace pecia::corpus
