#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"
#include "segment_line.hpp"

// The segments of manifest/: JSON lines. docs/formats.md defines them.
namespace pecia::corpus {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
constexpr int segment_version = 1;

std::string segment_name(std::uint32_t epoch) { return fmt::format("{:06}.jsonl", epoch); }

/// What stands before the trailer, which proves that it is whole and unchanged.
std::string_view proven(std::string_view contents, json& trailer) {
  require(!contents.empty() && contents.back() == '\n', "the last line is cut off");
  const auto trailer_at = contents.rfind('\n', contents.size() - 2) + 1;
  trailer = json::parse(contents.substr(trailer_at));
  const auto body = contents.substr(0, trailer_at);
  require(whole_number<unsigned>(trailer.at("crc32c")) == crc32c(body), "the checksum does not match");
  return body;
}

void check_header(const json& line, const fs::path& file) {
  require(whole_number<int>(line.at("pecia_manifest")) == segment_version, "written by another version of pecia");
  require(segment_name(whole_number<std::uint32_t>(line.at("epoch"))) == file.filename(),
          "it is a copy of another segment, whose documents it would bring back");
}

[[noreturn]] void throw_damaged(const fs::path& file, int line, const std::exception& error) {
  throw Error{fmt::format(
      "{}:{}: damaged manifest segment: {}. Restore the file from a copy; or let `pecia verify --repair` set it "
      "aside, and the next `pecia run` probes its documents again (pages that are read stay read)",
      file.string(), line, error.what())};
}

/// Reads one segment into `all`.
void read_segment(const fs::path& file, std::map<DocumentId, Document>& all) {
  std::map<DocumentId, Document> by_id;  // of a damaged segment nothing is used
  const auto contents = read_file(file);
  int number = 1;
  try {
    json trailer;
    auto rest = proven(contents, trailer);
    std::uint64_t documents = 0;
    for (; !rest.empty(); ++number) {
      const auto line = json::parse(rest.substr(0, rest.find('\n')));
      rest.remove_prefix(rest.find('\n') + 1);
      if (number == 1) {
        check_header(line, file);
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
    throw_damaged(file, number, error);
  }
}

/// The last entry of a document in one segment.
std::optional<Document> find_in_segment(const fs::path& file, DocumentId id) {
  const auto contents = read_file(file);
  try {
    json trailer;
    const auto body = proven(contents, trailer);
    check_header(json::parse(body.substr(0, body.find('\n'))), file);
    // No text in JSON has a quotation mark without a backslash, so that this can be nothing but the key.
    const auto at = body.rfind(fmt::format("\"id\":\"{}\"", to_string(id)));
    if (at == std::string_view::npos) return std::nullopt;
    const auto begin = body.rfind('\n', at) + 1;
    return from_json(json::parse(body.substr(begin, body.find('\n', at) - begin)));
  } catch (const std::exception& error) {
    throw_damaged(file, 1, error);
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

std::optional<Document> find_document(const fs::path& folder, DocumentId id) {
  auto segments = list_segments(folder);
  std::ranges::reverse(segments);
  for (const auto& segment : segments) {
    if (auto document = find_in_segment(segment, id)) return document;
  }
  return std::nullopt;
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
