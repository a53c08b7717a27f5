// What benchmarks/store.py lets the library itself do. Each command prints its figures as JSON.
//
//   bench_store_pages make RUN CORPUS DOCUMENTS PAGES SHARDS PART PARTS
//     Writes PART of PARTS of a run of DOCUMENTS of PAGES pages each, sealed in SHARDS shards; part 0
//     the manifest too, and in CORPUS a file for each document.
//   bench_store_pages write HOW FOLDER PAGES BATCH [RUN]
//     Writes PAGES outcomes, made ones or those of RUN over and over, committed each BATCH of them.
//     HOW: pecia, sqlite-full, sqlite-normal.
//   bench_store_pages read RUN
//     Reads all text through corpus.h5 and compares it with its checksums.

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "made_pages.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/corpus/listing.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/writer.hpp"
#include "shard.hpp"

namespace {

using namespace pecia;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Outcomes = std::vector<result::PageOutcome>;
constexpr std::size_t made_outcomes = 500;  ///< more than the window of deflate

std::uint32_t number(const std::string& text) { return static_cast<std::uint32_t>(std::stoul(text)); }

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Wall and CPU time of what is done, in s.
Json timed(const std::function<void()>& act) {
  const auto began = std::chrono::steady_clock::now();
  const double cpu_before_s = cpu_s();
  act();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  return {{"wall_s", wall.count()}, {"cpu_s", cpu_s() - cpu_before_s}};
}

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

// ---- make

struct Size {
  std::uint32_t documents, pages, shards, part, parts;
};

std::vector<corpus::Document> documents_of(const Size& size, const fs::path& files) {
  std::vector<corpus::Document> documents;
  bench::PageMaker maker{0};
  fs::create_directories(files);
  for (std::uint32_t n = 0; n < size.documents; ++n) {
    corpus::Document document;
    document.path = fmt::format("document {:06}.pdf", n);
    document.id = corpus::document_id(document.path);
    document.format = corpus::Format::pdf;
    for (std::uint32_t page = 0; page < size.pages; ++page) document.pages.push_back(maker.evidence());
    const auto file = files / document.path;
    replace_file(file, "%PDF-1.4, of which only the manifest tells\n");
    struct stat known {};
    if (::stat(file.c_str(), &known) != 0) throw Error{"a file vanished"};
    document.size_bytes = static_cast<std::uint64_t>(known.st_size);
    document.modified_ns = known.st_mtim.tv_sec * 1'000'000'000 + known.st_mtim.tv_nsec;
    documents.push_back(std::move(document));
  }
  return documents;
}

/// The pages of a shard, in an order as ranks end them.
std::vector<store::PageKey> pages_of(const Size& size, std::uint32_t shard) {
  const auto all = std::uint64_t{size.documents} * size.pages;
  std::vector<store::PageKey> keys;
  for (auto at = all * shard / size.shards; at < all * (shard + 1) / size.shards; ++at) {
    const auto document = corpus::document_id(fmt::format("document {:06}.pdf", at / size.pages));
    keys.push_back({document, 0, static_cast<std::uint32_t>(at % size.pages) + 1});
  }
  std::ranges::shuffle(keys, std::mt19937_64{shard});
  return keys;
}

Json make(const store::RunPaths& run, const fs::path& files, const Size& size) {
  store::create_run_directory(run);
  if (size.part == 0) {
    corpus::write_manifest_segment(run.manifest(), 1, documents_of(size, files));
    fs::create_directory(run.epochs() / "000001");
  }
  return timed([&] {
    for (auto shard = size.part; shard < size.shards; shard += size.parts) {
      bench::PageMaker maker{shard};
      store::Writer writer{{.run = run, .epoch = 1, .rank = shard, .provenance = {}}};
      for (const auto& key : pages_of(size, shard)) writer.append(key, 0, maker.outcome());
      (void)writer.close(true);
    }
  });
}

// ---- write

Outcomes outcomes_of(const std::string& run_folder) {
  Outcomes outcomes;
  if (run_folder.empty()) {
    bench::PageMaker maker{0};
    for (std::size_t n = 0; n < made_outcomes; ++n) outcomes.push_back(maker.outcome());
    return outcomes;
  }
  const store::Contents contents{{run_folder}};
  for (const auto& row : contents.rows()) outcomes.push_back(contents.load(row));
  return outcomes;
}

void write_pecia(const fs::path& folder, const Outcomes& outcomes, std::uint32_t pages, std::uint32_t batch) {
  const store::RunPaths run{folder};
  store::create_run_directory(run);
  store::Writer writer{{.run = run, .epoch = 1, .rank = 0, .provenance = {}}};
  for (std::uint32_t n = 0; n < pages; ++n) {
    writer.append({{1}, 0, n + 1}, 0, outcomes[n % outcomes.size()]);
    if ((n + 1) % batch != 0) continue;
    writer.sync();
    writer.seal_if_due();
  }
  (void)writer.close(true);
}

class Database {
 public:
  explicit Database(const fs::path& file) { check(sqlite3_open(file.c_str(), &database_)); }
  ~Database() { sqlite3_close(database_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  void run(const std::string& sql) const { check(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr)); }
  [[nodiscard]] sqlite3_stmt* prepare(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr));
    return statement;
  }
  void check(int code) const {
    if (code != SQLITE_OK && code != SQLITE_DONE) throw Error{fmt::format("SQLite: {}", sqlite3_errmsg(database_))};
  }

