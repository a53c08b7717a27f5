#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace pecia::engine::deepseek {

/// Section 7.2: which ids would repeat an n-gram of the last `window` generated ids.
///
/// The (n-1)-grams in the window are kept by a rolling hash, and compared in full where it matches:
/// a push takes time in proportion to n, whatever the window and the history.
class NgramGuard {
 public:
  /// n < 2 or a window that holds no n-gram: nothing is ever banned.
  NgramGuard(int n, int window, std::vector<std::int32_t> allow);
  void push(std::int32_t id);
  /// For the next id; ascending, without allowed ones.
  [[nodiscard]] std::vector<std::int32_t> banned() const;
  void clear();

 private:
  /// All occurrences of one (n-1)-gram in the window.
  struct Gram {
    std::size_t latest;  ///< where it begins
    struct Next {
      std::int32_t id;
      int count;
    };
    std::vector<Next> next;  ///< what followed it
  };
  using Bucket = std::vector<Gram>;

  [[nodiscard]] bool equal(std::size_t a, std::size_t b) const;
  void remember(std::size_t begin);
  void forget(std::size_t begin);
  /// Of the n-1 ids from `begin`.
  [[nodiscard]] std::uint64_t hash_at(std::size_t begin) const;

  std::size_t n_, window_;
  bool active_;
  std::vector<std::int32_t> allow_;  ///< ascending
  std::vector<std::int32_t> ids_;
  std::vector<std::uint64_t> prefixes_;  ///< [i]: polynomial of ids_[0, i), modulo 2^64
  std::uint64_t power_ = 1;              ///< base^(n-1)
  std::unordered_map<std::uint64_t, Bucket> grams_;
};

}  // namespace pecia::engine::deepseek
