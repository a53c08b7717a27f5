#include "list_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"

namespace pecia::corpus {
namespace {

/// "path", or "path<tab>urgent".
ListEntry entry_of(std::string_view line, const std::filesystem::path& list, std::size_t number) {
  const auto tab = line.find('\t');
  ListEntry entry{std::string{line.substr(0, tab)}, {}};
  if (tab == std::string_view::npos) return entry;
  const auto word = line.substr(tab + 1);
  entry.priority = parse_priority(word);
  if (!entry.priority || entry.path.empty())
    throw UsageError{fmt::format(
        "{}:{}: expected a path, a tab and one of urgent, normal, low; found '{}' after the tab. "
        "(Paths "
        "that have tabs in them can be listed with NUL between them, as find -print0 does)",
        printable(list.native()), number, printable(word))};
  return entry;
}

}  // namespace

std::vector<ListEntry> read_list(const std::filesystem::path& list) {
  const auto contents = read_file(list);
  std::string_view rest{contents};
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  // `find -print0` lists names with newlines: any NUL means that NUL separates.
  const char separator = rest.find('\0') == std::string_view::npos ? '\n' : '\0';
  std::vector<ListEntry> entries;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    auto line = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (separator == '\n' && line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (separator == '\0')
      entries.push_back({std::string{line}, {}});
    else if (line[0] != '#')
      entries.push_back(entry_of(line, list, number));
  }
  return entries;
}

}  // namespace pecia::corpus
