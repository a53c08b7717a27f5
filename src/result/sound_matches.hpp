#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "matching.hpp"

namespace pecia::result::aligning {

/// How often each word occurs on a page.
class Occurrences {
 public:
  Occurrences(std::span<const Atom> text, std::span<const Atom> boxes);
  /// A long word that both sides have once.
  [[nodiscard]] bool is_unmistakable(const Atom& word) const;

 private:
  struct Counts {
    std::uint32_t text = 0, boxes = 0;
  };
  std::unordered_map<std::u32string, Counts> counts_;
};

/// Of matches in order, those that can be relied on: in runs of which enough letters agree (a short word alone is found
/// anywhere), and what is not alike only between two that are. `letters`: of the stretch of text that was searched.
[[nodiscard]] std::vector<Match> sound_matches(std::span<const Match> matches, std::span<const Atom> text,
                                               std::span<const Atom> boxes, const Occurrences& occurrences, std::uint64_t letters);

}  // namespace pecia::result::aligning
