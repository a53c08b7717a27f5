#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>

#include "h5_image.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/store/writer.hpp"
#include "shard.hpp"

// Small shards joined into one: their datasets stand behind one another in the new one.
namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t block_bytes = 4 << 20;
constexpr const char* rows_name = "/pages";
/// A joined shard is made in memory.
constexpr std::uintmax_t joined_at_most_bytes = std::uintmax_t{256} << 20;

/// Where the elements of a shard go: dataset, place, elements and their bytes.
using UseBlock = std::function<void(std::size_t dataset, std::uint64_t at, std::uint64_t count, const void* data, std::size_t bytes)>;

/// The datasets of `columns()`, and behind them the rows.
class Joining {
 public:
  Joining(const RunPaths& run, std::span<const std::string> names) : run_{run}, names_{names}, sizes_(columns().size() + 1, 0) {
    for (const auto& name : names) {
      const auto path = run.shards() / name;
      if (const auto problem = problem_of_sum(path); !problem.empty())
        throw Error{fmt::format("the shard {} cannot be joined with others: {}. Move it and its .sum out of the run; "
                                "`pecia run` reads the pages in it again",
                                path.string(), problem)};
      const ShardReader shard{path};
      const auto sizes = shard.column_sizes();
      for (std::size_t n = 0; n < sizes.size(); ++n) sizes_[n] += sizes[n];
      sizes_.back() += shard.size();
      for (auto& line : shard.provenance()) provenance_.push_back(std::move(line));
      engines_.insert(h5::read_text_attribute(shard.file(), "engine"));
      fingerprints_.insert(h5::read_text_attribute(shard.file(), "engine_fingerprint"));
    }
  }

  void write(hid_t file, Provenance provenance) const {
    std::vector<h5::Dataset> datasets;
    h5::Handle keep;
    for (std::size_t n = 0; n < sizes_.size(); ++n)
      datasets.emplace_back(file, name(n), type(n, keep), sizes_[n], element_bytes(n) == 1 ? text_chunk : row_chunk);
    for_each_block([&](std::size_t n, std::uint64_t at, std::uint64_t count, const void* data, std::size_t) {
      datasets[n].write(type(n, keep), at, count, data);
    });
    for (const auto& dataset : datasets) dataset.flush();
    h5::write_texts(file, "/provenance", provenance_);
    provenance.engine = one_of(engines_);
    provenance.engine_fingerprint = one_of(fingerprints_);
    write_provenance(file, provenance, names_);
  }

  void expect_read_back(const fs::path& path) const {
    const auto file = h5::open_file(path);
    std::vector<h5::Dataset> datasets;
    for (std::size_t n = 0; n < sizes_.size(); ++n) datasets.emplace_back(file.get(), name(n));
    std::vector<char> block;
    h5::Handle keep;
    for_each_block([&](std::size_t n, std::uint64_t at, std::uint64_t count, const void* data, std::size_t bytes) {
      datasets[n].read_bytes(type(n, keep), at, at + count, bytes, block);
      if (std::memcmp(block.data(), data, block.size()) != 0)
        throw Error{fmt::format("{}: {} reads back otherwise than it was written. Look at the disk", path.string(), name(n))};
    });
  }

 private:
  [[nodiscard]] static bool is_rows(std::size_t n) { return n == columns().size(); }
  [[nodiscard]] static const char* name(std::size_t n) { return is_rows(n) ? rows_name : columns()[n].name; }
  [[nodiscard]] static hid_t type(std::size_t n, h5::Handle& keep) {
    if (!is_rows(n)) return columns()[n].type(keep);
    keep = page_row_type();
    return keep.get();
  }
  [[nodiscard]] static std::size_t element_bytes(std::size_t n) {
    h5::Handle keep;
    return H5Tget_size(type(n, keep));
  }
  /// Of all sources, if they agree.
  [[nodiscard]] static std::string one_of(const std::set<std::string>& all) { return all.size() == 1 ? *all.begin() : "see /provenance"; }

