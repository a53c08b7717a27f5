#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "pecia/corpus/manifest.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/record.hpp"
#include "pecia/store/verify.hpp"

// All that a run directory holds, and what is wrong with it: what `verify` tells and `repair` acts on.
namespace pecia::store {

/// A record that can be read.
struct Entry {
  PageKey key;
  RecordOrder order;
  std::uint32_t record_crc32c = 0;
  std::uint32_t file = 0;  ///< position in Findings::files
};

/// A shard or a segment of the journal.
struct RecordFile {
  std::filesystem::path path;
  bool sealed = false;
  bool lacks_sum = false;   ///< and that is all that is wrong with it
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;        ///< that it says to have; of a segment: before any damage
  std::uint64_t unreadable = 0;  ///< of them
  std::vector<std::string> made_of;  ///< names of what was sealed into it
  std::string problem;               ///< empty: sound
  [[nodiscard]] std::string name() const { return path.filename().string(); }
};

/// Another file that is damaged, or that belongs to nothing.
struct BadFile {
  std::filesystem::path path;
  std::string problem;
};

struct Findings {
  corpus::Manifest manifest;
  std::optional<Ledger> ledger;    ///< the newest
  bool manifest_damaged = false;   ///< segments are damaged or missing
  std::vector<RecordFile> files;   ///< without shards that were superseded
  std::vector<Entry> entries;      ///< sorted by key, the best of each first
  std::vector<BadFile> bad;
  std::vector<std::string> lost;   ///< what the ledger promises and is not there
  std::vector<std::string> notes;
  std::string index_problem;
  bool indexed = false;

  /// The run knew of more pages than the manifest now has.
  [[nodiscard]] bool manifest_short() const { return manifest_damaged || (ledger && ledger->pages > manifest.pages()); }
  /// Whether the manifest has this page. Records of a document before it changed have none, and are no orphans.
  [[nodiscard]] bool is_page(const PageKey& key) const;
  [[nodiscard]] bool is_of_earlier_revision(const PageKey& key) const;
  [[nodiscard]] bool is_orphan(const PageKey& key) const { return !is_page(key) && !is_of_earlier_revision(key); }
  /// Pages without an outcome.
  [[nodiscard]] std::vector<PageList> pending_pages() const;
};

[[nodiscard]] Findings look_at(const RunPaths& run, const VerifyOptions& options);

/// Reads the records of a shard or segment, as far as they can be read, whatever is wrong with it.
void for_each_record(const RecordFile& file, const std::function<void(Record&&)>& use);

/// "quarantine/", where `repair` sets damaged files aside.
[[nodiscard]] std::filesystem::path quarantine(const RunPaths& run);

}  // namespace pecia::store
