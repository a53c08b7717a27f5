#include "h5.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pecia::store::h5 {
namespace {

constexpr unsigned deflate_level = 4;
constexpr std::size_t compared_bytes = 4 << 20;  ///< at a time
constexpr std::uint64_t unquestioned_bytes = 1 << 20;
constexpr std::uint64_t best_compression = 1032;  ///< of deflate
/// Of a virtual dataset, whose sources say how much is there: a page's text came in one message of at most that.
constexpr std::uint64_t most_virtual_bytes = 256 << 20;

herr_t append_message(unsigned, const H5E_error2_t* entry, void* text) {
  auto& words = *static_cast<std::string*>(text);
  if (words.empty() && entry->desc) words = entry->desc;
  return 0;
}

Handle simple_space(std::size_t count) {
  const hsize_t size = count;
  return {H5Screate_simple(1, &size, nullptr), "cannot describe a dataset"};
}

/// One that holds a single value: the reader has room for no more.
Handle open_attribute(hid_t object, const char* name) {
  Handle attribute{H5Aopen(object, name, H5P_DEFAULT), fmt::format("there is no attribute {}", name)};
  const Handle space{H5Aget_space(attribute.get()), "cannot describe an attribute"};
  if (H5Sget_simple_extent_npoints(space.get()) != 1) throw Error{fmt::format("attribute {} is no single value", name)};
  return attribute;
}

}  // namespace

void fail(std::string_view what, Here where) {
  std::string words;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, append_message, &words);
  H5Eclear2(H5E_DEFAULT);
  throw Error{fmt::format("HDF5: {}{}{}", what, words.empty() ? "" : ": ", words), where};
}

void set_up() {
  // Where a disk was full, HDF5 could not close its file; ending itself at exit it would crash on
  // that.
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Handle open_file(const std::filesystem::path& path) {
  set_up();
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), fmt::format("cannot open {}", path.string())};
}

Handle enum_type(std::span<const std::string_view> names) {
  Handle type{H5Tenum_create(H5T_NATIVE_UINT8), "cannot make an enumeration"};
  for (std::uint8_t value = 0; value < names.size(); ++value)
    check(H5Tenum_insert(type.get(), std::string{names[value]}.c_str(), &value), "cannot name a value");
  return type;
}

Handle utf8_type() {
  Handle type{H5Tcopy(H5T_C_S1), "cannot make a text type"};
  check(H5Tset_size(type.get(), H5T_VARIABLE), "cannot make a text type");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "cannot make a text type");
  return type;
}

void write(hid_t file, const char* name, hid_t type, const void* data, std::size_t count, std::size_t chunk) {
  const Dataset dataset{file, name, type, count, chunk};
  dataset.write(type, 0, count, data);
  dataset.flush();
}

Dataset::Dataset(hid_t file, const char* name, hid_t type, std::uint64_t count, std::size_t chunk)
    : name_{name}, size_{count} {
  const auto space = simple_space(count);
  const Handle properties{H5Pcreate(H5P_DATASET_CREATE), "cannot make properties"};
  if (count > 0 && chunk > 0) {
    const hsize_t chunk_size = std::min<hsize_t>(chunk, count);
    check(H5Pset_chunk(properties.get(), 1, &chunk_size), "cannot set chunks");
    check(H5Pset_shuffle(properties.get()), "cannot set a filter");
    check(H5Pset_deflate(properties.get(), deflate_level), "cannot set compression");
  }
  dataset_ = {H5Dcreate2(file, name, type, space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
              fmt::format("cannot create dataset {}", name)};
}

void Dataset::write(hid_t type, std::uint64_t begin, std::uint64_t count, const void* data) const {
  if (count == 0) return;
  check_range(begin, begin + count);
  const Handle space{H5Dget_space(dataset_.get()), "cannot describe a dataset"};
  const hsize_t start = begin, size = count;
  check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &start, nullptr, &size, nullptr), "cannot select");
  const auto memory = simple_space(count);
  check(H5Dwrite(dataset_.get(), type, memory.get(), space.get(), H5P_DEFAULT, data),
        fmt::format("cannot write dataset {}", name_));
}

// Chunks are written when the dataset is closed, where nobody asks whether that worked.
void Dataset::flush() const { check(H5Dflush(dataset_.get()), fmt::format("cannot write dataset {}", name_)); }

bool Dataset::equals(hid_t type, const void* data, std::size_t element_bytes) const {
  const auto* wanted = static_cast<const char*>(data);
  const auto most = std::max<std::uint64_t>(1, compared_bytes / element_bytes);
  std::vector<char> block;
  for (std::uint64_t at = 0; at < size_;) {
    const auto count = std::min(most, size_ - at);
    block.assign(count * element_bytes, 0);
    read_into(type, at, at + count, block.data());
    if (std::memcmp(block.data(), wanted, block.size()) != 0) return false;
    wanted += block.size();
    at += count;
  }
  return true;
}

