#include "pecia/corpus/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <optional>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::corpus {
namespace {

constexpr std::array<std::string_view, 7> columns{
    "path", "page", "seconds", "width_px", "height_px", "compressed_bytes", "transitions"};

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const auto tab = line.find('\t');
    cells.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

class TraceFile {
 public:
  explicit TraceFile(const std::filesystem::path& file) : file_{file} {}

  std::map<std::string, std::map<std::uint32_t, std::pair<PageEvidence, float>>> read() {
    const auto contents = read_file(file_);
    std::string_view rest{contents};
    while (!rest.empty()) {
      ++number_;
      auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      if (where_.empty())
        read_header(split(line));
      else
        read_page(split(line));
    }
    if (pages_.empty()) fail("has no pages");
    return std::move(pages_);
  }

  [[noreturn]] void fail(std::string_view problem) const {
    throw UsageError{fmt::format(
        "{}:{}: {}. A trace is a table with tabs and the header: path page seconds width_px "
        "height_px compressed_bytes transitions",
        file_.string(), number_, problem)};
  }

 private:
  void read_header(const std::vector<std::string_view>& cells) {
    for (std::size_t n = 0; n < cells.size(); ++n) {
      if (std::ranges::find(columns, cells[n]) == columns.end())
        fail(fmt::format("unknown column '{}'", printable(cells[n])));
      if (!where_.emplace(cells[n], n).second)
        fail(fmt::format("the column '{}' stands twice", cells[n]));
    }
    for (const auto needed : {"path", "page", "seconds"}) {
      if (!where_.contains(needed)) fail(fmt::format("the column '{}' is missing", needed));
    }
  }

  template <class T>
  std::optional<T> number(const std::vector<std::string_view>& cells,
                          const std::string& column) const {
    const auto at = where_.find(column);
    if (at == where_.end() || at->second >= cells.size() || cells[at->second].empty())
      return std::nullopt;
    const auto cell = cells[at->second];
    T value{};
    const auto [end, failure] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (failure != std::errc{} || end != cell.data() + cell.size() || !(value >= T{}) ||
        value > std::numeric_limits<T>::max())  // no number, and infinity
      fail(fmt::format("'{}' is no {}", printable(cell), column));
    return value;
  }

  void read_page(const std::vector<std::string_view>& cells) {
    if (cells.size() > where_.size())
      fail(fmt::format("{} cells under {} columns", cells.size(), where_.size()));
    const auto path = cells.size() > where_["path"] ? cells[where_["path"]] : std::string_view{};
    const auto page = number<std::uint32_t>(cells, "page");
    const auto seconds = number<float>(cells, "seconds");
    if (path.empty() || !page || *page == 0 || !seconds)
      fail("a page needs path, page (from 1) and seconds");
    PageEvidence evidence;
    evidence.width_px = number<float>(cells, "width_px").value_or(0);
    evidence.height_px = number<float>(cells, "height_px").value_or(0);
    evidence.compressed_bytes = number<std::uint64_t>(cells, "compressed_bytes").value_or(0);
    (void)number<double>(cells, "transitions");
    if (!pages_[unprintable(path)].emplace(*page, std::pair{evidence, *seconds}).second)
      fail(fmt::format("page {} of '{}' stands twice", *page, printable(unprintable(path))));
  }

  std::filesystem::path file_;
  int number_ = 0;
  std::map<std::string, std::size_t> where_;
  std::map<std::string, std::map<std::uint32_t, std::pair<PageEvidence, float>>> pages_;
};

}  // namespace

Trace load_trace(const std::filesystem::path& file) {
  TraceFile reader{file};
  Trace trace;
  try {
    for (auto& [path, pages] : reader.read()) {
      if (pages.rbegin()->first != pages.size())
        reader.fail(fmt::format("pages of '{}' are missing: {} of {} are there", printable(path),
                                pages.size(), pages.rbegin()->first));
      Document document;
      document.id = document_id(path);
      document.path = path;
      auto& seconds = trace.seconds.emplace_back();
      for (auto& [page, entry] : pages) {
        document.pages.push_back(entry.first);
        seconds.push_back(entry.second);
      }
      trace.documents.push_back(std::move(document));
    }
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    throw UsageError{fmt::format("the trace cannot be read: {}", error.what())};
  }
  return trace;
}

}  // namespace pecia::corpus