 private:
  sqlite3* database_ = nullptr;
};

/// A row per page: its key, what one asks for, its text, and the whole outcome as the journal has it.
void write_sqlite(const fs::path& folder, const Outcomes& outcomes, std::uint32_t pages, std::uint32_t batch, bool full) {
  fs::create_directories(folder);
  const Database database{folder / "pages.sqlite"};
  database.run(fmt::format("PRAGMA journal_mode=WAL; PRAGMA synchronous={};", full ? "FULL" : "NORMAL"));
  database.run("CREATE TABLE pages (document INTEGER, revision INTEGER, page INTEGER, state INTEGER, engine TEXT, "
               "confidence REAL, seconds REAL, text TEXT, outcome BLOB, PRIMARY KEY (document, revision, page)) WITHOUT ROWID");
  auto* insert = database.prepare("INSERT INTO pages VALUES (1, 0, ?, ?, ?, ?, ?, ?, ?)");
  for (std::uint32_t n = 0; n < pages; ++n) {
    if (n % batch == 0) database.run("BEGIN");
    const auto& outcome = outcomes[n % outcomes.size()];
    auto rest = outcome;
    rest.reading.text.clear();
    ByteWriter bytes;
    result::encode(bytes, rest);
    sqlite3_bind_int64(insert, 1, n + 1);
    sqlite3_bind_int(insert, 2, static_cast<int>(outcome.state));
    sqlite3_bind_text(insert, 3, outcome.engine.c_str(), -1, SQLITE_STATIC);
    sqlite3_bind_double(insert, 4, static_cast<double>(outcome.reading.confidence));
    sqlite3_bind_double(insert, 5, static_cast<double>(outcome.seconds));
    sqlite3_bind_text(insert, 6, outcome.reading.text.data(), static_cast<int>(outcome.reading.text.size()), SQLITE_STATIC);
    sqlite3_bind_blob(insert, 7, bytes.bytes().data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    database.check(sqlite3_step(insert));
    database.check(sqlite3_reset(insert));
    if ((n + 1) % batch == 0 || n + 1 == pages) database.run("COMMIT");
  }
  sqlite3_finalize(insert);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Json write(const std::string& how, const fs::path& folder, std::uint32_t pages, std::uint32_t batch, const std::string& run) {
  const auto outcomes = outcomes_of(run);
  if (outcomes.empty()) throw UsageError{fmt::format("{} has no pages", run)};
  auto figures = timed([&] {
    if (how == "pecia") return write_pecia(folder, outcomes, pages, batch);
    if (how == "sqlite-full" || how == "sqlite-normal") return write_sqlite(folder, outcomes, pages, batch, how == "sqlite-full");
    throw UsageError{fmt::format("there is no way to write '{}'", how)};
  });
  figures["bytes"] = bytes_below(folder);
  return figures;
}

// ---- read

Json read(const store::RunPaths& run) {
  std::uint64_t texts = 0, differ = 0;
  auto figures = timed([&] {
    const store::ShardReader index{run.corpus_index(), store::Access::in_order};
    auto rows = index.rows();
    // As the shards have them: pages in the order of the corpus jump within each.
    std::ranges::sort(rows, {}, &store::PageRow::text_begin);
    for (const auto& row : rows) {
      ++texts;
      try {
        (void)index.text(row);
      } catch (const Error&) {
        ++differ;
      }
    }
  });
  figures["texts"] = texts;
  figures["differ"] = differ;
  return figures;
}

Json run(const std::vector<std::string>& words) {
  const auto command = words.empty() ? "" : words[0];
  if (command == "make" && words.size() == 8)
    return make({words[1]}, words[2], {number(words[3]), number(words[4]), number(words[5]), number(words[6]), number(words[7])});
  if (command == "write" && (words.size() == 5 || words.size() == 6))
    return write(words[1], words[2], number(words[3]), number(words[4]), words.size() == 6 ? words[5] : "");
  if (command == "read" && words.size() == 2) return read({words[1]});
  throw UsageError{"usage: see benchmarks/store_pages.cpp"};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    store::turn_off_hdf5_locking();
    std::cout << run({argv + 1, argv + argc}).dump() << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
