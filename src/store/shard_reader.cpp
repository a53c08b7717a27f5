#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t text_ahead = 1 << 20, parts_ahead = 1 << 16, attempts_ahead = 1 << 12;
constexpr std::size_t strings_ahead = text_chunk;  ///< engines and languages stand in few places

std::size_t ahead(Access access, std::size_t elements) { return access == Access::in_order ? elements : 0; }

std::vector<result::Part> copied(std::span<const result::Part> parts) { return {parts.begin(), parts.end()}; }

}  // namespace

ShardReader::ShardReader(const fs::path& path, Access access)
    : path_{path},
      file_{h5::open_file(path)},
      row_type_{page_row_type()},
      part_type_{part_type()},
      word_type_{word_type()},
      block_type_{block_row_type()},
      box_type_{box_type()},
      attempt_type_{attempt_row_type()},
      pages_{file_.get(), "/pages"},
      text_{file_.get(), "/text", ahead(access, text_ahead)},
      blocks_{file_.get(), "/blocks", ahead(access, parts_ahead)},
      lines_{file_.get(), "/lines", ahead(access, parts_ahead)},
      words_{file_.get(), "/words", ahead(access, parts_ahead)},
      attempts_{file_.get(), "/attempts", ahead(access, attempts_ahead)},
      strings_{file_.get(), "/strings", strings_ahead} {
  const auto schema = h5::read_attribute(file_.get(), "schema");
  require(schema >= first_schema && schema <= shard_schema,
          fmt::format("{} has schema {}, this pecia reads {} to {}", path.string(), schema, first_schema, shard_schema));
  if (schema > first_schema) boxes_.emplace(file_.get(), "/boxes", ahead(access, parts_ahead));
}

std::vector<PageRow> ShardReader::rows(std::uint64_t begin, std::uint64_t end) const {
  auto rows = pages_.read<PageRow>(row_type_.get(), begin, end);
  for (const auto& row : rows) {
    if (row.state > static_cast<std::uint8_t>(result::State::failed) || row.reason > all_reasons().size() ||
        row.finish_reason > static_cast<std::uint8_t>(result::FinishReason::watchdog) ||
        row.rung > static_cast<std::uint8_t>(result::Rung::fallback))
      throw Error{fmt::format("{}: a row has a state, reason or rung that there is not", path_.string())};
  }
  return rows;
}

std::vector<AttemptRow> ShardReader::attempts() const {
  const auto all = attempts_.at(attempt_type_.get(), 0, attempts_.size());
  return {all.begin(), all.end()};
}

std::string ShardReader::strings() const { return string_at(0, strings_.size()); }

std::vector<std::uint64_t> ShardReader::column_sizes() const {
  return {text_.size(), blocks_.size(), lines_.size(), words_.size(), attempts_.size(), strings_.size(),
          boxes_ ? boxes_->size() : 0};
}

std::vector<std::string> ShardReader::shards() const {
  return h5::read_texts(file_.get(), "/shards");
}

std::string ShardReader::made_as() const { return h5::read_text_attribute(file_.get(), "name"); }

