#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "layout.hpp"

namespace pecia::merge {

/// Numbers at the edges of pages, by the sequence that they are a part of: one more a page, a leaf (two pages) or an
/// opening (two numbers a page).
class NumberSequences {
 public:
  NumberSequences(std::span<const PageEdges> pages, std::span<const std::string> labels);

  /// Pages nearby whose number counts on to this one.
  [[nodiscard]] int support(std::uint32_t page, const LineNumber& number) const;
  /// The PDF says that this is the page's number.
  [[nodiscard]] bool labelled(std::uint32_t page, const LineNumber& number) const;

 private:
  enum class Step { page, leaf, opening };
  struct Key {
    Step step;
    bool roman;
    std::int64_t offset;
    auto operator<=>(const Key&) const = default;
  };
  [[nodiscard]] static Key key(Step step, std::uint32_t page, const LineNumber& number);
  [[nodiscard]] int nearby(const Key& key, std::uint32_t page) const;

  std::map<Key, std::vector<std::uint32_t>> pages_;  ///< ascending
  std::span<const std::string> labels_;
};

}  // namespace pecia::merge
