#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pecia/merge/book.hpp"

namespace pecia::test {

/// A block of a page that is made for a test.
struct MadeBlock {
  std::string text;
  std::string label = {};  ///< "title", "table", "formula", ..; empty: a paragraph
  result::Box box = {};    ///< empty: its place is not known
};

/// A page of blocks; `model`: as a model that writes Markdown reads it, else as Tesseract does.
inline merge::Page made_page(const std::vector<MadeBlock>& blocks, bool model = false) {
  merge::Page page;
  auto& outcome = page.outcome;
  outcome.state = result::State::ok;
  outcome.engine = model ? "deepseek_ocr2" : "tesseract";
  outcome.geometry.page_width_px = 2000;
  outcome.geometry.page_height_px = 3000;
  auto& reading = outcome.reading;
  if (model) reading.finish_reason = result::FinishReason::stop;
  for (const auto& made : blocks) {
    if (!reading.text.empty()) reading.text += "\n\n";
    result::Block block;
    block.text_begin = static_cast<std::uint32_t>(reading.text.size());
    reading.text += made.text;
    block.text_end = static_cast<std::uint32_t>(reading.text.size());
    block.label = made.label;
    block.box = made.box;
    block.unparsed = made.box.x1 <= made.box.x0;
    reading.blocks.push_back(block);
  }
  return page;
}

inline merge::Page made_page(std::string text) { return made_page({MadeBlock{std::move(text)}}); }

/// A document and its book with a unit for each block in the flow: nothing is joined, removed or checked.
struct MadeBook {
  std::unique_ptr<merge::Document> document = std::make_unique<merge::Document>();
  merge::Book book;

  explicit MadeBook(std::vector<merge::Page> pages) {
    document->pages = std::move(pages);
    book.document = document.get();
    for (std::uint32_t n = 0; n < document->pages.size(); ++n) {
      document->pages[n].number = n + 1;
      book.pages.push_back(merge::model_of(document->pages[n]));
      const auto& page = book.pages.back();
      for (std::uint32_t block = 0; block < page.blocks.size(); ++block) {
        if (!merge::is_in_flow(page.blocks[block].role)) continue;
        book.units.push_back(
            {page.blocks[block].role, page.blocks[block].level, {{n, block, page.blocks[block].text, merge::Joint::first}}});
      }
    }
  }
};

}  // namespace pecia::test
