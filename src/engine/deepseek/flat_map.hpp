#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace pecia::engine::deepseek {

/// A hash map whose entries stand side by side, and from which nothing is taken: a tokenizer's
/// vocabulary and merges, of which a load asks half a million times, are several times faster in it
/// than in std::unordered_map.
template <class Key, class Value, class Hash>
class FlatMap {
 public:
  void reserve(std::size_t entries) {
    std::size_t slots = 16;
    while (slots < 2 * entries) slots *= 2;
    if (slots > slots_.size()) grow(slots);
  }
  /// The value of this key, and whether it is new.
  std::pair<Value*, bool> try_emplace(const Key& key, const Value& value) {
    reserve(size_ + 1);
    auto& slot = slots_[place(key)];
    if (slot.used) return {&slot.value, false};
    slot = {key, value, true};
    ++size_;
    return {&slot.value, true};
  }
  /// Null if there is none.
  [[nodiscard]] const Value* find(const Key& key) const {
    if (slots_.empty()) return nullptr;
    const auto& slot = slots_[place(key)];
    return slot.used ? &slot.value : nullptr;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct Slot {
    Key key{};
    Value value{};
    bool used = false;
  };

  /// Where the key is, or would be.
  [[nodiscard]] std::size_t place(const Key& key) const {
    const auto last = slots_.size() - 1;
    auto at = Hash{}(key)&last;
    while (slots_[at].used && !(slots_[at].key == key)) at = (at + 1) & last;
    return at;
  }
  void grow(std::size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (auto& slot : old) {
      if (slot.used) slots_[place(slot.key)] = std::move(slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace pecia::engine::deepseek
