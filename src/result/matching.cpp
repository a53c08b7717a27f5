#include "matching.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "anchors.hpp"
#include "matching_grid.hpp"

namespace pecia::result::aligning {
namespace {

/// Pairs of atoms that are compared without looking for anchors first: some 10 ms.
constexpr std::size_t few_cells = 200'000;

class Matcher {
 public:
  Matcher(std::span<const Atom> text, std::span<const std::uint32_t> texts, std::span<const Atom> boxes,
          std::span<const std::uint32_t> in_boxes)
      : text_{text}, texts_{texts}, boxes_{boxes}, in_boxes_{in_boxes} {}

  std::vector<Match> operator()() {
    piece({0, static_cast<std::uint32_t>(texts_.size()), 0, static_cast<std::uint32_t>(in_boxes_.size())}, longest_anchor);
    return std::move(matches_);
  }

 private:
  void piece(const Piece& piece_of, int words) {
    const auto cells = std::size_t{piece_of.texts()} * piece_of.boxes();
    if (cells == 0) return;
    if (cells > few_cells && words > 0) {
      const auto anchors = find_anchors(text_, texts_, boxes_, in_boxes_, piece_of, words);
      if (anchors.empty())
        piece(piece_of, words - 1);
      else
        between(piece_of, anchors, words);
      return;
    }
    const Grid grid{text_, texts_.subspan(piece_of.text, piece_of.texts()), boxes_, in_boxes_.subspan(piece_of.box, piece_of.boxes())};
    grid.trace(matches_);
  }

  void between(const Piece& whole, std::span<const Anchor> anchors, int words) {
    auto rest = whole;
    for (const auto& anchor : anchors) {
      // What is left between two is smaller, and other words occur once in it.
      piece({rest.text, anchor.text, rest.box, anchor.box}, words);
      matches_.push_back({texts_[anchor.text], 1, in_boxes_[anchor.box], 1, 1});
      rest.text = anchor.text + 1;
      rest.box = anchor.box + 1;
    }
    piece(rest, words);
  }

  std::span<const Atom> text_;
  std::span<const std::uint32_t> texts_;
  std::span<const Atom> boxes_;
  std::span<const std::uint32_t> in_boxes_;
  std::vector<Match> matches_;
};

}  // namespace

float similarity(std::u32string_view a, std::u32string_view b) noexcept {
  if (a.size() > b.size()) std::swap(a, b);
  b = b.substr(0, most_compared);
  a = a.substr(0, most_compared);
  if (b.empty() || a == b) return 1;
  std::array<std::uint16_t, most_compared + 1> row{};
  for (std::size_t n = 0; n <= a.size(); ++n) row[n] = static_cast<std::uint16_t>(n);
  for (std::size_t m = 0; m < b.size(); ++m) {
    auto diagonal = std::exchange(row[0], static_cast<std::uint16_t>(m + 1));
    for (std::size_t n = 0; n < a.size(); ++n) {
      const auto changed = static_cast<std::uint16_t>(diagonal + (a[n] == b[m] ? 0 : 1));
      diagonal = row[n + 1];
      row[n + 1] = std::min({changed, static_cast<std::uint16_t>(row[n] + 1), static_cast<std::uint16_t>(diagonal + 1)});
    }
  }
  return 1 - static_cast<float>(row[a.size()]) / static_cast<float>(b.size());
}

std::vector<Match> match(std::span<const Atom> text, std::span<const std::uint32_t> texts, std::span<const Atom> boxes,
                         std::span<const std::uint32_t> in_boxes) {
  return Matcher{text, texts, boxes, in_boxes}();
}

}  // namespace pecia::result::aligning
