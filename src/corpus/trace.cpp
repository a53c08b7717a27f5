#include "pecia/corpus/trace.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

constexpr std::array<std::string_view, 11> columns{
    "path",        "page",       "seconds",  "width_px", "height_px",     "compressed_bytes",
    "transitions", "components", "coverage", "coding",   "text_operators"};

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
        "{}:{}: {}. A trace is a table with tabs and the header: {}", file_.string(), number_,
        problem, fmt::join(columns, " "))};
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

  /// Empty where the line has nothing in that column.
  std::string_view text(const std::vector<std::string_view>& cells, const std::string& column) const {
    const auto at = where_.find(column);
    return at == where_.end() || at->second >= cells.size() ? std::string_view{} : cells[at->second];
  }

  template <class T>
  std::optional<T> number(const std::vector<std::string_view>& cells,
                          const std::string& column) const {
    const auto cell = text(cells, column);
    if (cell.empty()) return std::nullopt;
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
    const auto path = text(cells, "path");
    const auto page = number<std::uint32_t>(cells, "page");
    const auto seconds = number<float>(cells, "seconds");
    if (path.empty() || !page || *page == 0 || !seconds)
      fail("a page needs path, page (from 1) and seconds");
    if (!pages_[unprintable(path)].emplace(*page, std::pair{evidence_of(cells), *seconds}).second)
      fail(fmt::format("page {} of '{}' stands twice", *page, printable(unprintable(path))));
  }

  PageEvidence evidence_of(const std::vector<std::string_view>& cells) const {
    PageEvidence evidence;
    evidence.width_px = number<float>(cells, "width_px").value_or(0);
    evidence.height_px = number<float>(cells, "height_px").value_or(0);
    evidence.compressed_bytes = number<std::uint64_t>(cells, "compressed_bytes").value_or(0);
    evidence.transitions = number<float>(cells, "transitions").value_or(-1.F);
    evidence.components = number<float>(cells, "components").value_or(-1.F);
    evidence.coverage = number<float>(cells, "coverage").value_or(-1.F);
    evidence.text_operators = number<std::uint32_t>(cells, "text_operators").value_or(0);
    if (const auto coding = text(cells, "coding"); !coding.empty()) {
      const auto known = parse_coding(coding);
      if (!known) fail(fmt::format("'{}' is no coding", printable(coding)));
      evidence.coding = *known;
    }
    return evidence;
  }

  std::filesystem::path file_;
  int number_ = 0;
  std::map<std::string, std::size_t> where_;
  std::map<std::string, std::map<std::uint32_t, std::pair<PageEvidence, float>>> pages_;
};

/// Nothing stands for what was not measured.
std::string measured(float value) { return value < 0 ? std::string{} : fmt::format("{}", value); }

}  // namespace

std::string trace_text(const Trace& trace) {
  auto text = fmt::format("{}\n", fmt::join(columns, "\t"));
  for (std::size_t d = 0; d < trace.documents.size(); ++d) {
    const auto& document = trace.documents[d];
    const auto path = printable(document.path);
    for (std::size_t n = 0; n < document.pages.size(); ++n) {
      const auto& page = document.pages[n];
      text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", path, n + 1,
                          trace.seconds.at(d).at(n), page.width_px, page.height_px,
                          page.compressed_bytes, measured(page.transitions),
                          measured(page.components), measured(page.coverage), name(page.coding),
                          page.text_operators);
    }
  }
  return text;
}

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
