#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mets_events.hpp"
#include "mets_files.hpp"
#include "pecia/base/text.hpp"
#include "writers.hpp"
#include "xml.hpp"
#include "xml_notes.hpp"
#include "xml_writers.hpp"

namespace pecia::exporting {
namespace {

/// "1" to "9999..." of a page's div: a document whose pages could not be counted has one, number 0.
std::string physical_id(std::uint32_t number) { return fmt::format("phys_{:04}", number); }

pugi::xml_node root_of(pugi::xml_document& document, const merge::Book& book) {
  auto mets = document.append_child("mets");
  set(mets, "xmlns", "http://www.loc.gov/METS/");
  set(mets, "xmlns:xlink", "http://www.w3.org/1999/xlink");
  set(mets, "xmlns:dc", "http://purl.org/dc/elements/1.1/");
  set(mets, "xmlns:premis", "http://www.loc.gov/premis/v3");
  set(mets, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
  set(mets, "xsi:schemaLocation", "http://www.loc.gov/METS/ http://www.loc.gov/standards/mets/version1121/mets.xsd");
  set(mets, "OBJID", to_string(book.document->id));
  set(mets, "LABEL", file_name_of(book));
  return mets;
}

void write_header(const merge::Book& book, XmlFile& file) {
  pugi::xml_document document;
  auto header = document.append_child("metsHdr");
  const auto gaps = gaps_of(*book.document);
  set(header, "RECORDSTATUS", gaps.none() ? "complete" : "with gaps");
  auto agent = header.append_child("agent");
  set(agent, "ROLE", "CREATOR");
  set(agent, "TYPE", "OTHER");
  set(agent, "OTHERTYPE", "SOFTWARE");
  add_element(agent, "name", software());
  if (!gaps.none()) add_element(agent, "note", fmt::format("The document has gaps: {}", sentence_of(gaps)));
  add_element(header, "metsDocumentID", to_string(book.document->id));
  file.write(header);
}

void write_description(const merge::Book& book, const WriteContext& context, XmlFile& file) {
  pugi::xml_document document;
  auto section = document.append_child("dmdSec");
  set(section, "ID", "dmd");
  auto wrap = section.append_child("mdWrap");
  set(wrap, "MDTYPE", "DC");
  auto data = wrap.append_child("xmlData");
  add_element(data, "dc:title", file_name_of(book));
  add_element(data, "dc:identifier", printable(book.document->path));
  add_element(data, "dc:identifier", to_string(book.document->id));
  for (const auto& language : languages_of(book)) add_element(data, "dc:language", language.iso);
  if (context.listed != nullptr) add_element(data, "dc:format", mime_type_of(context.listed->format));
  file.write(section);
}

void write_physical(const merge::Book& book, const MetsFiles& mentioned, XmlFile& file) {
  pugi::xml_document document;
  auto map = document.append_child("structMap");
  set(map, "TYPE", "PHYSICAL");
  file.open(map);
  auto sequence = document.append_child("div");
  set(sequence, "ID", "phys");
  set(sequence, "TYPE", "physSequence");
  set(sequence, "DMDID", "dmd");
  if (const auto gaps = gaps_of(*book.document); !gaps.none()) set(sequence, "LABEL", sentence_of(gaps));
  file.open(sequence);
  for (std::size_t n = 0; n < book.pages.size(); ++n) {
    const auto& page = book.pages[n];
    pugi::xml_document alone;
    auto div = alone.append_child("div");
    set(div, "ID", physical_id(page.number));
    set(div, "TYPE", "page");
    set_number(div, "ORDER", static_cast<std::int64_t>(n) + 1);
    if (!page.printed_number.empty()) set(div, "ORDERLABEL", page.printed_number);
    if (const auto text = notice(book.document->pages[n]); !text.empty()) set(div, "LABEL", text);
    if (!book.document->pages[n].pending) set(div, "ADMID", event_id(page.number));
    for (const auto& id : file_ids_of(page.number, mentioned)) set(div.append_child("fptr"), "FILEID", id);
    file.write(div);
  }
  file.close();
  file.close();
}

/// Headings in headings, as their levels say; `level` of the div that is open.
void write_logical(const merge::Book& book, XmlFile& file) {
  pugi::xml_document document;
  auto map = document.append_child("structMap");
  set(map, "TYPE", "LOGICAL");
  file.open(map);
  auto whole = document.append_child("div");
  set(whole, "ID", "log");
  set(whole, "TYPE", "document");
  set(whole, "LABEL", file_name_of(book));
  set(whole, "DMDID", "dmd");
  file.open(whole);
  std::vector<int> levels;
  for (std::size_t n = 0; n < book.contents.size(); ++n) {
    const auto& heading = book.contents[n];
    for (; !levels.empty() && levels.back() >= heading.level; levels.pop_back()) file.close();
    pugi::xml_document alone;
    auto div = alone.append_child("div");
    set(div, "ID", fmt::format("log_{}", n + 1));
    set(div, "TYPE", "section");
    set_number(div, "ORDER", static_cast<std::int64_t>(n) + 1);
    set(div, "LABEL", heading.title);
    file.open(div);
    levels.push_back(heading.level);
  }
  for (const auto level : levels) {
    static_cast<void>(level);
    file.close();
  }
  file.close();
  file.close();
}

void write_links(const merge::Book& book, XmlFile& file) {
  file.open("structLink");
  const auto link = [&](std::string_view from, std::string_view to) {
    pugi::xml_document alone;
    auto node = alone.append_child("smLink");
    set(node, "xlink:from", from);
    set(node, "xlink:to", to);
    file.write(node);
  };
  link("log", "phys");
  for (std::size_t n = 0; n < book.contents.size(); ++n) {
    const auto page = book.contents[n].page;
    if (page < book.pages.size()) link(fmt::format("log_{}", n + 1), physical_id(book.pages[page].number));
  }
  file.close();
}

}  // namespace

void write_mets(const merge::Book& book, const WriteContext& context, DocumentFiles& files) {
  XmlFile file{files, mets_suffix, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", XmlLayout::indented};
  pugi::xml_document document;
  const auto mentioned = mets_files(book, context, files);
  file.open(root_of(document, book));
  write_header(book, file);
  write_description(book, context, file);
  write_events(book, file);
  write_files(mentioned, file);
  write_physical(book, mentioned, file);
  write_logical(book, file);
  write_links(book, file);
  file.finish();
}

}  // namespace pecia::exporting
