#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "pecia/base/text.hpp"
#include "writers.hpp"
#include "xml.hpp"
#include "xml_languages.hpp"
#include "xml_notes.hpp"
#include "xml_order.hpp"
#include "xml_places.hpp"
#include "xml_rows.hpp"
#include "xml_writers.hpp"

namespace pecia::exporting {
namespace {

using merge::Role;

/// How a block is marked up: floats stand for themselves, other text in a content area.
struct BlockMarkup {
  std::string element, class_name;
  bool floats = false;
};

BlockMarkup markup_of(const merge::Block& block, PixelSize page) {
  constexpr std::array<const char*, 4> headings{"ocr_chapter", "ocr_section", "ocr_subsection", "ocr_subsubsection"};
  switch (block.role) {
    case Role::heading: {
      const auto level = static_cast<std::size_t>(std::clamp(block.level, 1, 6));
      return {fmt::format("h{}", level), headings[std::min<std::size_t>(level, headings.size()) - 1]};
    }
    case Role::caption: return {"p", "ocr_caption"};
    case Role::formula: return {"p", "ocr_math"};
    case Role::table: return {"div", "ocr_table", true};
    case Role::figure: return {"div", "ocr_image", true};
    case Role::footnote:
    case Role::marginal: return {"div", "ocr_textfloat", true};
    case Role::page_number: return {"div", "ocr_pageno", true};
    case Role::running_head:
    case Role::catchword:
    case Role::signature: return {"div", is_above(block, page) ? "ocr_header" : "ocr_footer", true};
    case Role::paragraph:
    case Role::list_item: break;
  }
  return {"p", "ocr_par"};
}

void set_language(pugi::xml_node node, const Language& language) {
  set(node, "lang", language.bcp47);
  set(node, "xml:lang", language.bcp47);
}

std::string bbox(const PixelBox& box) { return fmt::format("bbox {} {} {} {}", box.x0, box.y0, box.x1, box.y1); }

/// A string within the attribute `title`, whose quotes are escaped (hOCR 1.2, 2.2.2).
std::string delimited(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::vector<std::string> capabilities_of(const merge::Book& book, const WriteContext& context) {
  std::set<std::string> classes, more;
  for (const auto& page : book.pages) {
    if (!page.has_text) continue;
    for (const auto& block : page.blocks) {
      const auto markup = markup_of(block, size_of(page, context));
      classes.insert(markup.class_name);
      if (block.placed && !markup.floats) classes.insert("ocr_carea");
    }
    if (std::ranges::any_of(page.lines, &merge::Line::placed)) classes.insert("ocr_line");
    if (!page.words.empty()) more.insert({"ocrx_word", "ocrp_wconf"});
    if (!languages_of(page.languages).empty()) more.insert("ocrp_lang");
    if (std::ranges::any_of(page.blocks, [&](const auto& block) { return direction_of(page, block) != Direction::left_to_right; }))
      more.insert("ocrp_dir");
  }
  std::vector<std::string> all{"ocr_page"};
  all.insert(all.end(), classes.begin(), classes.end());
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void add_meta(pugi::xml_node head, const char* name, std::string_view content) {
  auto meta = head.append_child("meta");
  set(meta, "name", name);
  set(meta, "content", content);
  add_text(head, "\n");
}

void write_head(const merge::Book& book, const WriteContext& context, XmlFile& file) {
  pugi::xml_document document;
  auto head = document.append_child("head");
  add_text(head, "\n");
  auto charset = head.append_child("meta");
  set(charset, "http-equiv", "Content-Type");
  set(charset, "content", "text/html; charset=utf-8");
  add_text(head, "\n");
  add_element(head, "title", printable(book.document->path));
  add_text(head, "\n");
  add_meta(head, "ocr-system", fmt::format("{}; {}", software(), fmt::join(engines_of(book), "; ")));
  add_meta(head, "ocr-capabilities", fmt::format("{}", fmt::join(capabilities_of(book, context), " ")));
  add_meta(head, "ocr-number-of-pages", fmt::format("{}", book.pages.size()));
  std::vector<std::string> languages;
  for (const auto& language : languages_of(book)) languages.push_back(language.bcp47);
  if (!languages.empty()) add_meta(head, "ocr-langs", fmt::format("{}", fmt::join(languages, " ")));
  const auto gaps = gaps_of(*book.document);
  if (!gaps.none()) add_meta(head, "pecia-gaps", sentence_of(gaps));
  file.write(head);
}

class HocrPageWriter {
 public:
  HocrPageWriter(const merge::PageModel& page, PixelSize size) : page_{page}, size_{size}, languages_{page} {}

  void add_block(pugi::xml_node parent, std::uint32_t index) {
    const auto& block = page_.blocks[index];
    const auto markup = markup_of(block, size_);
    const auto id = fmt::format("{}_{}", page_.number, index + 1);
    const auto parts = parts_of(block, size_);
    if (!markup.floats && !parts.empty()) {
      parent = add(parent, "div", "ocr_carea", "area_" + id, place_of(block, size_));
      add_text(parent, "\n");
    }
    if (block.role == Role::figure && parts.size() > 1) {
      for (std::size_t n = 0; n < parts.size(); ++n) {
        auto part = add(parent, "div", markup.class_name, fmt::format("block_{}_{}", id, n + 1), parts[n]);
        set(part, "data-role", name(block.role));
        add_text(part, "\n");
        if (n == 0) add_rows(part, block, id);
        add_text(parent, "\n");
      }
      return;
    }
    auto element = add(parent, markup.element.c_str(), markup.class_name, "block_" + id, place_of(block, size_));
    set(element, "data-role", name(block.role));
    set_direction(element, block);
    add_text(element, "\n");
    add_rows(element, block, id);
  }

 private:
  static pugi::xml_node add(pugi::xml_node parent, const char* element, std::string_view class_name, const std::string& id,
                            std::optional<PixelBox> place) {
    auto node = parent.append_child(element);
    set(node, "class", class_name);
    set(node, "id", id);
    if (place) set(node, "title", bbox(*place));
    return node;
  }

  void set_direction(pugi::xml_node element, const merge::Block& block) {
    const auto direction = direction_of(page_, block);
    if (direction == Direction::right_to_left) set(element, "dir", "rtl");
    if (direction == Direction::top_to_bottom) set(element, "style", "writing-mode: vertical-rl");
  }

  void add_rows(pugi::xml_node element, const merge::Block& block, const std::string& id) {
    std::size_t number = 0;
    bool unplaced_before = false;
    for (const auto& row : rows_of(page_, block)) {
      const bool placed = row.line != nullptr && row.line->placed;
      if (placed) {
        auto line = add(element, "span", "ocr_line", fmt::format("line_{}_{}", id, ++number), place_of(*row.line, size_));
        add_tokens(line, row);
      } else {
        if (unplaced_before) element.append_child("br");
        add_tokens(element, row);
      }
      unplaced_before = !placed;
      add_text(element, "\n");
    }
  }

  void add_tokens(pugi::xml_node parent, const Row& row) {
    std::string plain;
    const auto flush = [&] {
      if (!plain.empty()) add_text(parent, plain);
      plain.clear();
    };
    for (std::size_t n = 0; n < row.tokens.size(); ++n) {
      const auto& token = row.tokens[n];
      if (n > 0 && token.blank_before) plain += ' ';
      if (token.word == nullptr) {
        plain += token.text;
        continue;
      }
      flush();
      auto word = parent.append_child("span");
      set(word, "class", "ocrx_word");
      set(word, "id", fmt::format("word_{}_{}", page_.number, ++words_));
      const auto confidence = std::lround(100 * std::clamp(token.word->confidence, 0.F, 1.F));
      set(word, "title", fmt::format("{}; x_wconf {}", bbox(pixel_box(token.word->box, size_)), confidence));
      if (const auto* language = languages_.other_than_page(*token.word)) set_language(word, *language);
      add_text(word, token.text);
    }
    flush();
  }

  const merge::PageModel& page_;
  PixelSize size_;
  WordLanguages languages_;
  std::size_t words_ = 0;
};

std::string properties_of(const merge::Book& book, const merge::PageModel& page, PixelSize size) {
  auto text = fmt::format("image {}; ppageno {}", delimited(printable(book.document->path)), page.number == 0 ? 0 : page.number - 1);
  if (size.known()) text += fmt::format("; bbox 0 0 {} {}", size.width, size.height);
  if (!page.printed_number.empty()) text += fmt::format("; lpageno {}", delimited(page.printed_number));
  if (page.dpi > 0) text += fmt::format("; scan_res {0:.0f} {0:.0f}", page.dpi);
  return text;
}

void write_page(const merge::Book& book, const WriteContext& context, std::size_t index, const PageOrder& order, XmlFile& file) {
  const auto& page = book.pages[index];
  const auto size = size_of(page, context);
  pugi::xml_document document;
  auto node = document.append_child("div");
  set(node, "class", "ocr_page");
  set(node, "id", fmt::format("page_{}", page.number));
  set(node, "title", properties_of(book, page, size));
  const auto languages = languages_of(page.languages);
  if (!languages.empty()) set_language(node, languages.front());
  const auto& outcome = book.document->pages[index];
  set(node, "data-state", state_of(outcome));
  if (const auto text = notice(outcome); !text.empty()) set(node, "data-notice", text);
  add_text(node, "\n");
  if (page.has_text) {
    HocrPageWriter writer{page, size};
    for (const auto block : order.blocks) {
      writer.add_block(node, block);
      add_text(node, "\n");
    }
  }
  file.write(node);
}

}  // namespace

void write_hocr(const merge::Book& book, const WriteContext& context, DocumentFiles& files) {
  XmlFile file{files, hocr_suffix, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n", XmlLayout::raw};
  pugi::xml_document document;
  auto html = document.append_child("html");
  set(html, "xmlns", "http://www.w3.org/1999/xhtml");
  if (const auto languages = languages_of(book); !languages.empty()) set_language(html, languages.front());
  file.open(html);
  write_head(book, context, file);
  file.open("body");
  const auto orders = orders_of(book);
  for (std::size_t page = 0; page < book.pages.size(); ++page) write_page(book, context, page, orders[page], file);
  file.finish();
}

}  // namespace pecia::exporting
