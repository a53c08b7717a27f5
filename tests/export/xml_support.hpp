#pragma once

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include <cstdarg>
#include <cstdio>
#include <map>
#include <memory>
#include <pugixml.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format.hpp"
#include "pecia/base/file.hpp"
#include "pecia/merge/book.hpp"
#include "support/temp_folder.hpp"

namespace pecia::test {

using merge::Role;

/// A block of a made page, line by line; words are what stands between blanks.
struct MadeBlock {
  Role role = Role::paragraph;
  std::vector<std::string> lines;
  int level = 0;
  bool vertical = false;
};

/// Blocks on a page of 1000 x 1400 pixels, each 100 below the one before. Places are those of `places` and coarser.
inline merge::PageModel made_model(std::uint32_t number, merge::Places places, const std::vector<MadeBlock>& blocks) {
  merge::PageModel page;
  page.number = number;
  page.has_text = true;
  page.places = places;
  page.width_px = 1000;
  page.height_px = 1400;
  page.dpi = 300;
  page.languages = "deu+lat";
  page.engine = "tesseract";
  for (const auto& made : blocks) {
    merge::Block block;
    const auto top = 10 + 100 * static_cast<float>(page.blocks.size());
    block.role = made.role;
    block.level = made.level;
    block.confidence = .875F;
    block.placed = places >= merge::Places::blocks;
    block.box = {100.25F, top, 899.5F, top + 90};
    if (!page.text.empty() && !made.lines.empty()) page.text += "\n\n";
    block.text.begin = static_cast<std::uint32_t>(page.text.size());
    block.lines_begin = static_cast<std::uint32_t>(page.lines.size());
    for (std::size_t n = 0; n < made.lines.size(); ++n) {
      if (n > 0) page.text += '\n';
      merge::Line line;
      line.text.begin = static_cast<std::uint32_t>(page.text.size());
      page.text += made.lines[n];
      line.text.end = static_cast<std::uint32_t>(page.text.size());
      line.placed = places >= merge::Places::lines;
      const auto at = 20 * static_cast<float>(n);
      line.box = made.vertical ? result::Box{880 - at, top, 895 - at, top + 80} : result::Box{100.5F, top + at, 890.5F, top + at + 18};
      line.confidence = .75F;
      line.words_begin = static_cast<std::uint32_t>(page.words.size());
      auto x = 100.5F;
      for (auto begin = line.text.begin; places == merge::Places::words && begin < line.text.end;) {
        const auto end = static_cast<std::uint32_t>(std::min<std::size_t>(page.text.find(' ', begin), line.text.end));
        if (end > begin) page.words.push_back({{begin, end}, {x, line.box.y0, x + 30.25F, line.box.y1}, .5F});
        x += 40;
        begin = end + 1;
      }
      line.words_end = static_cast<std::uint32_t>(page.words.size());
      page.lines.push_back(line);
    }
    block.lines_end = static_cast<std::uint32_t>(page.lines.size());
    block.text.end = static_cast<std::uint32_t>(page.text.size());
    page.blocks.push_back(block);
  }
  return page;
}

/// A document and its book, which refers to it. The flow is that of `bind`: blocks in their order.
class XmlBook {
 public:
  explicit XmlBook(std::string path) {
    document_->id = {0x1234};
    document_->path = std::move(path);
    book.document = document_.get();
  }

  merge::Page& add(merge::PageModel model) {
    auto& page = document_->pages.emplace_back();
    page.number = model.number;
    page.outcome.state = result::State::ok;
    page.outcome.engine = "tesseract";
    page.outcome.fingerprint = "tesseract 5 \"x\" & <y>";
    page.outcome.languages = model.languages;
    page.outcome.reading.confidence = .9F;
    page.outcome.reading.text = model.text;
    const auto number = static_cast<std::uint32_t>(book.pages.size());
    for (std::uint32_t n = 0; n < model.blocks.size(); ++n) {
      const auto& block = model.blocks[n];
      if (!merge::is_in_flow(block.role)) continue;
      merge::Unit unit{block.role, block.level, {}};
      if (model.markup || block.text.empty()) unit.pieces.push_back({number, n, block.text, merge::Joint::first});
      for (auto line = block.lines_begin; line < block.lines_end && !model.markup; ++line)
        unit.pieces.push_back({number, n, model.lines[line].text, unit.pieces.empty() ? merge::Joint::first : merge::Joint::space});
      book.units.push_back(unit);
    }
    book.pages.push_back(std::move(model));
    return page;
  }
  merge::Page& add_without_text(std::uint32_t number, result::State state, Reason reason = Reason::none, std::string detail = {}) {
    merge::PageModel model;
    model.number = number;
    auto& page = add(model);
    book.pages.back().has_text = false;
    page.outcome = {};
    page.outcome.state = state;
    page.outcome.reason = reason;
    page.outcome.detail = std::move(detail);
    return page;
  }
  merge::Page& add_pending(std::uint32_t number) {
    auto& page = add_without_text(number, result::State::failed);
    page.pending = true;
    return page;
  }

  [[nodiscard]] merge::Page& page(std::size_t index) { return document_->pages.at(index); }

  merge::Book book;