  void for_each_block(const UseBlock& use) const {
    std::vector<std::uint64_t> offsets(sizes_.size(), 0);
    std::vector<char> block;
    for (const auto& source : names_) {
      const auto file = h5::open_file(run_.shards() / source);
      const auto is_there = [&](std::size_t n) { return h5::has(file.get(), name(n)); };  // not all, in earlier schemas
      for (std::size_t n = 0; n < sizes_.size(); ++n) {
        if (is_there(n)) copy(h5::Dataset{file.get(), name(n)}, n, offsets, block, use);
      }
      for (std::size_t n = 0; n < sizes_.size(); ++n) {
        if (is_there(n)) offsets[n] += h5::Dataset{file.get(), name(n)}.size();
      }
    }
  }

  static void copy(const h5::Dataset& from, std::size_t n, std::span<const std::uint64_t> offsets, std::vector<char>& block,
                   const UseBlock& use) {
    h5::Handle keep;
    const auto id = type(n, keep);
    const auto bytes = element_bytes(n);
    for (std::uint64_t at = 0; at < from.size();) {
      const auto count = std::min<std::uint64_t>(block_bytes / bytes, from.size() - at);
      from.read_bytes(id, at, at + count, bytes, block);
      move_ranges(n, block, offsets);
      use(n, offsets[n] + at, count, block.data(), bytes);
      at += count;
    }
  }

  /// What points into other datasets points behind what stands there of the shards before.
  static void move_ranges(std::size_t n, std::vector<char>& block, std::span<const std::uint64_t> offsets) {
    if (is_rows(n)) {
      for (auto& row : elements<PageRow>(block)) shift(row, offsets);
    } else if (std::strcmp(name(n), "/attempts") == 0) {
      for (auto& attempt : elements<AttemptRow>(block)) shift(attempt, offsets);
    }
  }

  template <class T>
  [[nodiscard]] static std::span<T> elements(std::vector<char>& block) {
    return {reinterpret_cast<T*>(block.data()), block.size() / sizeof(T)};
  }

  const RunPaths& run_;
  std::span<const std::string> names_;
  std::vector<std::uint64_t> sizes_;
  std::vector<std::string> provenance_;
  std::set<std::string> engines_, fingerprints_;
};

/// A job that was killed between joining shards and binding them left an index over the old ones:
/// it would read as zeros.
void remove_index_over(const RunPaths& run, const std::vector<std::string>& names) {
  if (!fs::exists(run.corpus_index())) return;
  const auto reads_from_them = [&] {
    try {
      const auto sources = ShardReader{run.corpus_index()}.shards();
      return std::ranges::any_of(names, [&](const auto& name) { return std::ranges::binary_search(sources, name); });
    } catch (const Error&) {
      return true;  // damaged: it is made anew in any case
    }
  };
  const bool needs_them = reads_from_them();
  if (!needs_them) return;
  remove_file(run.corpus_index());
  sync_folder(run.root);  // before its sources are deleted
}

/// Whether each of these shards stands in a sound one that is there, perhaps by way of another that was joined.
bool all_joined(const RunPaths& run, const std::vector<std::string>& names) {
  std::set<std::string> joined;
  auto to_look_at = list_shards(run);
  while (!to_look_at.empty()) {
    const auto name = std::move(to_look_at.back());
    to_look_at.pop_back();
    const auto path = run.shards() / name;
    if (name.find("-c-") == std::string::npos || !fs::exists(path) || !problem_of_sum(path).empty()) continue;
    for (auto& source : ShardReader{path}.sealed()) {
      if (joined.insert(source).second) to_look_at.push_back(std::move(source));
    }
  }
  // One that is gone already needs no proof: a job was killed while it deleted them.
  return std::ranges::all_of(
      names, [&](const std::string& name) { return joined.contains(name) || !fs::exists(run.shards() / name); });
}

}  // namespace

