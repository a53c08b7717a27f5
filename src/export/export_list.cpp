#include "export_list.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "pecia/merge/book.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::exporting {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::int64_t schema = 1;
constexpr std::string_view id_mark = "{\"id\":\"", lines_mark = "],\"lines\":[", tail_mark = "],\"state\":";
constexpr std::size_t id_digits = 16;
constexpr std::array<std::string_view, 3> state_names{"writing", "stopped", "finished"};

std::string state_name(std::size_t state) {
  return state == DocumentEntry::pending ? "pending" : std::string{name(static_cast<result::State>(state))};
}

std::string hex(std::uint64_t value) { return fmt::format("{:016x}", value); }
template <class Number>
Number number_of(const std::string& text, int base) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  require(error == std::errc{} && end == text.data() + text.size(), "a number is none");
  return value;
}
std::uint64_t from_hex(const std::string& text) { return number_of<std::uint64_t>(text, 16); }

FormatEntry format_entry(const std::string& format, const Json& json) {
  FormatEntry entry{format, from_hex(json.at("digest")), {}, whole_number<std::uint64_t>(json.at("bytes")), {}};
  for (const auto& file : json.at("files")) entry.files.push_back(unprintable(file.get<std::string>()));
  if (json.contains("reason")) entry.reason = json.at("reason");
  if (json.contains("pages")) {
    for (const auto& [page, digest] : json.at("pages").items()) entry.pages.emplace(number_of<std::uint32_t>(page, 10), from_hex(digest));
  }
  return entry;
}

DocumentEntry document_entry(const Json& json) {
  DocumentEntry entry;
  entry.id = parse_document_id(json.at("id").get<std::string>());
  entry.path = unprintable(json.at("path").get<std::string>());
  entry.state = json.at("state");
  if (json.contains("reason")) entry.reason = json.at("reason");
  for (std::size_t n = 0; n < entry.pages.size(); ++n) entry.pages[n] = json.at("pages").value(state_name(n), std::uint64_t{0});
  for (std::size_t n = 0; n < entry.findings.size(); ++n)
    entry.findings[n] = json.at("findings").value(std::string{name(static_cast<merge::Severity>(n))}, std::uint64_t{0});
  for (const auto& [format, value] : json.at("formats").items()) entry.formats.push_back(format_entry(format, value));
  return entry;
}

/// ["pages.jsonl", id, digest, offset, bytes, CRC]
void add_lines_entry(std::vector<LinesFile>& files, const Json& json) {
  const std::string name = json.at(0);
  if (files.empty() || files.back().name != name) files.push_back({name, {}});
  files.back().documents.push_back({parse_document_id(json.at(1).get<std::string>()), from_hex(json.at(2)),
                                    whole_number<std::uint64_t>(json.at(3)), whole_number<std::uint64_t>(json.at(4)),
                                    whole_number<std::uint32_t>(json.at(5))});
}

