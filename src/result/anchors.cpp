#include "anchors.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "matching.hpp"

namespace pecia::result::aligning {
namespace {

/// Places of atoms with letters: the others differ from reading to reading.
std::vector<std::uint32_t> lettered(std::span<const Atom> atoms, std::span<const std::uint32_t> indices, std::uint32_t begin,
                                    std::uint32_t end) {
  std::vector<std::uint32_t> places;
  for (auto at = begin; at < end; ++at) {
    if (!atoms[indices[at]].folded.empty()) places.push_back(at);
  }
  return places;
}

struct Seen {
  std::uint32_t text = none, box = none;  ///< in the lists of lettered places
  bool often = false;
};

class Stretches {
 public:
  Stretches(std::span<const Atom> atoms, std::span<const std::uint32_t> indices, std::span<const std::uint32_t> places,
            std::size_t words)
      : atoms_{atoms}, indices_{indices}, places_{places}, words_{words} {}

  [[nodiscard]] std::size_t size() const noexcept { return places_.size() < words_ ? 0 : places_.size() - words_ + 1; }
  [[nodiscard]] const Atom& at(std::size_t n) const { return atoms_[indices_[places_[n]]]; }

  /// Nothing for a word that is too short to be one.
  [[nodiscard]] std::optional<std::u32string> key(std::size_t first) const {
    if (words_ == 1 && at(first).letters < long_word) return std::nullopt;
    std::u32string letters;
    for (std::size_t n = 0; n < words_; ++n) letters.append(at(first + n).folded) += U' ';
    return letters;
  }

 private:
  std::span<const Atom> atoms_;
  std::span<const std::uint32_t> indices_, places_;
  std::size_t words_;
};

/// Of pairs in ascending order of the text, the longest chain that ascends in the boxes, too.
std::vector<Anchor> longest_chain(const std::vector<Anchor>& pairs) {
  std::vector<std::size_t> last;                            // of the chain of each length that ends lowest
  std::vector<std::size_t> before(pairs.size(), pairs.size());
  for (std::size_t n = 0; n < pairs.size(); ++n) {
    const auto at = std::ranges::lower_bound(last, pairs[n].box, {}, [&](std::size_t p) { return pairs[p].box; });
    if (at != last.begin()) before[n] = *std::prev(at);
    if (at == last.end())
      last.push_back(n);
    else
      *at = n;
  }
  std::vector<Anchor> chain;
  for (auto n = last.empty() ? pairs.size() : last.back(); n < pairs.size(); n = before[n]) chain.push_back(pairs[n]);
  std::ranges::reverse(chain);
  return chain;
}

}  // namespace

std::vector<Anchor> find_anchors(std::span<const Atom> text, std::span<const std::uint32_t> texts, std::span<const Atom> boxes,
                                 std::span<const std::uint32_t> in_boxes, const Piece& piece, int words) {
  const auto text_places = lettered(text, texts, piece.text, piece.text_end);
  const auto box_places = lettered(boxes, in_boxes, piece.box, piece.box_end);
  const auto count = static_cast<std::size_t>(words);
  const Stretches of_text{text, texts, text_places, count}, of_boxes{boxes, in_boxes, box_places, count};
  std::unordered_map<std::u32string, Seen> seen;
  const auto note = [&](const Stretches& stretches, std::uint32_t Seen::*where) {
    for (std::size_t n = 0; n < stretches.size(); ++n) {
      auto key = stretches.key(n);
      if (!key) continue;
      auto& entry = seen[std::move(*key)];
      entry.often = entry.often || entry.*where != none;
      entry.*where = static_cast<std::uint32_t>(n);
    }
  };
  note(of_text, &Seen::text);
  note(of_boxes, &Seen::box);
  std::vector<Anchor> pairs;
  for (const auto& [key, entry] : seen) {
    if (!entry.often && entry.text != none && entry.box != none) pairs.push_back({entry.text, entry.box});
  }
  std::ranges::sort(pairs, {}, &Anchor::text);
  std::vector<Anchor> anchors;
  for (const auto& pair : longest_chain(pairs)) {
    for (std::uint32_t n = 0; n < count; ++n) {
      const Anchor anchor{text_places[pair.text + n], box_places[pair.box + n]};
      // Stretches overlap.
      if (anchors.empty() || (anchor.text > anchors.back().text && anchor.box > anchors.back().box)) anchors.push_back(anchor);
    }
  }
  return anchors;
}

}  // namespace pecia::result::aligning