Dataset::Dataset(hid_t file, const char* name)
    : name_{name}, dataset_{H5Dopen2(file, name, H5P_DEFAULT), fmt::format("cannot open dataset {}", name)} {
  const Handle space{H5Dget_space(dataset_.get()), "cannot describe a dataset"};
  if (H5Sget_simple_extent_ndims(space.get()) != 1) throw Error{fmt::format("dataset {} is no row of elements", name_)};
  size_ = static_cast<std::uint64_t>(check(H5Sget_simple_extent_npoints(space.get()), "cannot measure a dataset"));
}

void Dataset::check_range(std::uint64_t begin, std::uint64_t end) const {
  if (begin > end || end > size_)
    throw Error{fmt::format("dataset {} has {} elements; {} to {} were wanted", name_, size_, begin, end)};
}

void Dataset::expect_readable(std::uint64_t begin, std::uint64_t end, std::size_t element_bytes) const {
  check_range(begin, end);
  if (end - begin <= unquestioned_bytes / element_bytes) return;
  const Handle type{H5Dget_type(dataset_.get()), "cannot describe a dataset"};
  const Handle properties{H5Dget_create_plist(dataset_.get()), "cannot describe a dataset"};
  const bool is_virtual = H5Pget_layout(properties.get()) == H5D_VIRTUAL;
  const auto stored_bytes = is_virtual ? most_virtual_bytes : H5Dget_storage_size(dataset_.get()) * best_compression;
  if (end - begin > stored_bytes / std::max<std::size_t>(1, is_virtual ? element_bytes : H5Tget_size(type.get())))
    throw Error{fmt::format("dataset {} claims more elements than its bytes can hold", name_)};
}

void Dataset::read_into(hid_t type, std::uint64_t begin, std::uint64_t end, void* data) const {
  if (begin == end) return;
  const Handle space{H5Dget_space(dataset_.get()), "cannot describe a dataset"};
  const hsize_t start = begin, count = end - begin;
  check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &start, nullptr, &count, nullptr), "cannot select");
  const auto memory = simple_space(count);
  check(H5Dread(dataset_.get(), type, memory.get(), space.get(), H5P_DEFAULT, data), fmt::format("cannot read {}", name_));
}

std::vector<std::string> read_texts(hid_t file, const char* name) {
  const Dataset dataset{file, name};
  const auto type = utf8_type();
  auto pointers = dataset.read<char*>(type.get(), 0, dataset.size());
  std::vector<std::string> texts;
  for (const char* text : pointers) texts.emplace_back(text ? text : "");
  if (!pointers.empty()) {
    const auto space = simple_space(pointers.size());
    check(H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data()),
          "cannot free texts");
  }
  return texts;
}

void write_texts(hid_t file, const char* name, std::span<const std::string> texts) {
  std::vector<const char*> pointers;
  for (const auto& text : texts) pointers.push_back(text.c_str());
  const auto type = utf8_type();
  write(file, name, type.get(), pointers.data(), pointers.size(), 0);
}

bool has(hid_t file, const char* name) { return H5Lexists(file, name, H5P_DEFAULT) > 0; }

void write_attribute(hid_t object, const char* name, std::string_view text) {
  const std::string owned{text};
  const char* pointer = owned.c_str();
  const auto type = utf8_type();
  const Handle space{H5Screate(H5S_SCALAR), "cannot describe an attribute"};
  const Handle attribute{H5Acreate2(object, name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
                         fmt::format("cannot create attribute {}", name)};
  check(H5Awrite(attribute.get(), type.get(), &pointer), fmt::format("cannot write attribute {}", name));
}

void write_attribute(hid_t object, const char* name, std::int64_t number) {
  const Handle space{H5Screate(H5S_SCALAR), "cannot describe an attribute"};
  const Handle attribute{H5Acreate2(object, name, H5T_STD_I64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                         fmt::format("cannot create attribute {}", name)};
  check(H5Awrite(attribute.get(), H5T_NATIVE_INT64, &number), fmt::format("cannot write attribute {}", name));
}

std::int64_t read_attribute(hid_t object, const char* name) {
  const auto attribute = open_attribute(object, name);
  std::int64_t number = 0;
  check(H5Aread(attribute.get(), H5T_NATIVE_INT64, &number), fmt::format("cannot read attribute {}", name));
  return number;
}

bool has_attribute(hid_t object, const char* name) { return H5Aexists(object, name) > 0; }

std::string read_text_attribute(hid_t object, const char* name) {
  if (!has_attribute(object, name)) return {};
  const auto attribute = open_attribute(object, name);
  const auto type = utf8_type();
  char* text = nullptr;
  check(H5Aread(attribute.get(), type.get(), &text), fmt::format("cannot read attribute {}", name));
  std::string owned{text ? text : ""};
  H5free_memory(text);
  return owned;
}

}  // namespace pecia::store::h5