std::string_view without_comma(std::string_view line) {
  if (line.ends_with(',')) line.remove_suffix(1);
  return line;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

const FormatEntry* DocumentEntry::find(std::string_view format) const {
  const auto found = std::ranges::find(formats, format, &FormatEntry::format);
  return found == formats.end() ? nullptr : &*found;
}

void DocumentEntry::put(FormatEntry entry) {
  const auto found = std::ranges::find(formats, entry.format, &FormatEntry::format);
  if (found == formats.end())
    formats.push_back(std::move(entry));
  else
    *found = std::move(entry);
}

std::string to_json(const DocumentEntry& entry) {
  Json json{{"id", to_string(entry.id)}, {"path", printable(entry.path)}, {"state", entry.state}};
  if (!entry.reason.empty()) json["reason"] = entry.reason;
  json["pages"] = Json::object();
  for (std::size_t n = 0; n < entry.pages.size(); ++n) {
    if (entry.pages[n] > 0) json["pages"][state_name(n)] = entry.pages[n];
  }
  json["findings"] = Json::object();
  for (std::size_t n = 0; n < entry.findings.size(); ++n) {
    if (entry.findings[n] > 0) json["findings"][std::string{name(static_cast<merge::Severity>(n))}] = entry.findings[n];
  }
  json["formats"] = Json::object();
  for (const auto& format : entry.formats) {
    auto& of_format = json["formats"][format.format] = {{"digest", hex(format.digest)}, {"bytes", format.bytes}};
    auto& files = of_format["files"] = Json::array();
    for (const auto& file : format.files) files.push_back(printable(file));
    if (!format.reason.empty()) of_format["reason"] = format.reason;
    for (const auto& [page, digest] : format.pages) of_format["pages"][std::to_string(page)] = hex(digest);
  }
  return dump(json);
}

std::optional<KnownExport> KnownExport::load(const std::filesystem::path& out) {
  const auto path = out / list_file;
  if (!std::filesystem::exists(path)) return std::nullopt;
  KnownExport known;
  known.file_ = open_for_reading(path);
  try {
    std::ifstream in{path};
    std::string line;
    std::uint64_t offset = 0;
    require(static_cast<bool>(std::getline(in, line)), "it is empty");
    const auto head = Json::parse(line + "]}");
    require(head.at("schema") == schema, "its schema is another pecia's");
    known.run_ = head.at("run");
    bool whole = false;
    for (offset += line.size() + 1; !whole && std::getline(in, line); offset += line.size() + 1) whole = known.take_line(line, offset);
    require(whole, "it ends too soon");
  } catch (const std::exception& error) {
    throw UsageError{
        fmt::format("{} cannot be read, so that it is not known what it wrote here ({}). Choose another folder (--out "
                    "DIR), or write over everything: --force",
                    printable(path.native()), error.what())};
  }
  std::ranges::sort(known.places_, {}, &Place::id);
  return known;
}

/// True: it was the last.
bool KnownExport::take_line(std::string_view line, std::uint64_t offset) {
  if (line.starts_with(id_mark)) {
    require(line.size() >= id_mark.size() + id_digits, "a document has no id");
    const auto whole = without_comma(line);
    places_.push_back({parse_document_id(line.substr(id_mark.size(), id_digits)), offset, static_cast<std::uint32_t>(whole.size())});
    return false;
  }
  if (line.starts_with('[')) {
    add_lines_entry(lines_files_, Json::parse(without_comma(line)));
    return false;
  }
  if (line == lines_mark) return false;
  require(line.starts_with(tail_mark), "a line is none of its");
  const auto tail = Json::parse("{" + std::string{line.substr(2)});
  const std::string state = tail.at("state");
  if (tail.contains("unlisted")) unlisted_ = tail.at("unlisted");
  const auto* const found = std::ranges::find(state_names, state);
  require(found != state_names.end(), "its state is none");
  state_ = static_cast<ListState>(found - state_names.begin());
  return true;
}

const LinesFile* KnownExport::lines_file(std::string_view name) const {
  const auto found = std::ranges::find(lines_files_, name, &LinesFile::name);
  return found == lines_files_.end() ? nullptr : &*found;
}

std::vector<DocumentId> KnownExport::documents() const {
  auto places = places_;
  std::ranges::sort(places, {}, &Place::offset);
  std::vector<DocumentId> ids;
  for (const auto& place : places) ids.push_back(place.id);
  return ids;
}

const KnownExport::Place* KnownExport::place_of(DocumentId id) const {
  const auto found = std::ranges::lower_bound(places_, id, {}, &Place::id);
  return found != places_.end() && found->id == id ? &*found : nullptr;
}

bool KnownExport::knows(DocumentId id) const { return place_of(id) != nullptr; }

std::string KnownExport::line_of(DocumentId id) const {
  const auto* place = place_of(id);
  require(place != nullptr, "export.json does not know the document");
  std::string line(place->bytes, '\0');
  for (std::size_t got = 0; got < line.size();) {
    const auto count = ::pread(file_.get(), line.data() + got, line.size() - got, static_cast<off_t>(place->offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw storage_error(count < 0 ? errno : EIO, "cannot read", list_file);
    got += static_cast<std::size_t>(count);
  }
  return line;
}

std::optional<DocumentEntry> KnownExport::find(DocumentId id) const {
  if (!knows(id)) return std::nullopt;
  try {
    return document_entry(Json::parse(line_of(id)));
  } catch (const std::exception&) {  // then it is written again
    return std::nullopt;
  }
}

ListWriter::ListWriter(const std::filesystem::path& out, std::string_view run, const std::string& settings_json) : part_{out / list_file} {
  part_.append(fmt::format("{{\"schema\":{},\"run\":\"{}\",\"pecia_version\":\"{}\",\"settings\":{},\"documents\":[", schema, run,
                           version(), settings_json));
}

void ListWriter::add(std::string_view document_line) {
  part_.append(empty_ ? "\n" : ",\n");
  part_.append(document_line);
  empty_ = false;
}

void ListWriter::finish(const std::vector<LinesFile>& lines_files, ListState state, const std::vector<std::string>& unlisted,
                        const std::string& summary_json) {
  part_.append(fmt::format("\n{}", lines_mark));
  std::string_view separator = "\n";
  for (const auto& file : lines_files) {
    for (const auto& of : file.documents) {
      part_.append(fmt::format("{}[\"{}\",\"{}\",\"{}\",{},{},{}]", separator, file.name, to_string(of.id), hex(of.digest), of.offset,
                               of.bytes, of.crc32c));
      separator = ",\n";
    }
  }
  part_.append(fmt::format("\n{}\"{}\",\"unlisted\":{},\"summary\":{}}}\n", tail_mark, state_names[static_cast<std::size_t>(state)],
                           Json(unlisted).dump(), summary_json));
  part_.finish();
}

}  // namespace pecia::exporting
