#include <algorithm>
#include <nlohmann/json.hpp>

#include "gaps.hpp"
#include "pecia/base/text.hpp"
#include "writers.hpp"
#include "xml_notes.hpp"

namespace pecia::exporting {
namespace {

using Json = nlohmann::ordered_json;  // keys in the order in which they are documented

std::uint32_t number_of(const merge::Book& book, std::uint32_t page) { return book.pages[page].number; }

Json states_of(const merge::Document& document) {
  Json counts = Json::object();
  for (const auto& page : document.pages) {
    auto& count = counts[std::string{state_of(page)}];
    count = count.is_null() ? 1 : count.get<std::uint64_t>() + 1;
  }
  return counts;
}

Json list_of_gaps(const merge::Document& document) {
  auto gaps = Json::array();
  for (const auto& page : document.pages) {
    if (!is_gap(page)) continue;
    const bool failed = !page.pending;
    gaps.push_back({{"page", page.number},
                    {"state", std::string{state_of(page)}},
                    {"reason", failed ? Json(std::string{name(page.outcome.reason)}) : Json(nullptr)},
                    {"detail", failed && !page.outcome.detail.empty() ? Json(page.outcome.detail) : Json(nullptr)}});
  }
  return gaps;
}

/// The units, and their texts, separated by empty lines, in `text`.
Json units_of(const merge::Book& book, std::string& text) {
  auto units = Json::array();
  for (const auto& unit : book.units) {
    auto pages = Json::array();
    for (const auto& piece : unit.pieces) {
      const auto number = number_of(book, piece.page);
      if (pages.empty() || pages.back() != number) pages.push_back(number);
    }
    const auto of_unit = text_of(book, unit);
    if (!text.empty() && !of_unit.empty()) text += "\n\n";
    const auto begin = text.size();
    text += of_unit;
    units.push_back(
        {{"role", std::string{name(unit.role)}}, {"level", unit.level}, {"pages", std::move(pages)}, {"text", {begin, text.size()}}});
  }
  return units;
}

Json contents_of(const merge::Book& book) {
  auto contents = Json::array();
  for (const auto& heading : book.contents) {
    const auto page = heading.page < book.pages.size() ? Json(number_of(book, heading.page)) : Json(nullptr);
    contents.push_back({{"level", heading.level}, {"title", heading.title}, {"page", page}});
  }
  return contents;
}

/// Null: no page has any.
Json printed_numbers_of(const merge::Book& book) {
  if (std::ranges::all_of(book.pages, [](const merge::PageModel& page) { return page.printed_number.empty(); })) return nullptr;
  auto numbers = Json::array();
  for (const auto& page : book.pages) numbers.push_back(page.printed_number.empty() ? Json(nullptr) : Json(page.printed_number));
  return numbers;
}

Json changes_of(const merge::Book& book) {
  auto changes = Json::array();
  for (const auto& change : book.changes) {
    const auto& page = book.pages[change.page];
    changes.push_back({{"kind", std::string{name(change.kind)}},
                       {"page", page.number},
                       {"text", std::string{text_of(page, change.text.empty() ? merge::Span{} : change.text)}},
                       {"evidence", change.evidence}});
  }
  return changes;
}

Json findings_of(const merge::Book& book) {
  auto findings = Json::array();
  for (const auto& finding : book.findings)
    findings.push_back({{"kind", std::string{name(finding.kind)}},
                        {"severity", std::string{name(finding.severity)}},
                        {"page", finding.page == 0 ? Json(nullptr) : Json(finding.page)},
                        {"detail", finding.detail},
                        {"repaired", finding.repaired}});
  return findings;
}

}  // namespace

std::string to_json_line(const merge::Book& book) {
  const auto& document = *book.document;
  std::string text;
  auto units = units_of(book, text);
  const auto& balance = book.balance;
  Json line{
      {"path", printable(document.path)},
      {"id", to_string(document.id)},
      {"kind", std::string{name(book.kind)}},
      {"state", has_gaps(document) ? "gaps" : "complete"},
      {"pages", document.pages.size()},
      {"states", states_of(document)},
      {"gaps", list_of_gaps(document)},
      {"contents", contents_of(book)},
      {"text", std::move(text)},
      {"units", std::move(units)},
      {"changes", changes_of(book)},
      {"findings", findings_of(book)},
      {"balance",
       {{"characters", balance.characters}, {"kept", balance.kept}, {"removed", balance.removed}, {"unexplained", balance.unexplained}}}};
  if (auto numbers = printed_numbers_of(book); !numbers.is_null()) line["printed_numbers"] = std::move(numbers);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pecia::exporting
