#include <array>
#include <cstddef>

#include "pecia/base/text.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

h5::Handle state_type() {
  std::array<std::string_view, 5> names;
  for (std::size_t n = 0; n < names.size(); ++n) names[n] = result::name(static_cast<result::State>(n));
  return h5::enum_type(names);
}

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
hid_t attempt_column(h5::Handle& keep) {
  keep = attempt_row_type();
  return keep.get();
}

// The order is that of the offsets given to `shift`.
constexpr std::array<Column, 6> all_columns{{{"/text", byte_type},
                                             {"/blocks", part_column},
                                             {"/lines", part_column},
                                             {"/words", part_column},
                                             {"/attempts", attempt_column},
                                             {"/strings", byte_type}}};

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
  insert(row, "seconds", offsetof(AttemptRow, seconds), H5T_NATIVE_FLOAT);
  insert(row, "engine_begin", offsetof(AttemptRow, engine_begin), H5T_NATIVE_UINT64);
  insert(row, "engine_end", offsetof(AttemptRow, engine_end), H5T_NATIVE_UINT64);
  insert(row, "detail_begin", offsetof(AttemptRow, detail_begin), H5T_NATIVE_UINT64);
  insert(row, "detail_end", offsetof(AttemptRow, detail_end), H5T_NATIVE_UINT64);
  return row;
}

h5::Handle part_type() {
  using result::Part;
  h5::Handle row{H5Tcreate(H5T_COMPOUND, sizeof(Part)), "cannot describe a row"};
  const auto box = offsetof(Part, box);
  insert(row, "x0", box + offsetof(result::Box, x0), H5T_NATIVE_FLOAT);
  insert(row, "y0", box + offsetof(result::Box, y0), H5T_NATIVE_FLOAT);
  insert(row, "x1", box + offsetof(result::Box, x1), H5T_NATIVE_FLOAT);
  insert(row, "y1", box + offsetof(result::Box, y1), H5T_NATIVE_FLOAT);
  insert(row, "text_begin", offsetof(Part, text_begin), H5T_NATIVE_UINT32);
  insert(row, "text_end", offsetof(Part, text_end), H5T_NATIVE_UINT32);
  insert(row, "confidence", offsetof(Part, confidence), H5T_NATIVE_FLOAT);
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
