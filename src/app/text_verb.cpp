#include "text_verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "named_document.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/export/texts.hpp"
#include "pecia/merge/book.hpp"
#include "pecia/merge/outline.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/corpus_reader.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

constexpr int has_gaps = 3;

void check_page(const TextVerbOptions& options, const std::string& path, std::size_t pages) {
  if (!options.page || (pages == 0 && *options.page == 0) || (*options.page >= 1 && *options.page <= pages)) return;
  if (pages == 0) throw UsageError{fmt::format("the pages of {} could not be counted; page 0 says why", printable(path))};
  throw UsageError{fmt::format("{} has no page {}, but {}", printable(path), *options.page, plural(pages, "page"))};
}

/// The document, or the one page of it that was asked for.
merge::Document loaded(const TextVerbOptions& options, DocumentId id, const std::string& path, std::size_t pages,
                       const merge::LoadPage& load) {
  check_page(options, path, pages);
  if (!options.page) return merge::load_document(id, path, pages, load);
  const auto page = *options.page;
  auto one = merge::load_document(id, path, page == 0 ? 0 : 1, [&](std::uint32_t) { return load(page); });
  one.pages.front().number = page;
  return one;
}

/// A document's text, and what the document says of its parts.
struct Found {
  merge::Document document;
  merge::Outline outline;
};

/// Pages are put together, and not printed as they were read.
bool is_merged(const TextVerbOptions& options) { return !options.raw && !options.page; }

/// Nothing where the manifest has another state of the document: a run that goes on lists before it reads.
std::optional<merge::Outline> outline_of(const store::RunPaths& run, const store::IndexedDocument& indexed) {
  try {
    const auto known = corpus::find_document(run.manifest(), indexed.id);
    if (!known || known->revision != indexed.revision || known->path != indexed.path) return std::nullopt;
    return merge::outline_of(*known);
  } catch (const Error& error) {
    log::warning("{} (the text is printed without the document's outline)", error.what());
    return merge::Outline{};
  }
}

merge::Document loaded(const TextVerbOptions& options, const store::CorpusReader& reader, const store::IndexedDocument& document) {
  return loaded(options, document.id, document.path, document.pages,
                [&](std::uint32_t page) { return reader.load(document, page); });
}

/// Nothing where corpus.h5 does not have a document of just this name, or not as the manifest has it.
std::optional<Found> from_index(const TextVerbOptions& options, const std::string& path, const store::CorpusReader& reader,
                                const store::RunPaths& run) {
  const auto document = reader.find(path);
  if (!document) return std::nullopt;
  auto outline = outline_of(run, *document);
  if (!outline) return std::nullopt;
  return Found{loaded(options, reader, *document), *std::move(outline)};
}

merge::Document from_shards(const TextVerbOptions& options, const store::RunPaths& run, const corpus::Document& document) {
  const store::Contents contents{run};
  for (const auto& problem : contents.problems()) log::warning("{} (its pages count as not read; run pecia verify)", problem);
  const auto load = [&](std::uint32_t page) -> std::optional<result::PageOutcome> {
    const auto* row = contents.find({document.id, document.revision, page});
    if (row == nullptr) return std::nullopt;
    return contents.load(*row);
  };
  return loaded(options, document.id, document.path, document.pages.size(), load);
}

/// What a part of a name means is said by the manifest: it has documents that are listed and not read yet, too.
Found from_manifest(const TextVerbOptions& options, const std::optional<store::CorpusReader>& reader, const store::RunPaths& run) {
  corpus::Manifest manifest;
  try {
    manifest = corpus::load_manifest(run.manifest());
  } catch (const Error&) {  // what corpus.h5 has can be printed all the same
    auto found = reader ? from_index(options, named_document(reader->paths(), options.document), *reader, run) : std::nullopt;
    if (!found) throw;
    return *std::move(found);
  }
  std::vector<std::string> paths;
  for (const auto& document : manifest.documents()) paths.push_back(document.path);
  const auto path = named_document(paths, options.document);
  const auto& document = *std::ranges::find(manifest.documents(), path, &corpus::Document::path);
  auto outline = merge::outline_of(document);
  const auto indexed = reader ? reader->find(path) : std::nullopt;
  if (indexed && indexed->id == document.id && indexed->revision == document.revision)
    return {loaded(options, *reader, *indexed), std::move(outline)};
  return {from_shards(options, run, document), std::move(outline)};
}

bool is_missing(const merge::Page& page) { return page.pending || page.outcome.state == result::State::failed; }

}  // namespace

int text_verb(const TextVerbOptions& options) {
  const auto run = existing_run(options.run);
  const auto reader = store::CorpusReader::open_current(run);
  auto found = reader ? from_index(options, options.document, *reader, run) : std::nullopt;
  if (!found) found = from_manifest(options, reader, run);
  const auto& [document, outline] = *found;
  const auto text = is_merged(options) ? exporting::to_plain_text(merge::bind(document, {}, outline)) : exporting::to_plain_text(document);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw storage_error(errno, "cannot write to", "the standard output");
  return std::ranges::any_of(document.pages, is_missing) ? has_gaps : 0;
}

}  // namespace pecia::app
