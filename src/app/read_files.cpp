#include "read_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "pecia/base/error.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/listing.hpp"
#include "pecia/page/reader.hpp"

namespace pecia::app {
namespace {

namespace fs = std::filesystem;

std::uint32_t parse_page(std::string_view word, const std::string& text) {
  std::uint32_t page = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), page);
  if (failure != std::errc{} || end != word.data() + word.size() || page == 0)
    throw UsageError{fmt::format(
        "--pages {}: expected pages, counted from 1, such as 3-5 or 1,7,9-12", printable(text))};
  return page;
}

/// Below `root` relative to it, else absolute.
std::string path_of(const fs::path& named, const fs::path& root) {
  const auto absolute = fs::absolute(named).lexically_normal();
  if (root.empty()) return absolute.native();
  const auto relative = absolute.lexically_relative(root);
  return relative.empty() || *relative.begin() == ".." ? absolute.native() : relative.native();
}

corpus::Document document_of(page::Reader& reader, const Job& job, const fs::path& root,
                             std::string path) {
  corpus::Document document;
  document.id = corpus::document_id(path);
  document.path = std::move(path);
  const auto file = root / document.path;
  if (std::error_code ignored; fs::is_directory(file, ignored)) {
    document.problem = Reason::not_a_document;
    document.problem_detail = "it is a folder. Name files, or make a job of it";
    return document;
  }
  auto found = reader.count_pages(
      {file, corpus::Format::unknown, settings_for(job, document.path).password});
  document.format = found.format;
  document.problem = found.problem;
  document.problem_detail = std::move(found.problem_detail);
  if (document.problem == Reason::vanished) document.problem_detail = "there is no such file";
  if (document.problem == Reason::none && found.pages.empty()) {
    document.problem = Reason::no_pages;
    document.problem_detail = "the document has no pages";
  }
  if (document.problem == Reason::none) document.pages = std::move(found.pages);
  return document;
}

void choose_pages(NamedFile& file, const corpus::Document& document,
                  const std::vector<PageRange>& ranges) {
  for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
    const auto page = document.first_page() + n;
    const bool wanted =
        page == 0 || ranges.empty() || std::ranges::any_of(ranges, [&](const PageRange& range) {
          return range.first <= page && page <= range.last;
        });
    if (wanted) file.pages.push_back(page);
  }
  if (file.pages.empty())
    file.problem = fmt::format("it has {}, and none of those asked for",
                               plural(document.pages.size(), "page"));
}

}  // namespace

std::vector<PageRange> parse_pages(const std::string& text) {
  std::vector<PageRange> ranges;
  std::string_view rest{text};
  while (!rest.empty()) {
    const auto word = rest.substr(0, rest.find(','));
    const bool last = word.size() == rest.size();
    rest.remove_prefix(last ? rest.size() : word.size() + 1);
    const auto dash = word.find('-');
    PageRange range;
    range.first = parse_page(word.substr(0, dash), text);
    range.last =
        dash == std::string_view::npos ? range.first : parse_page(word.substr(dash + 1), text);
    if (range.last < range.first || (!last && rest.empty())) (void)parse_page("", text);
    ranges.push_back(range);
  }
  return ranges;
}

NamedFiles look_into(const std::vector<fs::path>& named, const std::vector<PageRange>& pages,
                     const Job& job) {
  NamedFiles found;
  found.root = job.corpus.root;
  page::Reader reader;
  std::vector<corpus::Document> documents;
  std::vector<DocumentId> ids;
  for (const auto& file : named) {
    if (stop::requested() != stop::Request::none)
      throw Stopped{"stopped before all files were looked into"};
    auto path = path_of(file, found.root);
    if (std::ranges::any_of(documents, [&](const auto& document) { return document.path == path; }))
      continue;
    documents.push_back(document_of(reader, job, found.root, std::move(path)));
    ids.push_back(documents.back().id);
    choose_pages(found.files.emplace_back(NamedFile{file, 0, {}, {}}), documents.back(), pages);
  }
  found.manifest = corpus::Manifest{std::move(documents)};
  for (std::size_t n = 0; n < ids.size(); ++n)
    found.files[n].document = static_cast<std::uint32_t>(found.manifest.find(ids[n]));
  return found;
}

}  // namespace pecia::app
