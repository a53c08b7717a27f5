#include "shard.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <tuple>

#include "h5_image.hpp"
#include "journal.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t strings_remembered = 8;

/// Throws where the folder cannot be listed: taken for empty, all its pages would be read again.
std::vector<std::string> names_with(const fs::path& folder, std::string_view extension) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator entry{folder, failed}; !failed && entry != fs::directory_iterator{};
       entry.increment(failed)) {
    std::error_code ignored;
    // Asked for by name: a stale listing (NFS) still has what was removed.
    if (entry->path().extension() == extension && fs::exists(entry->path(), ignored))
      names.push_back(entry->path().filename().string());
  }
  if (failed && failed != std::errc::no_such_file_or_directory)
    throw storage_error(failed.value(), "cannot list", folder.string());
  std::ranges::sort(names);
  return names;
}

std::string sum_text(unsigned crc, std::uint64_t size_bytes) {
  return fmt::format("crc32c {:08x} bytes {}\n", crc, size_bytes);
}

std::string sum_of(const fs::path& file) {
  const auto fd = open_for_reading(file);
  std::string buffer(1 << 20, '\0');
  unsigned crc = 0;
  std::uint64_t size = 0;
  while (true) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw storage_error(errno, "cannot read", file.string());
    if (got == 0) return sum_text(crc, size);
    crc = crc32c(std::string_view{buffer}.substr(0, static_cast<std::size_t>(got)), crc);
    size += static_cast<std::uint64_t>(got);
  }
}

fs::path sum_path(const fs::path& shard) { return shard.string() + ".sum"; }

}  // namespace

