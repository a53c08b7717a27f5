#include "matching_grid.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace pecia::result::aligning {
namespace {

/// 16 MB, and some hundred milliseconds.
constexpr std::size_t most_cells = 2'000'000;
constexpr std::size_t least_width = 64;
/// So many words may be one word of the other side.
constexpr std::size_t most_merged = 4;

/// In letters. A word that stands alone costs little: it is far dearer to match words that are not the same.
constexpr float cost_alone = 0.2F, cost_unlike = 0.3F, cost_merge = 0.1F, gain_of_marks = 0.1F;
/// Words that are not alike are taken for the same one, between two that are, if they are about as long.
constexpr std::uint32_t most_times_longer = 2;

/// Similarity, or 0 if it is surely not more than `alike`.
float likeness(std::u32string_view a, std::uint64_t bag_a, std::u32string_view b, std::uint64_t bag_b) {
  const auto longer = std::max(a.size(), b.size()), shorter = std::min(a.size(), b.size());
  if (shorter == 0 || 2 * (longer - shorter) >= longer) return 0;
  // An edit changes at most two bits.
  if (static_cast<std::size_t>(std::popcount(bag_a ^ bag_b)) >= longer) return 0;
  const auto value = similarity(a, b);
  return value > alike ? value : 0;
}

float gain(float likeness, std::size_t letters) { return static_cast<float>(letters) * (2 * likeness - 1) + gain_of_marks; }

}  // namespace

Grid::Grid(std::span<const Atom> text, std::span<const std::uint32_t> texts, std::span<const Atom> boxes,
           std::span<const std::uint32_t> in_boxes)
    : text_{text},
      texts_{texts},
      boxes_{boxes},
      in_boxes_{in_boxes},
      joined_texts_{joined(text, texts)},
      joined_boxes_{joined(boxes, in_boxes)},
      width_{std::min(in_boxes.size() + 1, std::max({least_width, most_cells / (texts.size() + 1),
                                                     2 * (in_boxes.size() / (texts.size() + 1) + 1)}))},  // rows' bands overlap
      cells_((texts.size() + 1) * width_) {
  for (std::size_t row = 0; row <= texts_.size(); ++row) {
    for (std::size_t n = 0; n < width_; ++n) fill(row, low(row) + n, cells_[row * width_ + n]);
  }
}

std::vector<Grid::Joined> Grid::joined(std::span<const Atom> atoms, std::span<const std::uint32_t> indices) {
  constexpr auto sizes = most_merged - 1;
  std::vector<Joined> all(indices.size() * sizes);
  for (std::size_t last = 0; last < indices.size(); ++last) {
    for (std::size_t count = 2; count <= std::min(most_merged, last + 1); ++count) {
      if (indices[last] - indices[last + 1 - count] != count - 1) break;  // something that is matched already lies between
      auto& entry = all[last * sizes + count - 2];
      for (auto n = last + 1 - count; n <= last; ++n) {
        entry.folded += atoms[indices[n]].folded;
        entry.bag |= atoms[indices[n]].bag;
      }
      if (entry.folded.size() > most_compared) {
        entry = {};
        break;
      }
    }
  }
  return all;
}

/// The first column of a row's band. Its first and last rows have the first and the last column.
std::size_t Grid::low(std::size_t row) const noexcept {
  const auto free = in_boxes_.size() + 1 - width_;
  return texts_.empty() ? 0 : free * row / texts_.size();
}

const Grid::Cell* Grid::cell(std::size_t row, std::size_t column) const noexcept {
  const auto first = low(row);
  return column >= first && column < first + width_ ? &cells_[row * width_ + column - first] : nullptr;
}

