#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pecia::engine::deepseek {

enum class TensorType : std::uint8_t { f32, bf16, f16 };

[[nodiscard]] constexpr std::size_t bytes_of(TensorType type) noexcept {
  return type == TensorType::f32 ? 4 : 2;
}

struct TensorInfo {
  std::string name;
  TensorType type = TensorType::f32;
  std::vector<std::int64_t> shape;
  [[nodiscard]] std::uint64_t elements() const noexcept {
    std::uint64_t n = 1;
    for (const auto side : shape) n *= static_cast<std::uint64_t>(side);
    return n;
  }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return elements() * bytes_of(type); }
};

/// Where the weights of a model come from: its files, or a broadcast of what another rank reads
/// from them.
///
/// The loader reads every tensor once, whole, in the order of `tensors()`, so that a broadcast need
/// not keep what has gone by.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  /// All tensors, in the order in which they are stored.
  [[nodiscard]] virtual const std::vector<TensorInfo>& tensors() const = 0;
  /// Bytes [offset, offset + into.size()) of a tensor, row-major, little-endian. Throws `Error`
  /// with file and offset.
  virtual void read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) = 0;
};

}  // namespace pecia::engine::deepseek
