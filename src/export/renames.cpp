#include "renames.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "format.hpp"
#include "out_folder.hpp"
#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

namespace fs = std::filesystem;

constexpr auto names_others = "it names other files of the document as they were called before; the next export of this format mends that";

/// Nobody can say that it is there, also not behind a link.
bool is_gone(const fs::path& file) {
  std::error_code unknown;
  return fs::symlink_status(file, unknown).type() == fs::file_type::not_found;
}

}  // namespace

bool has_its_name(std::string_view document_line, const std::string& name) {
  constexpr std::string_view files = "\"files\":[";
  auto begin = nlohmann::json(printable(name)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  begin.back() = '.';  // of the suffix
  for (auto at = document_line.find(files); at != std::string_view::npos; at = document_line.find(files, at + 1)) {
    const auto first = document_line.substr(at + files.size());
    if (!first.starts_with(']') && !first.starts_with(begin)) return false;
  }
  return true;
}

void add_renames(const DocumentEntry& entry, const std::string& name, const fs::path& out, Renames& renames) {
  for (const auto& format : entry.formats) {
    const auto suffix = suffix_of(format.format);
    if (suffix.empty() || suffix == figures_suffix) continue;
    for (const auto& file : format.files) {
      const auto at = file.rfind(suffix);
      if (at == std::string::npos || std::string_view{file}.substr(0, at) == name) continue;
      // One that is gone was renamed by an export that was killed, or is written again.
      if (earlier_file(out, file) || is_gone(out / file)) renames.emplace(file, name + file.substr(at));
    }
  }
}

void apply(const Renames& renames, const std::string& name, DocumentEntry& entry) {
  bool any = false;
  for (auto& format : entry.formats) {
    if (format.format == "figures") continue;
    bool of_itself = true;  // what it was made of is the same, only its name is not
    for (auto& file : format.files) {
      const auto found = renames.find(file);
      if (found != renames.end()) {
        file = found->second;
        any = true;
        of_itself = format.format == "pdf";
      }
      of_itself = of_itself && file.starts_with(name + std::string{suffix_of(format.format)});
    }
    if (!of_itself) format.digest = 0;
  }
  if (!any) return;
  for (auto& format : entry.formats) {
    const auto* found = find_format(format.format);
    if (found != nullptr && found->refers_to_others) format.reason = names_others;
  }
}

bool has_files_named(const FormatEntry* entry, const std::string& name) {
  return entry != nullptr && std::ranges::any_of(entry->files, [&](const auto& file) { return file.starts_with(name + std::string{suffix_of(entry->format)}); });
}

}  // namespace pecia::exporting
