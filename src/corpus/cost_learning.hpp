#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "cost_features.hpp"
#include "pecia/base/ids.hpp"
#include "pecia/corpus/cost_model.hpp"

namespace pecia::corpus {

/// A uniform sample of all that it was offered, of bounded size; the same for the same offers.
template <class Item>
class Reservoir {
 public:
  void offer(const Item& item) {
    ++offered_;
    if (items_.size() < capacity) {
      items_.push_back(item);
    } else if (const auto at = next() % offered_; at < capacity) {
      items_[at] = item;
    }
  }
  [[nodiscard]] const std::vector<Item>& items() const noexcept { return items_; }
  [[nodiscard]] std::uint64_t offered() const noexcept { return offered_; }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return items_.capacity() * sizeof(Item);
  }

  static constexpr std::size_t capacity = 4096;

 private:
  /// splitmix64
  std::uint64_t next() noexcept {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::vector<Item> items_;
  std::uint64_t offered_ = 0;
  std::uint64_t state_ = 20'211;
};

/// What finished pages say of the rest of their documents. Holds the documents that were heard of
/// last, about 65,536; of others nothing is known.
class DocumentFactors {
 public:
  void learn(DocumentId document, const Features& page, double seconds, const Rates& rates);
  /// What the document's pages take in comparison to what the rates say, near 1 while few are done.
  [[nodiscard]] double factor(DocumentId document, const Rates& rates) const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return table_.capacity() * sizeof(Sums);
  }

 private:
  struct Sums {
    DocumentId document;
    float pages = 0;
    float seconds = 0;
    Features features{};  ///< so that the factor stays right when the rates change
  };
  [[nodiscard]] static double factor_of(const Sums& sums, const Rates& rates) noexcept;

  std::vector<Sums> table_;  ///< by a hash of the document, whoever came last
};

/// Keeps the figures of `CostQuality` while pages finish.
class QualityTally {
 public:
  void add(const Document& document, double predicted_s, double taken_s);
  [[nodiscard]] CostQuality quality() const;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Pair {
    float predicted_s = 0, taken_s = 0;
  };
  void forget_the_better_half();

  Reservoir<Pair> pairs_;
  double error_s_ = 0, relative_error_ = 0;
  std::unordered_map<DocumentId, CostQuality::Worst> documents_;
};

}  // namespace pecia::corpus
