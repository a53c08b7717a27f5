#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "html_text.hpp"
#include "html_unit.hpp"
#include "pecia/base/text.hpp"
#include "xml_notes.hpp"
#include "xml_writers.hpp"

namespace pecia::exporting {
namespace {

constexpr std::string_view style = R"(
body { max-width: 45em; margin: 2em auto; padding: 0 1em; font-family: serif; line-height: 1.5; }
table { border-collapse: collapse; margin: 1em 0; } td, th { border: 1px solid #999; padding: .2em .5em; vertical-align: top; }
ul { list-style: none; } figure { margin: 1em 0; } img { max-width: 100%; }
.page::before { content: attr(data-page); font: .7em sans-serif; color: #777; border: 1px solid #ccc; padding: 0 .3em; margin: 0 .3em; }
.notice, .gaps, .findings { color: #900; } .caption { font-style: italic; } .footnote, .marginal { font-size: .85em; }
.formula { font-family: monospace; margin: 1em 2em; } nav li { list-style: none; }
nav .level-2 { text-indent: 1.5em; } nav .level-3 { text-indent: 3em; } nav .level-4 { text-indent: 4.5em; }
)";

HtmlSettings settings_of(const merge::Book& book) {
  HtmlSettings settings;
  if (const auto languages = languages_of(book); !languages.empty()) settings.language = languages.front().bcp47;
  std::size_t right_to_left = 0, read = 0;
  for (const auto& page : book.pages) {
    read += page.has_text ? 1 : 0;
    right_to_left += direction_of(page.text) == Direction::right_to_left ? 1 : 0;
  }
  settings.right_to_left = 2 * right_to_left > read;
  return settings;
}

void write(XmlFile& file, const pugi::xml_document& document) {
  for (const auto& element : document.children()) file.write(element);
}

void write_head(const merge::Book& book, XmlFile& file) {
  pugi::xml_document document;
  auto head = document.append_child("head");
  set(head.append_child("meta"), "charset", "utf-8");
  // Nothing of a page becomes a script; this says so to the browser, too.
  auto policy = head.append_child("meta");
  set(policy, "http-equiv", "Content-Security-Policy");
  set(policy, "content", "script-src 'none'; object-src 'none'");
  auto view = head.append_child("meta");
  set(view, "name", "viewport");
  set(view, "content", "width=device-width, initial-scale=1");
  auto generator = head.append_child("meta");
  set(generator, "name", "generator");
  set(generator, "content", software());
  add_element(head, "title", file_name_of(book));
  add_element(head, "style", style);
  write(file, document);
}

/// What the document is, whether it has gaps, and what else its readers must know.
void write_header(const merge::Book& book, const HtmlSettings& settings, XmlFile& file) {
  pugi::xml_document document;
  auto header = document.append_child("header");
  // They are English, whatever the document is.
  if (settings.language != "en") set(header, "lang", "en");
  if (settings.right_to_left) set(header, "dir", "ltr");
  add_element(header, "h1", file_name_of(book));
  const auto engines = engines_of(book);
  add_element(header, "p",
              engines.empty() ? plural(book.pages.size(), "page")
                              : fmt::format("{}, read by {}", plural(book.pages.size(), "page"), fmt::join(engines, "; ")));
  if (const auto gaps = gaps_of(*book.document); !gaps.none())
    set(add_element(header, "p", fmt::format("This document has gaps: {}.", sentence_of(gaps))), "class", "gaps");
  pugi::xml_node list;
  for (const auto& finding : book.findings) {
    if (finding.severity != merge::Severity::error) continue;
    if (!list) {
      list = header.append_child("ul");
      set(list, "class", "findings");
    }
    const auto where = finding.page == 0 ? std::string{} : fmt::format("page {}: ", finding.page);
    add_element(list, "li", fmt::format("{}{}{}", where, finding.detail, finding.repaired ? " (repaired)" : ""));
  }
  write(file, document);
}

void write_contents(const merge::Book& book, XmlFile& file) {
  if (book.contents.empty()) return;
  pugi::xml_document nav;
  set(nav.append_child("nav"), "aria-label", "contents");
  file.open(nav.first_child());
  file.open("ol");
  for (const auto& heading : book.contents) {
    if (heading.page >= book.pages.size()) continue;
    pugi::xml_document document;
    auto item = document.append_child("li");
    set(item, "class", fmt::format("level-{}", std::clamp(heading.level, 1, 6)));
    auto link = add_element(item, "a", heading.title);
    set(link, "href", fmt::format("#page-{}", book.pages[heading.page].number));
    write(file, document);
  }
  file.close();
  file.close();
}

/// Marks between units, a paragraph for each.
void write_marks(const pugi::xml_document& marks, XmlFile& file) {
  if (!marks.first_child()) return;
  pugi::xml_document document;
  auto paragraph = document.append_child("div");
  for (const auto& mark : marks.children()) paragraph.append_copy(mark);
  make_valid(document);
  write(file, document);
}

void write_flow(const merge::Book& book, const WriteContext& context, const HtmlSettings& settings, XmlFile& file) {
  PageMarks marks{book};
  for (const auto& unit : book.units) {
    if (!unit.pieces.empty()) write_marks(marks.up_to(unit.pieces.front().page), file);
    pugi::xml_document document;
    add_unit(document, book, unit, context, settings, marks);
    make_valid(document);
    write(file, document);
  }
  write_marks(marks.rest(), file);
}

}  // namespace

void write_html(const merge::Book& book, const WriteContext& context, DocumentFiles& files) {
  XmlFile file{files, html_suffix, "<!DOCTYPE html>\n", XmlLayout::raw};
  const auto settings = settings_of(book);
  pugi::xml_document document;
  auto html = document.append_child("html");
  if (!settings.language.empty()) set(html, "lang", settings.language);
  if (settings.right_to_left) set(html, "dir", "rtl");
  file.open(html);
  write_head(book, file);
  file.open("body");
  write_header(book, settings, file);
  write_contents(book, file);
  file.open("main");
  write_flow(book, context, settings, file);
  file.finish();
}

}  // namespace pecia::exporting
