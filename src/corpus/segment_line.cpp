#include "segment_line.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "pecia/base/error.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/text.hpp"

// docs/formats.md defines every key.
namespace pecia::corpus {
namespace {

using nlohmann::json;

/// What is no number could be written (as null) and not be read again.
float finite(float value) { return std::isfinite(value) ? value : 0; }

/// The columns of what was measured on pages: absent if no page of the document was.
struct Measured {
  const char* key;
  float PageEvidence::*field;
  double steps;  ///< in 1; more digits than that tell nothing
};
constexpr std::array<Measured, 3> measured_columns{{{"transitions", &PageEvidence::transitions, 1},
                                                    {"components", &PageEvidence::components, 1},
                                                    {"coverage", &PageEvidence::coverage, 1e4}}};

/// What is no count of a page could not be written as a number.
bool is_measured(float value) { return value >= 0 && value < 1e12F; }

void add_measured(const std::vector<PageEvidence>& pages, json& columns) {
  for (const auto& column : measured_columns) {
    const auto is_there = [&](const auto& page) { return is_measured(page.*column.field); };
    if (std::ranges::none_of(pages, is_there)) continue;
    auto& values = columns[column.key] = json::array();
    for (const auto& page : pages) {
      if (!is_there(page)) {
        values.push_back(nullptr);
        continue;
      }
      const auto value = std::round(static_cast<double>(page.*column.field) * column.steps);
      if (column.steps > 1)
        values.push_back(value / column.steps);
      else
        values.push_back(static_cast<std::uint64_t>(value));
    }
  }
}

void read_measured(const json& columns, std::vector<PageEvidence>& pages) {
  for (const auto& column : measured_columns) {
    const auto found = columns.find(column.key);
    if (found == columns.end()) continue;  // written before pages were measured, or none was
    for (std::size_t n = 0; n < pages.size(); ++n) {
      const auto& value = found->at(n);
      pages[n].*column.field = value.is_null() ? -1 : value.get<float>();
    }
  }
}

void add_outline(const Outline& outline, json& line) {
  if (!outline.entries.empty()) {
    auto& columns = line["outline"] = {
        {"page", json::array()}, {"level", json::array()}, {"title", json::array()}};
    for (const auto& entry : outline.entries) {
      columns["page"].push_back(entry.page);
      columns["level"].push_back(entry.level);
      columns["title"].push_back(to_utf8(entry.title));
    }
  }
  if (!outline.labels.empty()) {
    auto& columns = line["page_labels"] = {{"page", json::array()},
                                           {"style", json::array()},
                                           {"prefix", json::array()},
                                           {"start", json::array()}};
    for (const auto& range : outline.labels) {
      columns["page"].push_back(range.first_page);
      columns["style"].push_back(name(range.style));
      columns["prefix"].push_back(to_utf8(range.prefix));
      columns["start"].push_back(range.start);
    }
  }
}

template <class T>
T known(std::optional<T> value) {
  require(value.has_value(), "a name that this version does not know");
  return *value;
}

Outline read_outline(const json& line) {
  Outline outline;
  if (const auto found = line.find("outline"); found != line.end()) {
    const auto& pages = found->at("page");
    require(pages.size() <= most_outline_entries, "an outline without end");
    for (std::size_t n = 0; n < pages.size(); ++n)
      outline.entries.push_back({whole_number<std::uint32_t>(pages.at(n)),
                                 whole_number<int>(found->at("level").at(n)),
                                 found->at("title").at(n).get<std::string>()});
  }
  if (const auto found = line.find("page_labels"); found != line.end()) {
    const auto& pages = found->at("page");
    require(pages.size() <= most_label_ranges, "page labels without end");
    for (std::size_t n = 0; n < pages.size(); ++n)
      outline.labels.push_back(
          {whole_number<std::uint32_t>(pages.at(n)),
           known(parse_label_style(found->at("style").at(n).get<std::string>())),
           found->at("prefix").at(n).get<std::string>(),
           whole_number<std::uint32_t>(found->at("start").at(n))});
  }
  return outline;
}

}  // namespace

json to_json(const Document& document) {
  json line{{"id", to_string(document.id)},  {"path", printable(document.path)},
            {"bytes", document.size_bytes},  {"modified_ns", document.modified_ns},
            {"revision", document.revision}, {"format", name(document.format)}};
  if (document.problem != Reason::none) {
    line["problem"] = name(document.problem);
    line["detail"] = to_utf8(document.problem_detail);
  }
  if (!document.chapters.empty()) line["chapters"] = document.chapters;
  add_outline(document.outline, line);
  auto& pages = line["pages"] = json::object();
  for (const auto* key : {"width_px", "height_px", "coding", "compressed_bytes", "text_operators"})
    pages[key] = json::array();
  for (const auto& page : document.pages) {
    pages["width_px"].push_back(finite(page.width_px));
    pages["height_px"].push_back(finite(page.height_px));
    pages["coding"].push_back(name(page.coding));
    pages["compressed_bytes"].push_back(page.compressed_bytes);
    pages["text_operators"].push_back(page.text_operators);
  }
  add_measured(document.pages, pages);
  return line;
}

Document from_json(const json& line) {
  Document document;
  document.id = parse_document_id(line.at("id").get<std::string>());
  document.path = unprintable(line.at("path").get<std::string>());
  document.size_bytes = whole_number<std::uint64_t>(line.at("bytes"));
  document.modified_ns = whole_number<std::int64_t>(line.at("modified_ns"));
  document.revision = whole_number<std::uint32_t>(line.at("revision"));
  document.format = known(parse_format(line.at("format").get<std::string>()));
  if (line.contains("problem")) {
    document.problem = known(parse_reason(line.at("problem").get<std::string>()));
    document.problem_detail = line.at("detail").get<std::string>();
  }
  const auto& pages = line.at("pages");
  document.pages.resize(pages.at("width_px").size());
  for (std::size_t n = 0; n < document.pages.size(); ++n) {
    auto& page = document.pages[n];
    page.width_px = pages.at("width_px").at(n).get<float>();
    page.height_px = pages.at("height_px").at(n).get<float>();
    page.coding = known(parse_coding(pages.at("coding").at(n).get<std::string>()));
    page.compressed_bytes = whole_number<std::uint64_t>(pages.at("compressed_bytes").at(n));
    page.text_operators = whole_number<std::uint32_t>(pages.at("text_operators").at(n));
  }
  read_measured(pages, document.pages);
  if (line.contains("chapters")) {
    for (const auto& chapter : line.at("chapters"))
      document.chapters.push_back(whole_number<std::uint32_t>(chapter));
  }
  require(are_chapters(document.chapters, document.pages.size()), "a chapter that begins nowhere");
  document.outline = read_outline(line);
  require(is_outline(document.outline, document.pages.size()), "an outline that leads nowhere");
  return document;
}

}  // namespace pecia::corpus
