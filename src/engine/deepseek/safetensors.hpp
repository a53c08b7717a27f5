#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weight_source.hpp"

// The file format safetensors: 8 bytes length of the header, the header in JSON, the tensors' bytes
// without gaps.
namespace pecia::engine::deepseek {

/// A tensor in a file, of any type that the format knows.
struct StoredTensor {
  std::string name;
  std::string dtype;  ///< as the file spells it: "BF16"
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes of the file
};

/// Nothing for types that weights do not have here.
[[nodiscard]] std::optional<TensorType> tensor_type(std::string_view dtype) noexcept;

/// The tensors that a header describes, in the order in which they are stored. `file` is for
/// messages. Throws `Error` if a field makes no sense, names come twice, or the tensors do not
/// cover the file from the header's end to `file_bytes` without gap and overlap.
[[nodiscard]] std::vector<StoredTensor> parse_safetensors_header(std::string_view json,
                                                                 std::uint64_t file_bytes,
                                                                 const std::string& file);
/// The same of an open file. Throws `Error`, `StorageError` where it cannot be read.
[[nodiscard]] std::vector<StoredTensor> read_safetensors_header(int fd,
                                                                const std::filesystem::path& file);

/// Fills `into` from byte `offset` on. Throws `StorageError` with file and offset for a failed
/// read, `Error` where the file ends before.
void read_at(int fd, std::uint64_t offset, std::span<std::byte> into,
             const std::filesystem::path& file);

}  // namespace pecia::engine::deepseek
