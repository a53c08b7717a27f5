#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "layout.hpp"
#include "pecia/merge/book.hpp"

namespace pecia::merge {

/// A block of a page of the book.
struct BlockAt {
  std::uint32_t page = 0, block = 0;
};

/// Tells whether a paragraph goes on in another block, over the end of a page or column.
class Continuation {
 public:
  Continuation(const Book& book, std::span<const PageLayout> layouts);

  /// Why the second goes on where the first ends; empty if it does not. `hyphenated`: the first ends in a part of a word.
  [[nodiscard]] std::string evidence(const BlockAt& first, const BlockAt& second, bool hyphenated) const;

 private:
  [[nodiscard]] const Block& block(const BlockAt& at) const { return book_.pages[at.page].blocks[at.block]; }
  [[nodiscard]] std::string_view last_line(const BlockAt& at) const;
  [[nodiscard]] std::string_view first_line(const BlockAt& at) const;
  /// Its last line is as long as lines are; nothing: not known.
  [[nodiscard]] std::optional<bool> fills(const BlockAt& at) const;
  [[nodiscard]] std::optional<bool> is_indented(const BlockAt& at) const;
  /// How far its last line goes, as a share of the width of its lines; nothing: not known.
  [[nodiscard]] std::optional<float> reach(const BlockAt& at) const;
  /// Its line is as long as the text is wide.
  [[nodiscard]] bool spans_text(const BlockAt& at) const;
  void count_indents();

  const Book& book_;
  std::span<const PageLayout> layouts_;
  bool indents_ = false;  ///< paragraphs of the document begin indented
};

}  // namespace pecia::merge
