#include <array>
#include <cstddef>

#include "pecia/base/text.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

/// The names of an enumeration that counts from 0.
template <class Enum, std::size_t count>
h5::Handle named_type() {
  std::array<std::string_view, count> names;
  for (std::size_t n = 0; n < names.size(); ++n) names[n] = result::name(static_cast<Enum>(n));
  return h5::enum_type(names);
}

h5::Handle state_type() { return named_type<result::State, 5>(); }
h5::Handle finish_reason_type() { return named_type<result::FinishReason, 5>(); }
h5::Handle rung_type() { return named_type<result::Rung, 5>(); }
h5::Handle kind_type() { return named_type<result::BlockKind, 4>(); }

h5::Handle reason_type() {
  std::vector<std::string_view> names{name(Reason::none)};
  for (const auto reason : all_reasons()) names.push_back(name(reason));
  return h5::enum_type(names);
}

void insert(const h5::Handle& compound, const char* name, std::size_t offset, hid_t type) {
  h5::check(H5Tinsert(compound.get(), name, offset, type), "cannot describe a row");
}

hid_t byte_type(h5::Handle&) { return H5T_NATIVE_UINT8; }
hid_t part_column(h5::Handle& keep) {
  keep = part_type();
  return keep.get();
}
hid_t word_column(h5::Handle& keep) {
  keep = word_type();
  return keep.get();
}
hid_t block_column(h5::Handle& keep) {
  keep = block_row_type();
  return keep.get();
}
hid_t box_column(h5::Handle& keep) {
  keep = box_type();
  return keep.get();
}
hid_t attempt_column(h5::Handle& keep) {
  keep = attempt_row_type();
  return keep.get();
}

// The order is that of the offsets given to `shift`.
constexpr std::array<Column, 7> all_columns{{{"/text", byte_type},
                                             {"/blocks", block_column},
                                             {"/lines", part_column},
                                             {"/words", word_column},
                                             {"/attempts", attempt_column},
                                             {"/strings", byte_type},
                                             {"/boxes", box_column}}};

}  // namespace

h5::Handle page_row_type() {
  h5::Handle row{H5Tcreate(H5T_COMPOUND, sizeof(PageRow)), "cannot describe a row"};
  const auto u64 = [&](const char* name, std::size_t at) { insert(row, name, at, H5T_NATIVE_UINT64); };
  const auto u32 = [&](const char* name, std::size_t at) { insert(row, name, at, H5T_NATIVE_UINT32); };
  const auto f32 = [&](const char* name, std::size_t at) { insert(row, name, at, H5T_NATIVE_FLOAT); };
  u64("document", offsetof(PageRow, document));
  u32("revision", offsetof(PageRow, revision));
  u32("page", offsetof(PageRow, page));
  u32("generation", offsetof(PageRow, generation));
  u32("attempt", offsetof(PageRow, attempt));
  u32("epoch", offsetof(PageRow, epoch));
  u32("rank", offsetof(PageRow, rank));
  u64("sequence", offsetof(PageRow, sequence));
  const auto states = state_type();
  const auto reasons = reason_type();
  insert(row, "state", offsetof(PageRow, state), states.get());
  insert(row, "reason", offsetof(PageRow, reason), reasons.get());
  insert(row, "embedded", offsetof(PageRow, embedded), H5T_NATIVE_UINT8);
  const auto finish_reasons = finish_reason_type();
  const auto rungs = rung_type();
  insert(row, "finish_reason", offsetof(PageRow, finish_reason), finish_reasons.get());
  insert(row, "rung", offsetof(PageRow, rung), rungs.get());
  f32("confidence", offsetof(PageRow, confidence));
  f32("seconds", offsetof(PageRow, seconds));
  u64("text_begin", offsetof(PageRow, text_begin));
  u64("text_end", offsetof(PageRow, text_end));
  u32("text_crc32c", offsetof(PageRow, text_crc32c));
  u32("record_crc32c", offsetof(PageRow, record_crc32c));
  u64("blocks_begin", offsetof(PageRow, blocks_begin));
  u64("blocks_end", offsetof(PageRow, blocks_end));
  u64("lines_begin", offsetof(PageRow, lines_begin));
  u64("lines_end", offsetof(PageRow, lines_end));
  u64("words_begin", offsetof(PageRow, words_begin));
  u64("words_end", offsetof(PageRow, words_end));
  u64("attempts_begin", offsetof(PageRow, attempts_begin));
  u64("attempts_end", offsetof(PageRow, attempts_end));
  u64("detail_begin", offsetof(PageRow, detail_begin));
  u64("detail_end", offsetof(PageRow, detail_end));
  u64("engine_begin", offsetof(PageRow, engine_begin));
  u64("engine_end", offsetof(PageRow, engine_end));
  u64("languages_begin", offsetof(PageRow, languages_begin));
  u64("languages_end", offsetof(PageRow, languages_end));
  u64("fingerprint_begin", offsetof(PageRow, fingerprint_begin));
  u64("fingerprint_end", offsetof(PageRow, fingerprint_end));
  u64("labels_begin", offsetof(PageRow, labels_begin));
  u64("labels_end", offsetof(PageRow, labels_end));
  u64("boxes_begin", offsetof(PageRow, boxes_begin));
  u64("boxes_end", offsetof(PageRow, boxes_end));
  u64("steps_begin", offsetof(PageRow, steps_begin));
  u64("steps_end", offsetof(PageRow, steps_end));
  f32("page_width_px", offsetof(PageRow, page_width_px));
  f32("page_height_px", offsetof(PageRow, page_height_px));
  f32("page_dpi", offsetof(PageRow, page_dpi));
  u32("raster_width_px", offsetof(PageRow, raster_width_px));
  u32("raster_height_px", offsetof(PageRow, raster_height_px));
  f32("raster_dpi", offsetof(PageRow, raster_dpi));
  const hsize_t six = 6;
  const h5::Handle matrix{H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &six), "cannot describe a row"};
  insert(row, "to_page", offsetof(PageRow, to_page), matrix.get());
  u32("shard", offsetof(PageRow, shard));
  return row;
}

