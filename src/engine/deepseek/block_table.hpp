#pragma once

#include <cstdint>
#include <vector>

namespace pecia::engine::deepseek {

/// Positions of a KV cache block. A multiple of 16, the lanes of the CPU's attention.
inline constexpr int block_tokens = 32;

[[nodiscard]] constexpr int blocks_for(int tokens) noexcept {
  return (tokens + block_tokens - 1) / block_tokens;
}

/// Position p of a sequence lies in block `blocks[p / block_tokens]`.
using BlockTable = std::vector<std::int32_t>;

/// Hands out the blocks of a KV cache, the one given back last first: it is in the caches.
class BlockAllocator {
 public:
  explicit BlockAllocator(int blocks);
  /// Makes `table` hold `tokens` positions. False, and nothing changed, if there are too few
  /// blocks.
  [[nodiscard]] bool grow(BlockTable& table, int tokens);
  void release(BlockTable& table);
  [[nodiscard]] int free() const noexcept { return static_cast<int>(free_.size()); }
  [[nodiscard]] int total() const noexcept { return total_; }

 private:
  int total_;
  std::vector<std::int32_t> free_;
};

}  // namespace pecia::engine::deepseek