 private:
  std::unique_ptr<merge::Document> document_ = std::make_unique<merge::Document>();
};

/// A page of two words, the first in its first language, the other in its second.
inline XmlBook bilingual_book() {
  XmlBook made{"a.png"};
  auto model = made_model(1, merge::Places::words, {{Role::paragraph, {"eins unum"}}});
  model.words[0].language = 1;
  model.words[1].language = 2;
  made.add(std::move(model));
  return made;
}

/// Every role, every state, quotes and ampersands, right to left, vertical, U+FFFD; places as fine as `places`.
inline XmlBook full_book(merge::Places places) {
  XmlBook made{"books & \"more\"/a b;<c>.pdf"};
  made.add(made_model(1, places,
                      {{Role::running_head, {"Das & <Buch> \"x\" 'y'"}},
                       {Role::heading, {"Erstes Kapitel"}, 1},
                       {Role::paragraph, {"Wür- \uFFFD]]>", "de des"}},
                       {Role::heading, {"Zweiter Teil"}, 2},
                       {Role::list_item, {"1. eins"}},
                       {Role::table, {"a 1", "b 2"}},
                       {Role::figure, {}},
                       {Role::caption, {"Abb. 1"}},
                       {Role::formula, {"a \\le b"}},
                       {Role::marginal, {"Rand"}},
                       {Role::footnote, {"1) Note"}},
                       {Role::catchword, {"nächste"}},
                       {Role::signature, {"A2"}},
                       {Role::page_number, {"17"}}}));
  made.book.pages.back().printed_number = "17";
  made.add(made_model(
      2, places,
      {{Role::paragraph, {"שלום עולם", "abc"}}, {Role::figure, {"text in it"}}, {Role::paragraph, {"縦書き", "日本語"}, 0, true}}));
  made.book.pages.back().languages = "heb+jpn_vert+frk";
  made.add_without_text(3, result::State::failed, Reason::timeout, "took\x01 \xFF & too <long>");
  made.add_pending(4);
  made.add_without_text(5, result::State::blank);
  made.book.contents = {{1, "Erstes & Kapitel", 0}, {3, "tief", 0}, {2, "Zweiter Teil", 1}, {1, "Ende", 4}};
  return made;
}

/// What a writer writes.
class Written {
 public:
  Written(exporting::WriteDocument write, const merge::Book& book, const exporting::WriteContext& context = {},
          std::string name = "a/b c.pdf")
      : files_{folder_.path(), std::move(name)} {
    write(book, context, files_);
  }
  [[nodiscard]] std::string text(std::string_view suffix) const {
    return read_file(folder_.path() / (files_.name() + std::string{suffix}));
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return files_.written(); }

 private:
  TempFolder folder_;
  exporting::DocumentFiles files_;
};

inline void append_message(void* to, const char* format, ...) __attribute__((format(printf, 2, 3)));
inline void append_message(void* to, const char* format, ...) {
  char text[1000];
  va_list values;
  va_start(values, format);
  std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  *static_cast<std::string*>(to) += text;
}

/// A schema of tests/data/schemas, parsed once.
inline xmlSchema* schema_of(const std::string& name) {
  using Schema = std::unique_ptr<xmlSchema, decltype(&xmlSchemaFree)>;
  static std::map<std::string, Schema> parsed;
  if (const auto known = parsed.find(name); known != parsed.end()) return known->second.get();
  const auto file = std::string{PECIA_TEST_DATA} + "/schemas/" + name;
  const std::unique_ptr<xmlSchemaParserCtxt, decltype(&xmlSchemaFreeParserCtxt)> parser{xmlSchemaNewParserCtxt(file.c_str()),
                                                                                        xmlSchemaFreeParserCtxt};
  return parsed.emplace(name, Schema{xmlSchemaParse(parser.get()), xmlSchemaFree}).first->second.get();
}

/// What libxml2 has against an XML text by a schema of tests/data/schemas; empty if it is valid.
inline std::string schema_problems(const std::string& xml, const std::string& schema) {
  std::string problems;
  xmlSetGenericErrorFunc(&problems, append_message);
  const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document{
      xmlReadMemory(xml.data(), static_cast<int>(xml.size()), "written.xml", nullptr, XML_PARSE_NONET), xmlFreeDoc};
  if (!document || schema_of(schema) == nullptr) return "it could not be parsed: " + problems;
  const std::unique_ptr<xmlSchemaValidCtxt, decltype(&xmlSchemaFreeValidCtxt)> context{xmlSchemaNewValidCtxt(schema_of(schema)),
                                                                                       xmlSchemaFreeValidCtxt};
  xmlSchemaSetValidErrors(context.get(), append_message, append_message, &problems);
  if (xmlSchemaValidateDoc(context.get(), document.get()) != 0 && problems.empty()) problems = "it is not valid";
  return problems;
}

/// White space is kept.
inline pugi::xml_document parsed(const std::string& xml) {
  pugi::xml_document document;
  const auto result = document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata | pugi::parse_doctype);
  if (!result) throw std::runtime_error{std::string{result.description()} + " in: " + xml.substr(0, 2000)};
  return document;
}

using Words = std::vector<std::string>;

inline Words split(std::string_view text) {
  Words words;
  for (auto begin = text.find_first_not_of(" \t\n"); begin != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(" \t\n", begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(" \t\n", end);
  }
  return words;
}

/// The words of a block's lines, as the model has them.
inline std::vector<Words> lines_of(const merge::PageModel& page, std::uint32_t block) {
  std::vector<Words> lines;
  for (auto line = page.blocks[block].lines_begin; line < page.blocks[block].lines_end; ++line)
    lines.push_back(split(text_of(page, page.lines[line].text)));
  return lines;
}

}  // namespace pecia::test
