#pragma once

#include <deque>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pecia/merge/book.hpp"

namespace pecia::test {

/// A book put together by hand, so that what writers do with it does not depend on how documents are merged.
class MadeBook {
 public:
  struct Part {
    std::uint32_t page;  ///< from 0
    std::string text;    ///< of its page
    merge::Joint joint = merge::Joint::first;
  };

  /// The next page, from 1, whose text is one block.
  void add_page(const std::string& text, bool markup = false) {
    merge::Page page = numbered();
    page.outcome.state = result::State::ok;
    page.outcome.reading.text = text;
    if (markup) page.outcome.reading.finish_reason = result::FinishReason::stop;
    add(std::move(page));
  }
  void add_page(result::PageOutcome outcome) {
    auto page = numbered();
    page.outcome = std::move(outcome);
    add(std::move(page));
  }
  void add_pending_page() {
    auto page = numbered();
    page.pending = true;
    add(std::move(page));
  }

  void add_unit(merge::Role role, std::initializer_list<Part> parts, int level = 0) {
    merge::Unit unit{role, level, {}};
    for (const auto& part : parts) {
      const auto at = book_.pages.at(part.page).text.find(part.text);
      if (at == std::string::npos) throw std::invalid_argument{"no page has '" + part.text + "'"};
      const auto begin = static_cast<std::uint32_t>(at);
      unit.pieces.push_back(
          {part.page, block_at(part.page, begin), {begin, begin + static_cast<std::uint32_t>(part.text.size())}, part.joint});
    }
    book_.units.push_back(std::move(unit));
  }
  void add_paragraph(std::initializer_list<Part> parts) { add_unit(merge::Role::paragraph, parts); }

  [[nodiscard]] merge::Book& book() {
    book_.document = &document_;
    return book_;
  }

 private:
  merge::Page numbered() const {
    merge::Page page;
    page.number = static_cast<std::uint32_t>(document_.pages.size() + 1);
    return page;
  }
  void add(merge::Page page) {
    book_.pages.push_back(model_of(page));
    document_.pages.push_back(std::move(page));
  }
  std::uint32_t block_at(std::uint32_t page, std::uint32_t at) const {
    const auto& blocks = book_.pages[page].blocks;
    for (std::uint32_t n = 0; n < blocks.size(); ++n) {
      if (blocks[n].text.begin <= at && at < std::max(blocks[n].text.end, blocks[n].text.begin + 1)) return n;
    }
    return 0;
  }

  merge::Document document_{{1}, "a/b.pdf", {}};
  merge::Book book_;
};

}  // namespace pecia::test