std::uint32_t checksum_of(const Record& record) {
  const auto bytes = encode(record);
  return crc32c({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::pair<std::uint64_t, std::uint64_t> ShardWriter::intern(const std::string& text) {
  if (text.empty()) return {0, 0};
  const auto known = std::ranges::find(recent_, text, &decltype(recent_)::value_type::first);
  if (known != recent_.end()) return known->second;
  const std::pair<std::uint64_t, std::uint64_t> range{strings_.size(), strings_.size() + text.size()};
  strings_ += text;
  recent_.emplace_back(text, range);
  if (recent_.size() > strings_remembered) recent_.erase(recent_.begin());
  return range;
}

void ShardWriter::add_blocks(const std::vector<result::Block>& blocks, PageRow& row) {
  row.blocks_begin = blocks_.size();
  row.boxes_begin = boxes_.size();
  std::string labels;
  std::map<std::string_view, std::size_t> places;
  for (const auto& block : blocks) {
    BlockRow to;
    std::memset(static_cast<void*>(&to), 0, sizeof to);  // its gaps are written too, and compared
    to.box = block.box;
    to.text_begin = block.text_begin;
    to.text_end = block.text_end;
    to.confidence = block.confidence;
    to.kind = static_cast<std::uint8_t>(block.kind);
    to.unparsed = block.unparsed ? 1 : 0;
    const auto [place, fresh] = places.try_emplace(block.label, labels.size());
    if (fresh) labels += block.label;
    to.label_begin = static_cast<std::uint32_t>(place->second);
    to.label_end = static_cast<std::uint32_t>(place->second + block.label.size());
    to.boxes_begin = static_cast<std::uint32_t>(boxes_.size() - row.boxes_begin);
    boxes_.insert(boxes_.end(), block.boxes.begin(), block.boxes.end());
    to.boxes_end = static_cast<std::uint32_t>(boxes_.size() - row.boxes_begin);
    blocks_.push_back(to);
  }
  row.blocks_end = blocks_.size();
  row.boxes_end = boxes_.size();
  std::tie(row.labels_begin, row.labels_end) = intern(labels);
}

void ShardWriter::add_attempts(const std::vector<result::Attempt>& attempts, PageRow& row) {
  row.attempts_begin = attempts_.size();
  for (const auto& attempt : attempts) {
    AttemptRow tried;
    std::memset(&tried, 0, sizeof tried);
    tried.reason = static_cast<std::uint8_t>(attempt.reason);
    tried.finish_reason = static_cast<std::uint8_t>(attempt.finish_reason);
    tried.rung = static_cast<std::uint8_t>(attempt.rung);
    tried.seconds = attempt.seconds;
    std::tie(tried.engine_begin, tried.engine_end) = intern(attempt.engine);
    std::tie(tried.detail_begin, tried.detail_end) = intern(attempt.detail);
    attempts_.push_back(tried);
  }
  row.attempts_end = attempts_.size();
}

void ShardWriter::add(const Record& record) {
  const auto& outcome = record.outcome;
  PageRow row;
  std::memset(&row, 0, sizeof row);  // its gaps are written too, and compared
  row.document = record.key.document.value;
  row.revision = record.key.revision;
  row.page = record.key.page;
  row.generation = record.order.generation;
  row.attempt = record.order.attempt;
  row.epoch = record.order.epoch;
  row.rank = record.order.rank;
  row.sequence = record.order.sequence;
  row.state = static_cast<std::uint8_t>(outcome.state);
  row.reason = static_cast<std::uint8_t>(outcome.reason);
  row.finish_reason = static_cast<std::uint8_t>(outcome.reading.finish_reason);
  row.rung = static_cast<std::uint8_t>(outcome.rung);
  row.confidence = outcome.reading.confidence;
  row.seconds = outcome.seconds;
  row.text_begin = text_.size();
  text_ += outcome.reading.text;
  row.text_end = text_.size();
  row.text_crc32c = crc32c(outcome.reading.text);
  row.record_crc32c = checksum_of(record);
  const auto append = [](auto& all, const auto& some, std::uint64_t& begin, std::uint64_t& end) {
    begin = all.size();
    all.insert(all.end(), some.begin(), some.end());
    end = all.size();
  };
  add_blocks(outcome.reading.blocks, row);
  append(lines_, outcome.reading.lines, row.lines_begin, row.lines_end);
  append(words_, outcome.reading.words, row.words_begin, row.words_end);
  add_attempts(outcome.attempts, row);
  std::tie(row.detail_begin, row.detail_end) = intern(outcome.detail);
  if (!outcome.engine.empty()) engines_.insert(outcome.engine);
  std::tie(row.engine_begin, row.engine_end) = intern(outcome.engine);
  std::tie(row.languages_begin, row.languages_end) = intern(outcome.languages);
  std::tie(row.fingerprint_begin, row.fingerprint_end) = intern(outcome.fingerprint);
  std::tie(row.steps_begin, row.steps_end) = intern(to_json(outcome.steps));
  const auto& geometry = outcome.geometry;
  row.page_width_px = geometry.page_width_px;
  row.page_height_px = geometry.page_height_px;
  row.page_dpi = geometry.page_dpi;
  row.raster_width_px = geometry.raster_width_px;
  row.raster_height_px = geometry.raster_height_px;
  row.raster_dpi = geometry.raster_dpi;
  std::ranges::copy(geometry.to_page, row.to_page.begin());
  row.embedded = geometry.embedded ? 1 : 0;
  rows_.push_back(row);
}

void ShardWriter::fill(hid_t id, const Provenance& provenance, std::span<const std::string> sealed) const {
  const auto row = page_row_type(), attempt = attempt_row_type(), block = block_row_type(), piece = part_type(),
             word = word_type(), box = box_type();
  h5::write(id, "/pages", row.get(), rows_.data(), rows_.size(), row_chunk);
  h5::write(id, "/text", H5T_NATIVE_UINT8, text_.data(), text_.size(), text_chunk);
  h5::write(id, "/blocks", block.get(), blocks_.data(), blocks_.size(), row_chunk);
  h5::write(id, "/lines", piece.get(), lines_.data(), lines_.size(), row_chunk);
  h5::write(id, "/words", word.get(), words_.data(), words_.size(), row_chunk);
  h5::write(id, "/attempts", attempt.get(), attempts_.data(), attempts_.size(), row_chunk);
  h5::write(id, "/strings", H5T_NATIVE_UINT8, strings_.data(), strings_.size(), text_chunk);
  h5::write(id, "/boxes", box.get(), boxes_.data(), boxes_.size(), row_chunk);
  auto known = provenance;
  if (known.engine.empty()) known.engine = fmt::format("{}", fmt::join(engines_, ", "));
  write_provenance(id, known, sealed);
}

void ShardWriter::write(const fs::path& path, const Provenance& provenance, std::span<const std::string> sealed) const {
  h5::NewFile file;
  fill(file.id(), provenance, sealed);
  h5::write_attribute(file.id(), "name", path.filename().string());
  publish_shard(path, file.close(), [this](const fs::path& part) { expect_read_back(part); });
}

void ShardWriter::expect_read_back(const fs::path& path) const {
  const auto file = h5::open_file(path);
  const auto row = page_row_type(), attempt = attempt_row_type(), block = block_row_type(), piece = part_type(),
             word = word_type(), box = box_type();
  const auto check = [&](const char* name, const auto& type, const auto& data) {
    const h5::Dataset written{file.get(), name};
    if (!written.equals(type, std::span{std::data(data), std::size(data)}))
      throw Error{fmt::format("{}: {} reads back otherwise than it was written. Look at the disk", path.string(), name)};
  };
  check("/pages", row.get(), rows_);
  check("/text", H5T_NATIVE_UINT8, text_);
  check("/blocks", block.get(), blocks_);
  check("/lines", piece.get(), lines_);
  check("/words", word.get(), words_);
  check("/attempts", attempt.get(), attempts_);
  check("/strings", H5T_NATIVE_UINT8, strings_);
  check("/boxes", box.get(), boxes_);
}

void write_provenance(hid_t file, const Provenance& provenance, std::span<const std::string> sealed) {
  unsigned major = 0, minor = 0, release = 0;
  h5::check(H5get_libversion(&major, &minor, &release), "has no version");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  h5::write_attribute(file, "schema", shard_schema);
  h5::write_attribute(file, "pecia_version", version());
  h5::write_attribute(file, "hdf5_version", fmt::format("{}.{}.{}", major, minor, release));
  h5::write_attribute(file, "job", provenance.job_name);
  h5::write_attribute(file, "engine", provenance.engine);
  h5::write_attribute(file, "engine_fingerprint", provenance.engine_fingerprint);
  h5::write_attribute(file, "host", provenance.host);
  h5::write_attribute(file, "slurm_job", provenance.slurm_job);
  h5::write_attribute(file, "slurm_step", provenance.slurm_step);
  h5::write_attribute(file, "slurm_restart", provenance.slurm_restart);
  h5::write_attribute(file, "epoch", std::int64_t{provenance.epoch});
  h5::write_attribute(file, "rank", std::int64_t{provenance.rank});
  if (provenance.begun_s > 0) h5::write_attribute(file, "begun_s", provenance.begun_s);
  if (provenance.ended_s > 0) h5::write_attribute(file, "ended_s", provenance.ended_s);
  h5::write_attribute(file, "created_s", std::int64_t{std::chrono::duration_cast<std::chrono::seconds>(now).count()});
  h5::write_attribute(file, "sealed", fmt::format("{}", fmt::join(sealed, " ")));
}

void publish_shard(const fs::path& path, std::span<const std::byte> shard,
                   const std::function<void(const fs::path&)>& read_back) {
  const fs::path part = path.string() + ".part";
  try {
    write_whole(part, shard);
    try {
      read_back(part);
    } catch (const Error& error) {
      throw StorageError{EIO, fmt::format("the shard {} was written and cannot be read back: {}", part.string(), error.what()),
                         part.string()};
    }
    const auto crc = crc32c({reinterpret_cast<const char*>(shard.data()), shard.size()});
    // In place before the shard is; the folder's fsync below commits both names.
    replace_file(sum_path(path), sum_text(crc, shard.size()), Durability::whole);
    rename_file(part, path);
  } catch (...) {
    ::unlink(part.c_str());
    if (!fs::exists(path)) ::unlink(sum_path(path).c_str());
    throw;
  }
  sync_folder(path.parent_path());
}

void write_sum(const fs::path& shard) { replace_file(sum_path(shard), sum_of(shard)); }

std::string problem_of_sum(const fs::path& shard) {
  if (!fs::exists(sum_path(shard))) return "its checksum file is missing";
  return read_file(sum_path(shard)) == sum_of(shard) ? "" : "it does not match its checksum file";
}

void write_index_sum(const RunPaths& run, const fs::path& file) {
  const auto path = sum_path(run.corpus_index());
  std::string before;
  if (fs::exists(path)) before = read_file(path);
  replace_file(path, sum_of(file) + before.substr(0, before.find('\n') + 1));
}

std::string problem_of_index_sum(const RunPaths& run) {
  const auto path = sum_path(run.corpus_index());
  if (!fs::exists(path)) return "";
  return read_file(path).find(sum_of(run.corpus_index())) == std::string::npos ? "it does not match its checksum file" : "";
}

std::vector<std::string> superseded_shards(const RunPaths& run) {
  std::vector<std::string> names;
  const auto list = run.shards() / superseded_list;
  if (!fs::exists(list)) return names;
  const auto contents = read_file(list);
  for (std::string_view rest{contents}; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.empty()) names.emplace_back(line);
  }
  return names;
}

std::vector<std::string> list_shards(const RunPaths& run) {
  // First the list, then the folder: what is superseded in between is only read twice.
  const auto gone = superseded_shards(run);
  auto names = names_with(run.shards(), ".h5");
  std::erase_if(names, [&](const std::string& name) { return std::ranges::find(gone, name) != gone.end(); });
  return names;
}

std::vector<std::string> list_segments(const RunPaths& run) { return names_with(run.journal(), ".seg"); }

}  // namespace pecia::store
