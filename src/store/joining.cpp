#include <fmt/format.h>

#include <cstring>
#include <functional>
#include <set>

#include "h5_image.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "shard.hpp"

// Small shards joined into one: their datasets stand behind one another in the new one.
namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t block_bytes = 4 << 20;
constexpr const char* rows_name = "/pages";

/// Where the elements of a shard go: dataset, place, elements and their bytes.
using Use = std::function<void(std::size_t dataset, std::uint64_t at, std::uint64_t count, const void* data, std::size_t bytes)>;

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

  void for_each_block(const Use& use) const {
    std::vector<std::uint64_t> offsets(sizes_.size(), 0);
    std::vector<char> block;
    for (const auto& source : names_) {
      const auto file = h5::open_file(run_.shards() / source);
      for (std::size_t n = 0; n < sizes_.size(); ++n) copy(h5::Dataset{file.get(), name(n)}, n, offsets, block, use);
      for (std::size_t n = 0; n < sizes_.size(); ++n) offsets[n] += h5::Dataset{file.get(), name(n)}.size();
    }
  }

  static void copy(const h5::Dataset& from, std::size_t n, std::span<const std::uint64_t> offsets, std::vector<char>& block, const Use& use) {
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

}  // namespace

void join_shards(const RunPaths& run, std::span<const std::string> names, const std::string& joined,
                 const Provenance& provenance) {
  const Joining joining{run, names};
  h5::NewFile file;
  joining.write(file.id(), provenance);
  h5::write_attribute(file.id(), "name", joined);
  publish_shard(run.shards() / joined, file.close(), [&](const fs::path& part) { joining.expect_read_back(part); });
}

}  // namespace pecia::store
