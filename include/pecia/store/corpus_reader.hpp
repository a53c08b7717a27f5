#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/ids.hpp"
#include "pecia/result/outcome.hpp"
#include "pecia/store/run.hpp"

namespace pecia::store {

/// A document as corpus.h5 lists it.
struct IndexedDocument {
  DocumentId id;
  std::string path;  ///< as in the manifest: any bytes
  std::uint32_t revision = 0;
  std::uint32_t pages = 0;      ///< 0: they could not be counted
  std::uint64_t first_row = 0;  ///< in /pages
  std::uint64_t rows = 0;
};

/// Reads single documents and pages from corpus.h5, in milliseconds and in little memory, however large the run: `Contents`
/// looks at all pages first. Used by one thread.
class CorpusReader {
 public:
  /// Nothing unless corpus.h5 is there, readable, made of the very shards that are there, and nothing lies in the journal
  /// beside it: then it has every outcome of the run.
  [[nodiscard]] static std::optional<CorpusReader> open_current(const RunPaths& run);
  ~CorpusReader();
  CorpusReader(CorpusReader&&) noexcept;

  /// The document of this path (any bytes); nothing if there is none. Throws `Error` for a damaged file, as all below.
  [[nodiscard]] std::optional<IndexedDocument> find(std::string_view path) const;
  /// All paths, sorted as in the manifest.
  [[nodiscard]] std::vector<std::string> paths() const;
  /// Nothing if the page has no outcome. Throws `Error` where its bytes do not match their checksum.
  [[nodiscard]] std::optional<result::PageOutcome> load(const IndexedDocument& document, std::uint32_t page) const;

 private:
  struct State;
  explicit CorpusReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pecia::store
