#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"

// The segments of manifest/: JSON lines. docs/formats.md defines every key.
namespace pecia::corpus {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
constexpr int segment_version = 1;

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

/// Pages as columns, so that a long book is one line of moderate length.
json to_json(const Document& document) {
  json line{{"id", to_string(document.id)},  {"path", printable(document.path)},
            {"bytes", document.size_bytes},  {"modified_ns", document.modified_ns},
            {"revision", document.revision}, {"format", name(document.format)}};
  if (document.problem != Reason::none) {
    line["problem"] = name(document.problem);
    line["detail"] = to_utf8(document.problem_detail);
  }
  if (!document.chapters.empty()) line["chapters"] = document.chapters;
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

template <class T>
T known(std::optional<T> value) {
  require(value.has_value(), "a name that this version does not know");
  return *value;
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
  return document;
}

std::string segment_name(std::uint32_t epoch) { return fmt::format("{:06}.jsonl", epoch); }

/// Reads one segment into `by_id`; the trailer proves that it is whole and unchanged.
void read_segment(const fs::path& file, std::map<DocumentId, Document>& all) {
  std::map<DocumentId, Document> by_id;  // of a damaged segment nothing is used
  const auto contents = read_file(file);
  int number = 1;
  try {
    require(!contents.empty() && contents.back() == '\n', "the last line is cut off");
    const auto trailer_at = contents.rfind('\n', contents.size() - 2) + 1;
    const auto trailer = json::parse(contents.substr(trailer_at));
    const auto body = std::string_view{contents}.substr(0, trailer_at);
    require(whole_number<unsigned>(trailer.at("crc32c")) == crc32c(body), "the checksum does not match");
    auto rest = body;
    std::uint64_t documents = 0;
    for (; !rest.empty(); ++number) {
      const auto line = json::parse(rest.substr(0, rest.find('\n')));
      rest.remove_prefix(rest.find('\n') + 1);
      if (number == 1) {
        require(whole_number<int>(line.at("pecia_manifest")) == segment_version,
                "written by another version of pecia");
        require(segment_name(whole_number<std::uint32_t>(line.at("epoch"))) == file.filename(),
                "it is a copy of another segment, whose documents it would bring back");
        continue;
      }
      auto document = from_json(line);
      const auto id = document.id;
      by_id.insert_or_assign(id, std::move(document));
      ++documents;
    }
    require(number > 1 && whole_number<std::uint64_t>(trailer.at("documents")) == documents,
            "documents are missing");
    for (auto& [id, document] : by_id) all.insert_or_assign(id, std::move(document));
  } catch (const std::exception& error) {
    throw Error{fmt::format(
        "{}:{}: damaged manifest segment: {}. Restore the file from a copy; or let `pecia verify --repair` set it "
        "aside, and the next `pecia run` probes its documents again (pages that are read stay read)",
        file.string(), number, error.what())};
  }
}

std::vector<fs::path> list_segments(const fs::path& folder) {
  std::vector<fs::path> segments;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator{folder}) {
      if (entry.path().extension() == ".jsonl") segments.push_back(entry.path());
    }
  }
  std::ranges::sort(segments);
  return segments;
}

Manifest manifest_of(std::map<DocumentId, Document> by_id) {
  std::vector<Document> documents;
  documents.reserve(by_id.size());
  for (auto& [id, document] : by_id) documents.push_back(std::move(document));
  return Manifest{std::move(documents)};
}

}  // namespace

Manifest load_manifest(const fs::path& folder) {
  std::map<DocumentId, Document> by_id;
  for (const auto& segment : list_segments(folder)) read_segment(segment, by_id);
  return manifest_of(std::move(by_id));
}

Manifest load_sound_manifest(const fs::path& folder, std::vector<DamagedSegment>& damaged) {
  std::map<DocumentId, Document> by_id;
  for (const auto& segment : list_segments(folder)) {
    try {
      read_segment(segment, by_id);
    } catch (const Error& error) {
      damaged.push_back({segment.filename().string(), error.what()});
    }
  }
  return manifest_of(std::move(by_id));
}

void write_manifest_segment(const fs::path& folder, std::uint32_t epoch,
                            std::span<const Document> documents) {
  if (documents.empty()) return;
  auto text = json{{"pecia_manifest", segment_version}, {"epoch", epoch}}.dump() + "\n";
  for (const auto& document : documents) text += to_json(document).dump() + "\n";
  const json trailer{{"documents", documents.size()}, {"crc32c", crc32c(text)}};
  replace_file(folder / segment_name(epoch), text + trailer.dump() + "\n");
}

}  // namespace pecia::corpus
