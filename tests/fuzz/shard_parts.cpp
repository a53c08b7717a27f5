#include "shard_parts.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "h5_image.hpp"
#include "pecia/base/file.hpp"
#include "shard.hpp"

namespace pecia::fuzz {
namespace {

using store::h5::Handle;
constexpr hsize_t trillion = 1'000'000'000'000;
constexpr std::size_t chunk = 16;
constexpr std::size_t shards_part = ShardParts::count - 1;

/// The type of the elements of a part, in memory and in the file.
Handle type_of(std::size_t part) {
  switch (part) {
    case 0: return store::page_row_type();
    case 2: return store::block_row_type();
    case 3: return store::part_type();
    case 4: return store::word_type();
    case 5: return store::attempt_row_type();
    case 7: return store::box_type();
    case shards_part: return store::h5::utf8_type();
    default: return Handle{H5Tcopy(H5T_NATIVE_UINT8), "byte"};
  }
}

void make(hid_t file, const char* name, hid_t type, const Handle& space, const Handle& properties) {
  const Handle made{H5Dcreate2(file, name, type, space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT), name};
}

Handle plain() { return {H5Pcreate(H5P_DATASET_CREATE), "properties"}; }

void write_endless(hid_t file, const char* name, hid_t type, bool elsewhere) {
  const Handle space{H5Screate_simple(1, &trillion, nullptr), "space"};
  const auto properties = plain();
  const hsize_t chunk_size = chunk;
  if (elsewhere)
    store::h5::check(H5Pset_virtual(properties.get(), space.get(), "absent.h5", name, space.get()), name);
  else
    store::h5::check(H5Pset_chunk(properties.get(), 1, &chunk_size), name);
  make(file, name, type, space, properties);
}

void write_sound(hid_t file, std::size_t part, const std::string& bytes) {
  const auto type = type_of(part);
  const char* name = ShardParts::names[part];
  if (part != shards_part) {
    const auto size = H5Tget_size(type.get());
    // Aligned, as the reader of it expects.
    std::vector<std::uint64_t> data((bytes.size() + 7) / 8);
    if (!bytes.empty()) std::memcpy(data.data(), bytes.data(), bytes.size());
    return store::h5::write(file, name, type.get(), data.data(), bytes.size() / size, chunk);
  }
  std::string ended = bytes;
  std::vector<const char*> names;
  for (std::size_t at = 0; at < ended.size();) {
    const auto end = std::min(ended.find('\n', at), ended.size() - 1);
    names.push_back(ended.data() + at);
    ended[end] = '\0';
    at = end + 1;
  }
  store::h5::write(file, name, type.get(), names.data(), names.size(), 0);
}

void write_part(hid_t file, std::size_t part, const ShardParts& parts) {
  const char* name = ShardParts::names[part];
  const auto type = type_of(part);
  const hsize_t plane[2] = {2, 3};
  switch (parts.shape[part] % ShardParts::shapes) {
    case ShardParts::absent: return;
    case ShardParts::group: {
      const Handle made{H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), name};
      return;
    }
    case ShardParts::scalar: return make(file, name, type.get(), Handle{H5Screate(H5S_SCALAR), name}, plain());
    case ShardParts::plane: return make(file, name, type.get(), Handle{H5Screate_simple(2, plane, nullptr), name}, plain());
    case ShardParts::endless: return write_endless(file, name, type.get(), false);
    case ShardParts::elsewhere: return write_endless(file, name, type.get(), true);
    case ShardParts::texts: {
      const char* words[] = {"one", "two"};
      return store::h5::write(file, name, store::h5::utf8_type().get(), words, 2, 0);
    }
    case ShardParts::doubles: {
      const double numbers[] = {1, -1, 1e300};
      return store::h5::write(file, name, H5T_NATIVE_DOUBLE, numbers, 3, 0);
    }
    default: return write_sound(file, part, parts.bytes[part]);
  }
}

void write_schema(hid_t file, std::uint8_t kind) {
  if (kind % 4 == 0) return store::h5::write_attribute(file, "schema", store::shard_schema);
  if (kind % 4 == 1) return;
  if (kind % 4 == 2) return store::h5::write_attribute(file, "schema", "1");
  const hsize_t thousand = 1000;
  const std::vector<std::int64_t> numbers(thousand, store::shard_schema);
  const Handle space{H5Screate_simple(1, &thousand, nullptr), "space"};
  const Handle made{H5Acreate2(file, "schema", H5T_STD_I64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT), "schema"};
  store::h5::check(H5Awrite(made.get(), H5T_NATIVE_INT64, numbers.data()), "schema");
}

}  // namespace

ShardParts parse_parts(const std::uint8_t* data, std::size_t size) {
  ShardParts parts;
  std::size_t at = 0;
  const auto byte = [&]() -> std::size_t { return at < size ? data[at++] : 0; };
  parts.schema = static_cast<std::uint8_t>(byte());
  for (std::size_t n = 0; n < ShardParts::count; ++n) {
    parts.shape[n] = static_cast<std::uint8_t>(byte());
    const auto low = byte();
    const auto length = std::min(low | byte() << 8, size - at);
    if (length > 0) parts.bytes[n].assign(reinterpret_cast<const char*>(data) + at, length);
    at += length;
  }
  return parts;
}

std::string text_of(const ShardParts& parts) {
  std::string text(1, static_cast<char>(parts.schema));
  for (std::size_t n = 0; n < ShardParts::count; ++n) {
    const auto& bytes = parts.bytes[n];
    text += static_cast<char>(parts.shape[n]);
    text += static_cast<char>(bytes.size() & 0xFF);
    text += static_cast<char>(bytes.size() >> 8);
    text += bytes;
  }
  return text;
}

void write_shard(const std::filesystem::path& path, const ShardParts& parts) {
  store::h5::NewFile file;
  write_schema(file.id(), parts.schema);
  for (std::size_t n = 0; n < ShardParts::count; ++n) write_part(file.id(), n, parts);
  write_whole(path, file.close(), Durability::none);
}

ShardParts read_parts(const std::filesystem::path& path) {
  const auto file = store::h5::open_file(path);
  ShardParts parts;
  for (std::size_t n = 0; n + 1 < ShardParts::count; ++n) {
    const store::h5::Dataset dataset{file.get(), ShardParts::names[n]};
    const auto type = type_of(n);
    parts.bytes[n].resize(dataset.size() * H5Tget_size(type.get()));
    const Handle opened{H5Dopen2(file.get(), ShardParts::names[n], H5P_DEFAULT), "dataset"};
    store::h5::check(H5Dread(opened.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, parts.bytes[n].data()), "dataset");
  }
  return parts;
}

}  // namespace pecia::fuzz
