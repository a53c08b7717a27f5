#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/corpus/manifest.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/record.hpp"
#include "pecia/store/run.hpp"

namespace pecia::store {

/// What is known of a page without reading its text. Its texts live as long as its `Contents`.
struct Row {
  PageKey key;
  RecordOrder order;
  Reason reason = Reason::none;
  std::uint32_t checksum = 0;  ///< CRC-32C of the whole record, order included
  std::string_view detail, engine, languages;
  float confidence = 0, seconds = 0;
  std::uint32_t attempts = 1;  ///< tries in all, the last included
  std::uint32_t source = 0;    ///< where the whole record is: private to Contents
  std::uint64_t at = 0;
};

/// All outcomes of a run, from shards and journal segments, one winner per key. A snapshot: it may be
/// made at any time, while the run is writing. Damaged files are skipped and named in `problems`.
class Contents {
 public:
  explicit Contents(const RunPaths& run);
  ~Contents();
  Contents(Contents&&) noexcept;

  /// Winners, sorted by key.
  [[nodiscard]] std::span<const Row> rows() const noexcept;
  /// nullptr if the page has no outcome yet.
  [[nodiscard]] const Row* find(const PageKey& key) const noexcept;
  /// The whole outcome. Throws `Error` if its bytes do not match their checksum.
  [[nodiscard]] result::PageOutcome load(const Row& row) const;
  /// Its text alone, which is several times faster where the record lies in a shard. Throws as `load`.
  [[nodiscard]] std::string text(const Row& row) const;
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept;
  /// Of them, those of files that the disk did not give: they may be sound, and what is in them is not lost.
  [[nodiscard]] const std::vector<std::string>& unreadable() const noexcept;
  /// What was read, those with problems left out.
  [[nodiscard]] const std::vector<LedgerFile>& shards() const noexcept;
  [[nodiscard]] const std::vector<LedgerFile>& segments() const noexcept;
  /// Records that lost against another of the same key (copies, earlier generations).
  [[nodiscard]] std::uint64_t superseded() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether corpus.h5 is there and holds exactly the outcomes of the shards: a job that is killed after
/// its last page leaves none, or that of an earlier job.
[[nodiscard]] bool index_is_current(const RunPaths& run, const Contents& contents);

}  // namespace pecia::store
