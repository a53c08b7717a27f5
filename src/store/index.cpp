#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <thread>

#include "h5_image.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/store/writer.hpp"
#include "shard.hpp"

// corpus.h5: the index that makes the shards one.
namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t rows_written_at_once = 8192;
constexpr const char* attempts_name = "/attempts";
/// A shard told of by its rank may not be in this host's view of the folder yet (NFS).
constexpr int appear_tries = 600;
constexpr std::chrono::milliseconds appear_wait{100};

void await(const fs::path& file, std::uint64_t bytes) {
  std::uint64_t seen = 0;
  bool there = false;
  for (int n = 0; n < appear_tries; ++n) {
    struct stat status {};
    there = ::stat(file.c_str(), &status) == 0;
    seen = there ? static_cast<std::uint64_t>(status.st_size) : 0;
    if (there && seen == bytes) return;
    std::this_thread::sleep_for(appear_wait);
  }
  if (there)
    throw Error{fmt::format("the shard {} has {} bytes where its rank wrote {}: it was cut short. `pecia verify --repair` "
                            "keeps what can be kept of it, and `pecia run` again reads the rest",
                            file.string(), seen, bytes)};
  throw Error{fmt::format("the shard {} that a rank has written cannot be seen from here. Is the run directory on a "
                          "shared file system? `pecia run` again binds the corpus",
                          file.string())};
}

struct Bound {
  std::vector<std::string> shards;
  std::vector<std::uint64_t> rows_of;             ///< per shard
  std::vector<std::vector<std::uint64_t>> sizes;  ///< per shard, per column
  std::vector<PageRow> rows;                      ///< of all records; a million are 350 MB
  std::vector<std::uint32_t> winners;             ///< places in `rows`, sorted by key
  std::vector<AttemptRow> attempts;
};

ShardReader open_shard(const fs::path& path) {
  try {
    return ShardReader{path};
  } catch (const Error& error) {
    throw Error{fmt::format("corpus.h5 is not written: {}. Move {} and its .sum out of the run; `pecia run` reads the "
                            "pages in it again",
                            error.what(), path.string())};
  }
}

/// The best record of each key, in the order of keys.
std::vector<std::uint32_t> winners_of(const std::vector<PageRow>& rows) {
  std::vector<std::uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t one, std::uint32_t other) {
    const auto key = key_of(rows[one]), other_key = key_of(rows[other]);
    return key != other_key ? key < other_key : wins(order_of(rows[one]), order_of(rows[other]));
  });
  const auto same_page = [&](std::uint32_t one, std::uint32_t other) { return key_of(rows[one]) == key_of(rows[other]); };
  order.erase(std::unique(order.begin(), order.end(), same_page), order.end());
  return order;
}

Bound collect(const RunPaths& run, const std::vector<std::string>& shards) {
  Bound bound;
  bound.shards = shards;
  std::uint64_t records = 0;
  for (const auto& name : shards) records += open_shard(run.shards() / name).size();
  require(records <= std::numeric_limits<std::uint32_t>::max(), "more records than corpus.h5 can hold");
  bound.rows.reserve(records);
  std::vector<std::uint64_t> offsets(columns().size(), 0);
  for (std::uint32_t n = 0; n < shards.size(); ++n) {
    const auto shard = open_shard(run.shards() / shards[n]);
    bound.rows_of.push_back(shard.size());
    for (auto& row : shard.rows()) {
      row.shard = n;
      shift(row, offsets);
      bound.rows.push_back(row);
    }
    for (auto& attempt : shard.attempts()) {
      shift(attempt, offsets);
      bound.attempts.push_back(attempt);
    }
    bound.sizes.push_back(shard.column_sizes());
    for (std::size_t c = 0; c < offsets.size(); ++c) offsets[c] += bound.sizes.back()[c];
  }
  bound.winners = winners_of(bound.rows);
  return bound;
}

void write_rows(hid_t file, const Bound& bound) {
  const auto type = page_row_type();
  const h5::Dataset dataset{file, "/pages", type.get(), bound.winners.size(), row_chunk};
  std::vector<PageRow> block;
  for (std::size_t at = 0; at < bound.winners.size(); at += block.size()) {
    block.clear();
    for (auto n = at; n < std::min(at + rows_written_at_once, bound.winners.size()); ++n) block.push_back(bound.rows[bound.winners[n]]);
    dataset.write(type.get(), at, block.size(), block.data());
  }
  dataset.flush();
}

/// One column of all shards as one dataset, by HDF5's virtual datasets. Sources are named relatively,
/// so that the run can be moved.
void write_virtual(hid_t file, std::size_t column, const Bound& bound) {
  h5::Handle keep;
  const auto type = columns()[column].type(keep);
  const char* name = columns()[column].name;
  hsize_t total = 0;
  for (const auto& sizes : bound.sizes) total += sizes[column];
  if (total == 0) {
    h5::write(file, name, type, nullptr, 0, 0);
    return;
  }
  const h5::Handle space{H5Screate_simple(1, &total, nullptr), "cannot describe a dataset"};
  const h5::Handle properties{H5Pcreate(H5P_DATASET_CREATE), "cannot make properties"};
  hsize_t at = 0;
  for (std::size_t n = 0; n < bound.shards.size(); ++n) {
    const hsize_t size = bound.sizes[n][column];
    if (size == 0) continue;
    h5::check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &at, nullptr, &size, nullptr), "cannot select");
    const h5::Handle source{H5Screate_simple(1, &size, nullptr), "cannot describe a dataset"};
    h5::check(H5Pset_virtual(properties.get(), space.get(), ("shards/" + bound.shards[n]).c_str(), name, source.get()),
              "cannot map a shard");
    at += size;
  }
  h5::check(H5Sselect_all(space.get()), "cannot select");
  const h5::Handle dataset{H5Dcreate2(file, name, type, space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
                           fmt::format("cannot create dataset {}", name)};
}

