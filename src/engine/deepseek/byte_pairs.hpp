#pragma once

#include <cstdint>
#include <vector>

#include "flat_map.hpp"

namespace pecia::engine::deepseek {

/// The merges of a byte-pair encoding.
class BytePairs {
 public:
  void reserve(std::size_t merges) { merges_.reserve(merges); }
  /// Merges are added in the order of their rank. False if there was one for the pair.
  bool add(std::int32_t left, std::int32_t right, std::int32_t merged) {
    return merges_
        .try_emplace(key(left, right), Merge{static_cast<std::uint32_t>(merges_.size()), merged})
        .second;
  }
  /// Merges the neighbours of least rank, the leftmost of equals first, until none can be merged. n
  /// symbols take time n log n.
  void merge(std::vector<std::int32_t>& symbols) const;

 private:
  struct Merge {
    std::uint32_t rank = 0;
    std::int32_t merged = 0;
  };
  struct Mix {
    std::size_t operator()(std::uint64_t x) const noexcept {
      x = (x ^ (x >> 29)) * 0x9E3779B97F4A7C15U;
      return x ^ (x >> 32);
    }
  };
  static std::uint64_t key(std::int32_t left, std::int32_t right) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
           static_cast<std::uint32_t>(right);
  }
  [[nodiscard]] const Merge* find(std::int32_t left, std::int32_t right) const {
    return merges_.find(key(left, right));
  }

  FlatMap<std::uint64_t, Merge, Mix> merges_;
};

}  // namespace pecia::engine::deepseek