h5::Handle attempt_row_type() {
  h5::Handle row{H5Tcreate(H5T_COMPOUND, sizeof(AttemptRow)), "cannot describe a row"};
  const auto reasons = reason_type();
  insert(row, "reason", offsetof(AttemptRow, reason), reasons.get());
  const auto finish_reasons = finish_reason_type();
  const auto rungs = rung_type();
  insert(row, "finish_reason", offsetof(AttemptRow, finish_reason), finish_reasons.get());
  insert(row, "rung", offsetof(AttemptRow, rung), rungs.get());
  insert(row, "seconds", offsetof(AttemptRow, seconds), H5T_NATIVE_FLOAT);
  insert(row, "engine_begin", offsetof(AttemptRow, engine_begin), H5T_NATIVE_UINT64);
  insert(row, "engine_end", offsetof(AttemptRow, engine_end), H5T_NATIVE_UINT64);
  insert(row, "detail_begin", offsetof(AttemptRow, detail_begin), H5T_NATIVE_UINT64);
  insert(row, "detail_end", offsetof(AttemptRow, detail_end), H5T_NATIVE_UINT64);
  return row;
}

namespace {

void insert_box(const h5::Handle& row, std::size_t at) {
  insert(row, "x0", at + offsetof(result::Box, x0), H5T_NATIVE_FLOAT);
  insert(row, "y0", at + offsetof(result::Box, y0), H5T_NATIVE_FLOAT);
  insert(row, "x1", at + offsetof(result::Box, x1), H5T_NATIVE_FLOAT);
  insert(row, "y1", at + offsetof(result::Box, y1), H5T_NATIVE_FLOAT);
}

}  // namespace

h5::Handle block_row_type() {
  h5::Handle row{H5Tcreate(H5T_COMPOUND, sizeof(BlockRow)), "cannot describe a row"};
  insert_box(row, offsetof(BlockRow, box));
  insert(row, "text_begin", offsetof(BlockRow, text_begin), H5T_NATIVE_UINT32);
  insert(row, "text_end", offsetof(BlockRow, text_end), H5T_NATIVE_UINT32);
  insert(row, "confidence", offsetof(BlockRow, confidence), H5T_NATIVE_FLOAT);
  const auto kinds = kind_type();
  insert(row, "kind", offsetof(BlockRow, kind), kinds.get());
  insert(row, "unparsed", offsetof(BlockRow, unparsed), H5T_NATIVE_UINT8);
  insert(row, "label_begin", offsetof(BlockRow, label_begin), H5T_NATIVE_UINT32);
  insert(row, "label_end", offsetof(BlockRow, label_end), H5T_NATIVE_UINT32);
  insert(row, "boxes_begin", offsetof(BlockRow, boxes_begin), H5T_NATIVE_UINT32);
  insert(row, "boxes_end", offsetof(BlockRow, boxes_end), H5T_NATIVE_UINT32);
  return row;
}

h5::Handle part_type() {
  using result::Part;
  h5::Handle row{H5Tcreate(H5T_COMPOUND, sizeof(Part)), "cannot describe a row"};
  insert_box(row, offsetof(Part, box));
  insert(row, "text_begin", offsetof(Part, text_begin), H5T_NATIVE_UINT32);
  insert(row, "text_end", offsetof(Part, text_end), H5T_NATIVE_UINT32);
  insert(row, "confidence", offsetof(Part, confidence), H5T_NATIVE_FLOAT);
  return row;
}

h5::Handle word_type() {
  auto row = part_type();
  insert(row, "language", offsetof(result::Part, language), H5T_NATIVE_UINT32);
  return row;
}

h5::Handle box_type() {
  h5::Handle row{H5Tcreate(H5T_COMPOUND, sizeof(result::Box)), "cannot describe a row"};
  insert_box(row, 0);
  return row;
}

std::span<const Column> columns() { return all_columns; }

namespace {

void move(std::uint64_t& begin, std::uint64_t& end, std::uint64_t by) {
  begin += by;
  end += by;
}

}  // namespace

void shift(PageRow& row, std::span<const std::uint64_t> offsets) {
  move(row.text_begin, row.text_end, offsets[0]);
  move(row.blocks_begin, row.blocks_end, offsets[1]);
  move(row.lines_begin, row.lines_end, offsets[2]);
  move(row.words_begin, row.words_end, offsets[3]);
  move(row.attempts_begin, row.attempts_end, offsets[4]);
  move(row.detail_begin, row.detail_end, offsets[5]);
  move(row.engine_begin, row.engine_end, offsets[5]);
  move(row.languages_begin, row.languages_end, offsets[5]);
  move(row.fingerprint_begin, row.fingerprint_end, offsets[5]);
  move(row.labels_begin, row.labels_end, offsets[5]);
  move(row.boxes_begin, row.boxes_end, offsets[6]);
  move(row.steps_begin, row.steps_end, offsets[5]);
}

void shift(AttemptRow& attempt, std::span<const std::uint64_t> offsets) {
  move(attempt.engine_begin, attempt.engine_end, offsets[5]);
  move(attempt.detail_begin, attempt.detail_end, offsets[5]);
}

RecordOrder order_of(const PageRow& row) {
  return {row.generation, static_cast<result::State>(row.state), row.attempt, row.epoch, row.rank, row.sequence};
}

PageKey key_of(const PageRow& row) { return {{row.document}, row.revision, row.page}; }

}  // namespace pecia::store
