#include "xml_order.hpp"

#include <algorithm>
#include <string_view>

#include "pecia/base/ascii.hpp"

namespace pecia::exporting {
namespace {

using merge::Joint;

void add_flow(const merge::Book& book, std::vector<PageOrder>& orders) {
  std::vector<std::vector<bool>> seen;
  for (const auto& page : book.pages) seen.emplace_back(page.blocks.size());
  for (const auto& unit : book.units) {
    for (const auto& piece : unit.pieces) {
      if (seen[piece.page][piece.block]) continue;
      seen[piece.page][piece.block] = true;
      orders[piece.page].blocks.push_back(piece.block);
    }
  }
  for (std::size_t page = 0; page < orders.size(); ++page) {
    auto& blocks = orders[page].blocks;
    for (std::uint32_t block = 0; block < seen[page].size(); ++block) {
      if (seen[page][block]) continue;
      const auto before = block == 0 ? blocks.end() : std::ranges::find(blocks, block - 1);
      blocks.insert(before == blocks.end() ? blocks.begin() : before + 1, block);
    }
  }
}

merge::Span last_word(const merge::Book& book, const merge::Piece& piece) {
  const auto space = text_of(book.pages[piece.page], piece.text).find_last_of(ascii_white);
  return {space == std::string_view::npos ? piece.text.begin : piece.text.begin + static_cast<std::uint32_t>(space) + 1, piece.text.end};
}

merge::Span first_word(const merge::Book& book, const merge::Piece& piece) {
  const auto space = text_of(book.pages[piece.page], piece.text).find_first_of(ascii_white);
  return {piece.text.begin, space == std::string_view::npos ? piece.text.end : piece.text.begin + static_cast<std::uint32_t>(space)};
}

void add_parts(const merge::Book& book, const merge::Piece& before, const merge::Piece& piece, std::vector<PageOrder>& orders) {
  const auto head = last_word(book, before), tail = first_word(book, piece);
  if (head.empty() || tail.empty()) return;
  std::string whole{text_of(book.pages[before.page], head)};
  whole += text_of(book.pages[piece.page], tail);
  orders[before.page].parts.push_back({head, true, whole});
  orders[piece.page].parts.push_back({tail, false, std::move(whole)});
}

}  // namespace

std::vector<PageOrder> orders_of(const merge::Book& book) {
  std::vector<PageOrder> orders(book.pages.size());
  add_flow(book, orders);
  for (const auto& unit : book.units) {
    for (std::size_t n = 1; n < unit.pieces.size(); ++n) {
      const auto joint = unit.pieces[n].joint;
      if (joint == Joint::hyphen || joint == Joint::kept_hyphen) add_parts(book, unit.pieces[n - 1], unit.pieces[n], orders);
    }
  }
  for (auto& order : orders) std::ranges::stable_sort(order.parts, {}, [](const WordPart& part) { return part.text.begin; });
  return orders;
}

}  // namespace pecia::exporting