void Grid::fill(std::size_t row, std::size_t column, Cell& into) const {
  if (row == 0 && column == 0) {
    into.score = 0;
    return;
  }
  const auto offer = [&](const Cell* from, float gained, Way way) {
    if (from != nullptr && from->score + gained > into.score) into = {from->score + gained, way};
  };
  if (row > 0) offer(cell(row - 1, column), -cost_alone, Way::text_alone);
  if (column > 0) offer(cell(row, column - 1), -cost_alone, Way::box_alone);
  if (row == 0 || column == 0) return;
  try_pair(row, column, into);
  try_merges(row, column, into);
}

void Grid::try_pair(std::size_t row, std::size_t column, Cell& into) const {
  const auto* from = cell(row - 1, column - 1);
  if (from == nullptr) return;
  const auto &word = text_at(row - 1), &box = box_at(column - 1);
  if (word.folded.empty() && box.folded.empty()) {
    if (from->score + gain_of_marks > into.score) into = {from->score + gain_of_marks, Way::pair};
    return;
  }
  const auto like = likeness(word.folded, word.bag, box.folded, box.bag);
  if (like > 0) {
    const auto score = from->score + gain(like, std::max(word.folded.size(), box.folded.size()));
    if (score > into.score) into = {score, Way::pair};
    return;
  }
  const bool about_as_long = word.letters <= most_times_longer * box.letters && box.letters <= most_times_longer * word.letters;
  if (about_as_long && from->score - cost_unlike > into.score) into = {from->score - cost_unlike, Way::unlike_pair};
}

void Grid::try_merges(std::size_t row, std::size_t column, Cell& into) const {
  constexpr auto sizes = most_merged - 1;
  const auto offer = [&](const Cell* from, const Atom& one, const Joined& several, std::size_t count, Way way) {
    if (from == nullptr || several.folded.size() <= 1) return;
    const auto like = likeness(one.folded, one.bag, several.folded, several.bag);
    if (like == 0) return;
    const auto score = from->score + gain(like, std::max(one.folded.size(), several.folded.size())) -
                       cost_merge * static_cast<float>(count);
    if (score > into.score) into = {score, way};
  };
  for (std::size_t count = 2; count <= most_merged; ++count) {
    const auto step = static_cast<std::uint8_t>(count - 2);
    if (column >= count)
      offer(cell(row - 1, column - count), text_at(row - 1), joined_boxes_[(column - 1) * sizes + step], count,
            static_cast<Way>(static_cast<std::uint8_t>(Way::boxes_2) + step));
    if (row >= count)
      offer(cell(row - count, column - 1), box_at(column - 1), joined_texts_[(row - 1) * sizes + step], count,
            static_cast<Way>(static_cast<std::uint8_t>(Way::texts_2) + step));
  }
}

void Grid::trace(std::vector<Match>& matches) const {
  constexpr auto sizes = most_merged - 1;
  auto row = texts_.size(), column = in_boxes_.size();
  const auto first = static_cast<std::ptrdiff_t>(matches.size());
  while (row > 0 || column > 0) {
    const auto way = cell(row, column)->way;
    std::size_t words = 1, boxes = 1;
    if (way == Way::text_alone) boxes = 0;
    if (way == Way::box_alone) words = 0;
    if (way >= Way::boxes_2 && way <= Way::boxes_4) boxes = 2 + static_cast<std::size_t>(way) - static_cast<std::size_t>(Way::boxes_2);
    if (way >= Way::texts_2) words = 2 + static_cast<std::size_t>(way) - static_cast<std::size_t>(Way::texts_2);
    if (words > 0 && boxes > 0) {
      const auto& a = words > 1 ? joined_texts_[(row - 1) * sizes + words - 2].folded : text_at(row - 1).folded;
      const auto& b = boxes > 1 ? joined_boxes_[(column - 1) * sizes + boxes - 2].folded : box_at(column - 1).folded;
      matches.push_back({texts_[row - words], static_cast<std::uint32_t>(words), in_boxes_[column - boxes],
                         static_cast<std::uint32_t>(boxes), similarity(a, b)});
    }
    row -= words;
    column -= boxes;
  }
  std::reverse(matches.begin() + first, matches.end());
}

}  // namespace pecia::result::aligning
