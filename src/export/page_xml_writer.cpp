#include <fmt/format.h>
#include <fmt/ranges.h>

#include "page_xml_regions.hpp"
#include "pecia/base/text.hpp"
#include "writers.hpp"
#include "xml.hpp"
#include "xml_languages.hpp"
#include "xml_notes.hpp"
#include "xml_order.hpp"
#include "xml_writers.hpp"

namespace pecia::exporting {
namespace {

/// PAGE demands times. None is recorded with a page, and that of the export would make equal outcomes different files.
constexpr std::string_view not_recorded = "1970-01-01T00:00:00Z";

void add_label(pugi::xml_node labels, std::string_view type, std::string_view value) {
  auto label = labels.append_child("Label");
  set(label, "value", value);
  set(label, "type", type);
}

pugi::xml_node add_step(pugi::xml_node metadata, std::string_view step, std::string_view software_name) {
  auto item = metadata.append_child("MetadataItem");
  set(item, "type", "processingStep");
  set(item, "name", step);
  set(item, "value", software_name);
  return item.append_child("Labels");
}

/// "page 3 could not be read: ...", how finely places are known, and that the document has gaps.
std::string comments_on(const merge::PageModel& model, const merge::Page& page, const std::string& gaps) {
  std::vector<std::string> sentences;
  if (auto text = notice(page); !text.empty()) sentences.push_back(std::move(text));
  if (model.has_text) sentences.emplace_back(sentence_of(model.places));
  if (!gaps.empty()) sentences.push_back(fmt::format("The document has gaps: {}", gaps));
  sentences.emplace_back("The time of reading is not recorded: Created and LastChange say 1970.");
  return fmt::format("{}", fmt::join(sentences, "\n"));
}

void add_metadata(pugi::xml_node root, const merge::PageModel& model, const merge::Page& page, const std::string& gaps) {
  auto metadata = root.append_child("Metadata");
  add_element(metadata, "Creator", software());
  add_element(metadata, "Created", not_recorded);
  add_element(metadata, "LastChange", not_recorded);
  add_element(metadata, "Comments", comments_on(model, page, gaps));
  const auto& outcome = page.outcome;
  for (const auto& step : outcome.steps) add_label(add_step(metadata, "preparation", "pecia"), step.what, step.detail);
  for (const auto& attempt : outcome.attempts) {
    auto labels = add_step(metadata, "attempt", attempt.engine.empty() ? "pecia" : attempt.engine);
    add_label(labels, name(attempt.reason), attempt.detail);
  }
  if (outcome.engine.empty()) return;
  auto labels = add_step(metadata, "layout and text recognition", outcome.engine);
  add_label(labels, "fingerprint", outcome.fingerprint);
  add_label(labels, "languages", outcome.languages);
}

/// Of the flow: what is of the page alone has no place in it.
void add_region_order(pugi::xml_node page, const merge::PageModel& model, const PageOrder& order) {
  pugi::xml_node group;
  std::int64_t index = 0;
  for (const auto block : order.blocks) {
    if (!is_in_flow(model.blocks[block].role)) continue;
    if (!group) {
      group = page.append_child("ReadingOrder").append_child("OrderedGroup");
      set(group, "id", "flow");
    }
    auto reference = group.append_child("RegionRefIndexed");
    set_number(reference, "index", index++);
    set(reference, "regionRef", region_id(model, block));
  }
}

void set_text_attributes(pugi::xml_node page, const merge::PageModel& model, const merge::Page& outcome) {
  const auto languages = languages_of(model.languages);
  if (!languages.empty()) set(page, "primaryLanguage", languages[0].page);
  if (languages.size() > 1) set(page, "secondaryLanguage", languages[1].page);
  if (direction_of(model.text) == Direction::right_to_left) set(page, "readingDirection", "right-to-left");
  set_share(page, "conf", outcome.outcome.reading.confidence);
}

void add_page(pugi::xml_node root, const merge::Book& book, const WriteContext& context, std::size_t index, const PageOrder& order) {
  const auto& model = book.pages[index];
  const auto& outcome = book.document->pages[index];
  const auto size = size_of(model, context);
  auto page = root.append_child("Page");
  set(page, "imageFilename", printable(book.document->path));
  set_number(page, "imageWidth", size.width);
  set_number(page, "imageHeight", size.height);
  if (model.dpi > 0) {
    set(page, "imageXResolution", fmt::format("{:.2f}", model.dpi));
    set(page, "imageYResolution", fmt::format("{:.2f}", model.dpi));
    set(page, "imageResolutionUnit", "PPI");
  }
  auto custom = fmt::format("pecia {{page:{}; state:{};", model.number, state_of(outcome));
  if (!model.printed_number.empty()) custom += fmt::format(" printed-number:{};", model.printed_number);
  set(page, "custom", custom + "}");
  if (!outcome.pending && outcome.outcome.state == result::State::blank) set(page, "type", "blank");
  if (!model.has_text) return;
  set_text_attributes(page, model, outcome);
  add_region_order(page, model, order);
  for (const auto block : order.blocks) add_region(page, model, size, block);
}

}  // namespace

void write_page_xml(const merge::Book& book, const WriteContext& context, DocumentFiles& files) {
  const auto orders = orders_of(book);
  const auto gaps = counts_of(gaps_of(*book.document));
  for (std::size_t n = 0; n < book.pages.size(); ++n) {
    pugi::xml_document document;
    auto root = document.append_child("PcGts");
    constexpr auto space = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15";
    set(root, "xmlns", space);
    set(root, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    set(root, "xsi:schemaLocation", fmt::format("{0} {0}/pagecontent.xsd", space));
    set(root, "pcGtsId", fmt::format("page_{}", book.pages[n].number));
    add_metadata(root, book.pages[n], book.document->pages[n], gaps);
    add_page(root, book, context, n, orders[n]);
    files.write(std::string{page_suffix} + page_file(book.pages[n].number), to_xml(document));
  }
}

}  // namespace pecia::exporting
