#include "find_verb.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/export/export.hpp"
#include "pecia/export/search.hpp"
#include "pecia/merge/cleaned.hpp"
#include "pecia/store/contents.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr int found_something = 0, found_nothing = 1, search_failed = 2;

void print(const Json& json) { fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace)); }

class Finder {
 public:
  explicit Finder(const FindVerbOptions& options)
      : options_{options},
        pattern_{options.pattern, options.ignore_case},
        run_{existing_run(options.run)},
        manifest_{corpus::load_manifest(run_.manifest())},
        contents_{run_} {
    for (const auto& problem : contents_.problems()) log::warning("{} (its pages are not searched; run pecia verify)", problem);
  }

  int operator()() {
    bool any = false;
    for (const auto& document : manifest_.documents()) {
      if (!is_wanted(document)) continue;
      any = true;
      if (!search(document)) break;
    }
    if (!any && !options_.documents.empty()) throw UsageError{"no document of the run matches what --documents says"};
    return found_ > 0 ? found_something : found_nothing;
  }

 private:
  [[nodiscard]] bool is_wanted(const corpus::Document& document) const {
    return options_.documents.empty() || exporting::is_asked_for(options_.documents, document.path);
  }

  /// False: enough is found.
  bool search(const corpus::Document& document) {
    const auto before = found_;
    bool more = true;
    for (std::uint32_t n = 0; more && n < document.outcomes(); ++n) more = search_page(document, document.first_page() + n);
    if (options_.count && found_ > before) print_count(document, found_ - before);
    return more;
  }

  bool search_page(const corpus::Document& document, std::uint32_t page) {
    const auto* row = contents_.find({document.id, document.revision, page});
    if (row == nullptr) return true;
    std::string text;
    try {
      text = contents_.text(*row);
    } catch (const Error& error) {
      log::warning("{} page {} is not searched: {}", printable(document.path), page, error.what());
      return true;
    }
    std::vector<exporting::FoundLine> lines;
    try {
      lines = pattern_.lines_in(text);
    } catch (const Error& error) {
      throw UsageError{fmt::format("{} page {}: {}. Make the pattern simpler: repetitions within repetitions take long",
                                   printable(document.path), page, error.what())};
    }
    for (const auto& line : lines) {
      if (options_.max > 0 && found_ == options_.max) return false;
      ++found_;
      if (!options_.count) print_line(document, page, line);
    }
    return options_.max == 0 || found_ < options_.max;
  }

  void print_line(const corpus::Document& document, std::uint32_t page, const exporting::FoundLine& line) const {
    if (options_.json)
      print({{"path", printable(document.path)},
             {"page", page},
             {"line", line.number},
             {"text", std::string{line.line}},
             {"match", {line.begin, line.end}}});
    else
      fmt::print("{}:{}:{}: {}\n", printable(document.path), page, line.number, merge::cleaned_line(line.line));
  }

  void print_count(const corpus::Document& document, std::uint64_t lines) const {
    if (options_.json)
      print({{"path", printable(document.path)}, {"lines", lines}});
    else
      fmt::print("{}:{}\n", printable(document.path), lines);
  }

  const FindVerbOptions& options_;
  exporting::Pattern pattern_;
  store::RunPaths run_;
  corpus::Manifest manifest_;
  store::Contents contents_;
  std::uint64_t found_ = 0;  ///< lines
};

}  // namespace

int find_verb(const FindVerbOptions& options) {
  try {
    const auto status = Finder{options}();
    if (std::fflush(stdout) != 0) throw storage_error(errno, "cannot write to", "the standard output");
    return status;
  } catch (const UsageError&) {
    throw;
  } catch (const std::exception& error) {  // 1 would say that nothing was found
    log::error("{}", error.what());
    return search_failed;
  }
}

}  // namespace pecia::app
