#include "block_table.hpp"

#include <numeric>

#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {

BlockAllocator::BlockAllocator(int blocks)
    : total_{blocks}, free_(static_cast<std::size_t>(blocks)) {
  std::iota(free_.rbegin(), free_.rend(), 0);
}

bool BlockAllocator::grow(BlockTable& table, int tokens) {
  const auto wanted = static_cast<std::size_t>(blocks_for(tokens));
  if (wanted <= table.size()) return true;
  const auto more = static_cast<std::ptrdiff_t>(wanted - table.size());
  if (more > static_cast<std::ptrdiff_t>(free_.size())) return false;
  table.insert(table.end(), free_.rbegin(), free_.rbegin() + more);
  free_.resize(free_.size() - static_cast<std::size_t>(more));
  return true;
}

void BlockAllocator::release(BlockTable& table) {
  free_.insert(free_.end(), table.rbegin(), table.rend());
  table.clear();
  require(free_.size() <= static_cast<std::size_t>(total_),
          "a block of the KV cache was given back twice");
}

}  // namespace pecia::engine::deepseek