void join_shards(const RunPaths& run, std::span<const std::string> names, const std::string& joined,
                 const Provenance& provenance) {
  const Joining joining{run, names};
  h5::NewFile file;
  joining.write(file.id(), provenance);
  h5::write_attribute(file.id(), "name", joined);
  publish_shard(run.shards() / joined, file.close(), [&](const fs::path& part) { joining.expect_read_back(part); });
}

std::vector<std::string> join_small_shards(const RunPaths& run, std::uint32_t epoch, std::vector<std::string> shards,
                                           std::size_t max_sources) {
  if (shards.size() <= max_sources) return shards;
  const auto size_of = [&](const std::string& name) { return fs::file_size(run.shards() / name); };
  std::ranges::sort(shards, {}, size_of);
  const auto joined = static_cast<std::ptrdiff_t>(shards.size() - max_sources + 1);
  // One shard of all that must go might not fit into memory: several.
  const auto least_joined =
      static_cast<std::ptrdiff_t>((shards.size() + max_sources - 1) / max_sources);
  const auto most_joined = std::max<std::ptrdiff_t>(64, least_joined);
  std::uintmax_t total_bytes = 0;
  for (const auto& name : shards) total_bytes += size_of(name);
  const auto most_bytes = std::max<std::uintmax_t>(joined_at_most_bytes, 2 * total_bytes / max_sources);
  auto old = superseded_shards(run);
  const auto old_before = old.size();
  std::vector<std::string> fresh;
  std::ptrdiff_t from = 0;
  std::uint32_t number = 0;
  while (static_cast<std::size_t>(std::ssize(shards) - from) + fresh.size() > max_sources) {
    auto count = std::min({most_joined, std::max<std::ptrdiff_t>(2, joined - from + std::ssize(fresh)), std::ssize(shards) - from});
    std::uintmax_t bytes = 0;
    for (std::ptrdiff_t n = 0; n < count; ++n) {
      bytes += size_of(shards[static_cast<std::size_t>(from + n)]);
      if (bytes > most_bytes) count = std::max<std::ptrdiff_t>(2, n);
    }
    const std::span<const std::string> sealed{shards.data() + from, static_cast<std::size_t>(count)};
    std::string name;
    do name = fmt::format("{:06}-c-{:05}.h5", epoch, ++number);
    while (fs::exists(run.shards() / name));  // this job has joined shards before
    Provenance provenance{"compaction", "", "", "", ""};
    provenance.epoch = epoch;
    try {
      join_shards(run, sealed, name, provenance);
    } catch (...) {
      // Tried again, they would count as shards to be joined, and take room that is short.
      for (const auto& made : fresh) {
        std::error_code ignored;
        fs::remove(run.shards() / made, ignored);
        fs::remove(run.shards() / (made + ".sum"), ignored);
      }
      throw;
    }
    old.insert(old.end(), sealed.begin(), sealed.end());
    fresh.push_back(name);
    from += count;
  }
  check_newest(run, epoch);
  std::string list;
  for (const auto& name : old) list += name + "\n";
  replace_file(run.shards() / superseded_list, list);
  shards.erase(shards.begin(), shards.begin() + from);
  shards.insert(shards.end(), fresh.begin(), fresh.end());
  log::info("{} small shards were joined into {}", old.size() - old_before, fresh.size());
  return shards;
}

void delete_superseded(const RunPaths& run) {
  const auto names = superseded_shards(run);
  if (names.empty()) return;
  if (!all_joined(run, names)) {
    log::warning("shards that were joined are kept, since the one that they are in is missing or damaged: see pecia verify");
    remove_file(run.shards() / superseded_list);  // now they count again
    return;
  }
  remove_index_over(run, names);
  for (const auto& name : names) {
    remove_file(run.shards() / name);
    remove_file(run.shards() / (name + ".sum"));
  }
  sync_folder(run.shards());  // without the list they would count again
  remove_file(run.shards() / superseded_list);
}

}  // namespace pecia::store