std::vector<std::string> ShardReader::sealed() const {
  std::vector<std::string> names;
  const auto text = h5::read_text_attribute(file_.get(), "sealed");
  for (std::string_view rest{text}; !rest.empty();) {
    const auto name = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> ShardReader::provenance() const {
  if (h5::has(file_.get(), "/provenance")) return h5::read_texts(file_.get(), "/provenance");
  nlohmann::ordered_json line{{"shard", path_.filename().string()}};
  for (const auto* name : {"job", "engine", "engine_fingerprint", "host", "slurm_job", "slurm_step",
                           "slurm_restart", "sealed", "pecia_version", "hdf5_version"}) {
    const auto text = h5::read_text_attribute(file_.get(), name);
    if (!text.empty()) line[name] = to_utf8(text);
  }
  for (const auto* name : {"epoch", "rank", "begun_s", "ended_s", "created_s"}) {
    if (h5::has_attribute(file_.get(), name)) line[name] = h5::read_attribute(file_.get(), name);
  }
  return {line.dump()};
}

std::string ShardReader::string_at(std::uint64_t begin, std::uint64_t end) const {
  const auto bytes = strings_.at(H5T_NATIVE_UINT8, begin, end);
  return {bytes.begin(), bytes.end()};
}

std::string ShardReader::text(const PageRow& row) const {
  const auto bytes = text_.at(H5T_NATIVE_UINT8, row.text_begin, row.text_end);
  std::string text{bytes.begin(), bytes.end()};
  if (crc32c(text) != row.text_crc32c)
    throw Error{fmt::format("{}: the text of a page does not match its checksum", path_.string())};
  return text;
}

std::vector<result::Attempt> ShardReader::attempts_of(const PageRow& row) const {
  std::vector<result::Attempt> attempts;
  for (const auto& from : attempts_.at(attempt_type_.get(), row.attempts_begin, row.attempts_end)) {
    auto& attempt = attempts.emplace_back();
    attempt.engine = string_at(from.engine_begin, from.engine_end);
    attempt.reason = static_cast<Reason>(from.reason);
    attempt.detail = string_at(from.detail_begin, from.detail_end);
    attempt.seconds = from.seconds;
    attempt.rung = static_cast<result::Rung>(from.rung);
    attempt.finish_reason = static_cast<result::FinishReason>(from.finish_reason);
  }
  return attempts;
}

std::vector<result::Block> ShardReader::blocks_of(const PageRow& row) const {
  const auto labels = string_at(row.labels_begin, row.labels_end);
  std::vector<result::Box> boxes;
  if (boxes_) {
    const auto there = boxes_->at(box_type_.get(), row.boxes_begin, row.boxes_end);
    boxes.assign(there.begin(), there.end());
  }
  std::vector<result::Block> blocks;
  for (const auto& from : blocks_.at(block_type_.get(), row.blocks_begin, row.blocks_end)) {
    if (from.label_begin > from.label_end || from.label_end > labels.size() || from.boxes_begin > from.boxes_end ||
        from.boxes_end > boxes.size() || from.kind > static_cast<std::uint8_t>(result::BlockKind::image))
      throw Error{fmt::format("{}: a block's label, boxes or kind are none of its page", path_.string())};
    auto& block = blocks.emplace_back();
    block.box = from.box;
    block.text_begin = from.text_begin;
    block.text_end = from.text_end;
    block.confidence = from.confidence;
    block.kind = static_cast<result::BlockKind>(from.kind);
    block.unparsed = from.unparsed != 0;
    block.label = labels.substr(from.label_begin, from.label_end - from.label_begin);
    block.boxes.assign(boxes.begin() + from.boxes_begin, boxes.begin() + from.boxes_end);
  }
  return blocks;
}

Record ShardReader::record(const PageRow& row) const {
  Record record{key_of(row), order_of(row), {}};
  auto& outcome = record.outcome;
  outcome.state = static_cast<result::State>(row.state);
  outcome.reason = static_cast<Reason>(row.reason);
  outcome.detail = string_at(row.detail_begin, row.detail_end);
  outcome.engine = string_at(row.engine_begin, row.engine_end);
  outcome.languages = string_at(row.languages_begin, row.languages_end);
  outcome.fingerprint = string_at(row.fingerprint_begin, row.fingerprint_end);
  outcome.steps = steps_from_json(string_at(row.steps_begin, row.steps_end));
  outcome.rung = static_cast<result::Rung>(row.rung);
  outcome.seconds = row.seconds;
  outcome.attempts = attempts_of(row);
  auto& geometry = outcome.geometry;
  geometry.page_width_px = row.page_width_px;
  geometry.page_height_px = row.page_height_px;
  geometry.page_dpi = row.page_dpi;
  geometry.raster_width_px = row.raster_width_px;
  geometry.raster_height_px = row.raster_height_px;
  geometry.raster_dpi = row.raster_dpi;
  std::ranges::copy(row.to_page, geometry.to_page);
  geometry.embedded = row.embedded != 0;
  outcome.reading.text = text(row);
  outcome.reading.confidence = row.confidence;
  outcome.reading.finish_reason = static_cast<result::FinishReason>(row.finish_reason);
  outcome.reading.blocks = blocks_of(row);
  outcome.reading.lines = copied(lines_.at(part_type_.get(), row.lines_begin, row.lines_end));
  outcome.reading.words = copied(words_.at(word_type_.get(), row.words_begin, row.words_end));
  if (checksum_of(record) != row.record_crc32c)
    throw Error{fmt::format("{}: a record does not match its checksum", path_.string())};
  return record;
}

}  // namespace pecia::store
