#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "check_parts.hpp"

namespace pecia::merge {
namespace {

constexpr std::uint32_t least_far_words = 25;  ///< of a block that neighbouring pages share, or that stands apart on one

using BlockKey = std::pair<std::uint32_t, std::uint32_t>;  ///< page, block

/// Boxes that lie over one another for the most part.
bool is_same_place(const result::Box& a, const result::Box& b) {
  const auto width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0), height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (width <= 0 || height <= 0) return false;
  const auto smaller = std::min((a.x1 - a.x0) * (a.y1 - a.y0), (b.x1 - b.x0) * (b.y1 - b.y0));
  return width * height >= .5F * smaller;
}

class BlockCheck {
 public:
  BlockCheck(Book& book, bool repair, const std::vector<std::uint32_t>& duplicate_pages, Findings& findings)
      : book_{book}, repair_{repair}, duplicate_pages_{duplicate_pages}, findings_{findings} {}

  /// Blocks with the same words, in the order of the document.
  void operator()(std::span<const BlockHash> same) {
    std::size_t pages = 1;
    for (std::size_t n = 1; n < same.size(); ++n) pages += same[n].page != same[n - 1].page ? 1 : 0;
    std::size_t first_of_page = 0;
    for (std::size_t n = 1; n < same.size(); ++n) {
      const auto &first = same[n - 1], &second = same[n];
      if (first.page != second.page) first_of_page = n;
      if (first.page == second.page)
        on_one_page(same[first_of_page], second, pages, is_in_loop(same, n));
      else if (pages == 2 && second.page == first.page + 1)
        on_neighbours(first, second);
    }
  }

  /// Takes out of the units what was found; blocks that are part of a longer unit stay.
  void repair() {
    if (removed_.empty()) return;
    for (auto& unit : book_.units) {
      if (unit.pieces.empty()) continue;
      const BlockKey key{unit.pieces.front().page, unit.pieces.front().block};
      const auto found = removed_.find(key);
      if (found == removed_.end()) continue;
      const auto alone = [&](const Piece& piece) { return piece.page == key.first && piece.block == key.second; };
      if (!std::ranges::all_of(unit.pieces, alone)) continue;
      for (const auto& piece : unit.pieces)
        book_.changes.push_back({ChangeKind::removed_duplicate, piece.page, piece.text, "the model wrote this block twice"});
      unit.pieces.clear();
      unit.role = Role::paragraph;
      done_.insert(key);
    }
    std::erase_if(book_.units, [](const Unit& unit) { return unit.pieces.empty(); });
    for (const auto& [finding, key] : pending_) findings_[finding].repaired = done_.contains(key);
  }

 private:
  [[nodiscard]] const Block& block(const BlockHash& hash) const { return book_.pages[hash.page].blocks[hash.block]; }

  /// One of three that follow each other.
  [[nodiscard]] static bool is_in_loop(std::span<const BlockHash> same, std::size_t at) {
    const auto follows = [&](std::size_t n) {
      return n >= 1 && n < same.size() && same[n].page == same[n - 1].page && same[n].block == same[n - 1].block + 1;
    };
    return follows(at) && (follows(at - 1) || follows(at + 1));
  }

  void on_one_page(const BlockHash& first, const BlockHash& second, std::size_t pages, bool in_loop) {
    const auto& page = book_.pages[second.page];
    const auto &a = block(first), &b = block(second);
    // A model that reads one region twice, or goes round in a loop. What is printed twice has two places; without places, it
    // may be a refrain.
    const bool placed = a.placed && b.placed;
    const bool again = page.markup && (!placed || is_same_place(a.box, b.box));
    if (!again) {
      if (book_.kind == Kind::forms || pages > 1 || second.words < least_far_words) return;
      add(Severity::note, page.number, fmt::format("a block of {} words stands at two places of the page", second.words));
      return;
    }
    if (repair_ && (placed || in_loop) && text_of(page, a.text) == text_of(page, b.text)) {
      removed_.insert({second.page, second.block});
      pending_.emplace_back(findings_.size(), BlockKey{second.page, second.block});
    }
    add(Severity::warning, page.number, fmt::format("the model wrote a block of {} words again", second.words));
  }

  void on_neighbours(const BlockHash& first, const BlockHash& second) {
    if (book_.kind == Kind::forms || second.words < least_far_words) return;
    if (std::ranges::binary_search(duplicate_pages_, second.page)) return;
    add(Severity::warning, book_.pages[second.page].number,
        fmt::format("a block of {} words is that of page {} again", second.words, book_.pages[first.page].number));
  }

  void add(Severity severity, std::uint32_t page, std::string detail) {
    findings_.push_back({FindingKind::duplicate_block, severity, page, std::move(detail)});
  }

  Book& book_;
  bool repair_;
  const std::vector<std::uint32_t>& duplicate_pages_;
  Findings& findings_;
  std::set<BlockKey> removed_, done_;
  std::vector<std::pair<std::size_t, BlockKey>> pending_;
};

}  // namespace

void check_blocks(Book& book, bool repair, std::vector<BlockHash> blocks, const std::vector<std::uint32_t>& duplicate_pages,
                  Findings& findings) {
  std::ranges::sort(blocks, [](const BlockHash& a, const BlockHash& b) {
    return a.hash != b.hash ? a.hash < b.hash : std::pair{a.page, a.block} < std::pair{b.page, b.block};
  });
  BlockCheck check{book, repair, duplicate_pages, findings};
  for (std::size_t begin = 0; begin < blocks.size();) {
    auto end = begin;
    while (end < blocks.size() && blocks[end].hash == blocks[begin].hash) ++end;
    if (end - begin > 1) check(std::span{blocks}.subspan(begin, end - begin));
    begin = end;
  }
  check.repair();
}

}  // namespace pecia::merge
