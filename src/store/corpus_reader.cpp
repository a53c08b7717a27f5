#include "pecia/store/corpus_reader.hpp"

#include <algorithm>
#include <filesystem>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

constexpr std::uint64_t documents_at_once = 4096;

/// A row of /documents in memory, without what is not asked for.
struct ReadDocumentRow {
  std::uint64_t id;
  char* path;
  std::uint32_t revision, pages;
  std::uint64_t first_row, rows;
};

h5::Handle document_row_type() {
  h5::Handle type{H5Tcreate(H5T_COMPOUND, sizeof(ReadDocumentRow)), "cannot describe a row"};
  const auto text = h5::utf8_type();
  const auto insert = [&](const char* name, std::size_t at, hid_t member) {
    h5::check(H5Tinsert(type.get(), name, at, member), "cannot describe a row");
  };
  insert("id", offsetof(ReadDocumentRow, id), H5T_NATIVE_UINT64);
  insert("path", offsetof(ReadDocumentRow, path), text.get());
  insert("revision", offsetof(ReadDocumentRow, revision), H5T_NATIVE_UINT32);
  insert("pages", offsetof(ReadDocumentRow, pages), H5T_NATIVE_UINT32);
  insert("first_row", offsetof(ReadDocumentRow, first_row), H5T_NATIVE_UINT64);
  insert("rows", offsetof(ReadDocumentRow, rows), H5T_NATIVE_UINT64);
  return type;
}

}  // namespace

struct CorpusReader::State {
  explicit State(const RunPaths& run) : reader{run.corpus_index()}, documents{reader.file(), "/documents"}, type{document_row_type()} {}

  [[nodiscard]] std::vector<IndexedDocument> read(std::uint64_t begin, std::uint64_t end) const {
    auto rows = documents.read<ReadDocumentRow>(type.get(), begin, end);
    std::vector<IndexedDocument> found;
    found.reserve(rows.size());
    for (const auto& row : rows)
      found.push_back({{row.id}, unprintable(row.path != nullptr ? row.path : ""), row.revision, row.pages, row.first_row, row.rows});
    if (rows.empty()) return found;
    const hsize_t count = rows.size();
    const h5::Handle space{H5Screate_simple(1, &count, nullptr), "cannot describe a dataset"};
    h5::check(H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, rows.data()), "cannot free texts");
    return found;
  }

  ShardReader reader;
  h5::Dataset documents;
  h5::Handle type;
};

CorpusReader::CorpusReader(std::unique_ptr<State> state) : state_{std::move(state)} {}
CorpusReader::~CorpusReader() = default;
CorpusReader::CorpusReader(CorpusReader&&) noexcept = default;

std::optional<CorpusReader> CorpusReader::open_current(const RunPaths& run) {
  std::error_code gone;
  if (!std::filesystem::exists(run.corpus_index(), gone) || !list_segments(run).empty()) return std::nullopt;
  try {
    auto state = std::make_unique<State>(run);
    if (state->reader.shards() != list_shards(run)) return std::nullopt;
    return CorpusReader{std::move(state)};
  } catch (const Error&) {  // the shards have all that is in it
    return std::nullopt;
  }
}

std::optional<IndexedDocument> CorpusReader::find(std::string_view path) const {
  std::uint64_t begin = 0, end = state_->documents.size();
  while (begin < end) {
    const auto middle = begin + (end - begin) / 2;
    auto document = std::move(state_->read(middle, middle + 1).front());
    if (document.path == path) return document;
    if (std::string_view{document.path} < path)
      begin = middle + 1;
    else
      end = middle;
  }
  return std::nullopt;
}

std::vector<std::string> CorpusReader::paths() const {
  std::vector<std::string> paths;
  const auto size = state_->documents.size();
  paths.reserve(size);
  for (std::uint64_t begin = 0; begin < size; begin += documents_at_once) {
    for (auto& document : state_->read(begin, std::min(begin + documents_at_once, size))) paths.push_back(std::move(document.path));
  }
  return paths;
}

std::optional<result::PageOutcome> CorpusReader::load(const IndexedDocument& document, std::uint32_t page) const {
  // Rows of a document stand in the order of its pages; where all have one, the page is where it is expected.
  std::uint64_t begin = document.first_row, end = document.first_row + document.rows;
  const std::uint64_t expected = document.pages == 0 ? begin : begin + page - 1;
  for (auto at = expected; begin < end; at = begin + (end - begin) / 2) {
    at = std::clamp(at, begin, end - 1);
    const auto row = state_->reader.rows(at, at + 1).front();
    if (row.document != document.id.value || row.revision != document.revision) throw Error{"corpus.h5: a row is another document's"};
    if (row.page == page) return state_->reader.record(row).outcome;
    if (row.page < page)
      begin = at + 1;
    else
      end = at;
  }
  return std::nullopt;
}

}  // namespace pecia::store
