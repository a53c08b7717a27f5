#include "pecia/result/align.hpp"

#include <algorithm>
#include <iterator>

#include "placing.hpp"
#include "sound_matches.hpp"

namespace pecia::result {
namespace {

using namespace aligning;

/// Where the order of the two readings differs, each search finds the next longest part that is in order.
constexpr int most_searches = 8;
/// And with less than this share of the letters that were searched, the next is not worth it.
constexpr double least_find = 0.05;
/// A block with less than this share of its letters found where it is said to be is looked for on the whole page.
constexpr double found_share = 0.5;
/// A block's box is coarse: words at its border belong to it, too. In pixels, by the height of the word.
constexpr float margin = 0.5F;

float area(const Box& box) { return std::max(0.0F, box.x1 - box.x0) * std::max(0.0F, box.y1 - box.y0); }

bool holds(const Box& box, float x, float y, float around) {
  return x >= box.x0 - around && x <= box.x1 + around && y >= box.y0 - around && y <= box.y1 + around;
}

class Aligner {
 public:
  Aligner(const Reading& text, const Reading& boxes)
      : text_{text},
        boxes_{boxes},
        atoms_{visible_atoms(text)},
        box_atoms_{boxed_atoms(boxes)},
        occurrences_{atoms_, box_atoms_},
        taken_(atoms_.size()),
        box_taken_(box_atoms_.size()) {}

  AlignedWords operator()() {
    search_blocks();
    for (int n = 0; n < most_searches && search(open_atoms(), open_boxes()) >= least_find; ++n) {
    }
    std::ranges::sort(matches_, {}, &Match::text);
    return place(text_, boxes_, atoms_, box_atoms_, matches_);
  }

 private:
  /// The share of the letters that was found.
  double search(const std::vector<std::uint32_t>& texts, const std::vector<std::uint32_t>& in_boxes) {
    std::uint64_t letters = 0;
    for (const auto n : texts) letters += atoms_[n].letters;
    if (letters == 0 || in_boxes.empty()) return 0;
    const auto found = sound_matches(match(atoms_, texts, box_atoms_, in_boxes), atoms_, box_atoms_, occurrences_, letters);
    std::uint64_t found_letters = 0;
    for (const auto& match : found) {
      for (auto n = match.text; n < match.text + match.texts; ++n) found_letters += atoms_[n].letters;
      std::fill_n(taken_.begin() + match.text, match.texts, true);
      std::fill_n(box_taken_.begin() + match.box, match.boxes, true);
      matches_.push_back(match);
    }
    return static_cast<double>(found_letters) / static_cast<double>(letters);
  }

  void search_blocks() {
    std::vector<std::vector<std::uint32_t>> of_block(text_.blocks.size()), boxes_of(text_.blocks.size());
    for (std::uint32_t n = 0; n < atoms_.size(); ++n) {
      if (atoms_[n].block != none && text_.blocks[atoms_[n].block].placed()) of_block[atoms_[n].block].push_back(n);
    }
    for (std::uint32_t n = 0; n < box_atoms_.size(); ++n) {
      if (const auto block = block_at(boxes_.words[box_atoms_[n].word].box); block != none) boxes_of[block].push_back(n);
    }
    for (std::size_t n = 0; n < of_block.size(); ++n) (void)search(of_block[n], boxes_of[n]);
  }

  /// The smallest block around the centre of a word.
  [[nodiscard]] std::uint32_t block_at(const Box& word) const {
    const auto x = (word.x0 + word.x1) / 2, y = (word.y0 + word.y1) / 2, around = margin * (word.y1 - word.y0);
    std::uint32_t best = none;
    bool best_is_strict = false;
    float best_area = 0;
    const auto offer = [&](std::uint32_t n, const Box& box) {
      if (!holds(box, x, y, around)) return;
      const bool strict = holds(box, x, y, 0);
      if (best != none && (best_is_strict > strict || (best_is_strict == strict && best_area <= area(box)))) return;
      best = n;
      best_is_strict = strict;
      best_area = area(box);
    };
    for (std::uint32_t n = 0; n < text_.blocks.size(); ++n) {
      const auto& block = text_.blocks[n];
      if (!block.placed()) continue;
      if (block.boxes.empty()) offer(n, block.box);
      for (const auto& box : block.boxes) offer(n, box);
    }
    return best;
  }

  /// What was not found in its block's place, of blocks whose place is in doubt or not known.
  [[nodiscard]] std::vector<std::uint32_t> open_atoms() const {
    struct Letters {
      std::uint64_t all = 0, found = 0;
    };
    std::vector<Letters> of_block(text_.blocks.size());
    for (std::size_t n = 0; n < atoms_.size(); ++n) {
      if (atoms_[n].block == none) continue;
      of_block[atoms_[n].block].all += atoms_[n].letters;
      if (taken_[n]) of_block[atoms_[n].block].found += atoms_[n].letters;
    }
    std::vector<std::uint32_t> open;
    for (std::uint32_t n = 0; n < atoms_.size(); ++n) {
      if (taken_[n]) continue;
      const auto block = atoms_[n].block;
      const bool in_place = block != none && text_.blocks[block].placed() &&
                            static_cast<double>(of_block[block].found) >= found_share * static_cast<double>(of_block[block].all);
      if (!in_place) open.push_back(n);
    }
    return open;
  }

  [[nodiscard]] std::vector<std::uint32_t> open_boxes() const {
    std::vector<std::uint32_t> open;
    for (std::uint32_t n = 0; n < box_atoms_.size(); ++n) {
      if (!box_taken_[n]) open.push_back(n);
    }
    return open;
  }

  const Reading& text_;
  const Reading& boxes_;
  std::vector<Atom> atoms_, box_atoms_;
  Occurrences occurrences_;
  std::vector<bool> taken_, box_taken_;  ///< has a match
  std::vector<Match> matches_;
};

}  // namespace

AlignedWords align_words(const Reading& text, const Reading& boxes) { return Aligner{text, boxes}(); }

}  // namespace pecia::result