struct WrittenDocumentRow {
  std::uint64_t id;
  const char* path;
  std::uint64_t size_bytes;
  std::uint32_t revision, pages;
  std::uint64_t first_row, rows;  ///< in /pages, of this revision
};

void write_documents(hid_t file, const corpus::Manifest& manifest, const Bound& bound) {
  const auto key = [&](std::uint32_t n) { return key_of(bound.rows[n]); };
  const auto begin = bound.winners.begin();
  std::vector<std::string> paths;
  std::vector<WrittenDocumentRow> documents;
  for (const auto& document : manifest.documents()) paths.push_back(printable(document.path));
  for (std::size_t n = 0; n < paths.size(); ++n) {
    const auto& document = manifest.documents()[n];
    const auto first = std::ranges::lower_bound(bound.winners, PageKey{document.id, document.revision, 0}, {}, key);
    const auto last = std::ranges::lower_bound(bound.winners, PageKey{document.id, document.revision + 1, 0}, {}, key);
    documents.push_back({document.id.value, paths[n].c_str(), document.size_bytes, document.revision,
                         static_cast<std::uint32_t>(document.pages.size()), static_cast<std::uint64_t>(first - begin),
                         static_cast<std::uint64_t>(last - first)});
  }
  const h5::Handle type{H5Tcreate(H5T_COMPOUND, sizeof(WrittenDocumentRow)), "cannot describe a row"};
  const auto text = h5::utf8_type();
  const auto insert = [&](const char* name, std::size_t at, hid_t member) {
    h5::check(H5Tinsert(type.get(), name, at, member), "cannot describe a row");
  };
  insert("id", offsetof(WrittenDocumentRow, id), H5T_NATIVE_UINT64);
  insert("path", offsetof(WrittenDocumentRow, path), text.get());
  insert("size_bytes", offsetof(WrittenDocumentRow, size_bytes), H5T_NATIVE_UINT64);
  insert("revision", offsetof(WrittenDocumentRow, revision), H5T_NATIVE_UINT32);
  insert("pages", offsetof(WrittenDocumentRow, pages), H5T_NATIVE_UINT32);
  insert("first_row", offsetof(WrittenDocumentRow, first_row), H5T_NATIVE_UINT64);
  insert("rows", offsetof(WrittenDocumentRow, rows), H5T_NATIVE_UINT64);
  h5::write(file, "/documents", type.get(), documents.data(), documents.size(), row_chunk);
}

void write_index(const RunPaths& run, std::uint32_t epoch, const Bound& bound) {
  h5::NewFile file;
  write_rows(file.id(), bound);
  // Ranges in it are made global, so it is copied as the rows are.
  const auto attempt = attempt_row_type();
  h5::write(file.id(), attempts_name, attempt.get(), bound.attempts.data(), bound.attempts.size(), row_chunk);
  for (std::size_t column = 0; column < columns().size(); ++column) {
    if (columns()[column].name != std::string_view{attempts_name}) write_virtual(file.id(), column, bound);
  }
  write_documents(file.id(), corpus::load_manifest(run.manifest()), bound);
  h5::write_texts(file.id(), "/shards", bound.shards);
  h5::write_attribute(file.id(), "schema", shard_schema);
  h5::write_attribute(file.id(), "pecia_version", version());
  h5::write_attribute(file.id(), "epoch", std::int64_t{epoch});
  const fs::path part = run.corpus_index().string() + ".part";
  try {
    write_whole(part, file.close());
    check_newest(run, epoch);
    write_index_sum(run, part);
    rename_file(part, run.corpus_index());
  } catch (...) {
    ::unlink(part.c_str());
    throw;
  }
  sync_folder(run.root);
}

void check_rows(const Bound& bound, const std::vector<LedgerFile>& expected) {
  for (const auto& file : expected) {
    const auto at = static_cast<std::size_t>(std::ranges::find(bound.shards, file.name) - bound.shards.begin());
    if (at < bound.shards.size() && bound.rows_of[at] != file.rows)
      throw Error{fmt::format("the shard {} has {} rows where its rank wrote {}; corpus.h5 is not written. Is the run "
                              "directory used by two jobs? `pecia verify` says more",
                              file.name, bound.rows_of[at], file.rows)};
  }
}

}  // namespace

std::vector<LedgerFile> bind_corpus(const RunPaths& run, std::uint32_t epoch, const std::vector<LedgerFile>& expected,
                                    std::size_t max_sources) {
  check_newest(run, epoch);
  for (const auto& file : expected) await(run.shards() / file.name, file.bytes);
  const auto gone = superseded_shards(run);
  auto shards = list_shards(run);
  const auto is_in = [](const auto& names, const auto& name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (const auto& file : expected) {
    if (!is_in(shards, file.name) && !is_in(gone, file.name)) shards.push_back(file.name);  // a stale listing
  }
  shards = join_small_shards(run, epoch, std::move(shards), max_sources);
  std::ranges::sort(shards);
  const auto bound = collect(run, shards);
  check_rows(bound, expected);
  write_index(run, epoch, bound);
  std::vector<LedgerFile> files;
  for (std::size_t n = 0; n < bound.shards.size(); ++n)
    files.push_back({bound.shards[n], bound.rows_of[n], fs::file_size(run.shards() / bound.shards[n])});
  return files;
}

}  // namespace pecia::store
