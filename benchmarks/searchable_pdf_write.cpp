#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pdf_export.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/export/pdf_messages.hpp"
#include "pecia/store/contents.hpp"

using namespace pecia;

namespace {

nlohmann::json to_json(const result::Box& box) { return {box.x0, box.y0, box.x1, box.y1}; }

/// The words and lines that go into a PDF, as they were read: what extraction is compared with.
nlohmann::json placed(const merge::Book& book, const exporting::PdfSettings& settings) {
  auto pages = nlohmann::json::array();
  for (std::size_t n = 0; n < book.pages.size(); ++n) {
    const auto page = exporting::pdf_page_of(book, n, settings);
    auto lines = nlohmann::json::array();
    for (const auto& line : page.lines) {
      auto words = nlohmann::json::array();
      for (const auto& word : line.words)
        words.push_back({{"text", word.text}, {"box", to_json(word.box)}, {"blank_after", word.blank_after}});
      lines.push_back({{"box", to_json(line.box)}, {"words", words}});
    }
    pages.push_back({{"number", page.number}, {"width_px", page.width_px}, {"height_px", page.height_px}, {"lines", lines}});
  }
  return pages;
}

nlohmann::json account_of(const std::string& path, const exporting::PdfResult& result, double seconds) {
  return {{"path", printable(path)},
          {"status", name(result.status)},
          {"reason", result.reason},
          {"pages", result.pages},
          {"pages_with_text", result.pages_with_text},
          {"pages_kept", result.pages_kept},
          {"pages_replaced", result.pages_replaced},
          {"pages_without_places", result.pages_without_places},
          {"lines_without_places", result.lines_without_places},
          {"words", result.words},
          {"pdfa", result.pdfa},
          {"not_pdfa", result.not_pdfa},
          {"warnings", result.warnings},
          {"bytes", result.bytes},
          {"seconds", seconds}};
}

struct Options {
  std::filesystem::path run, out, book;  ///< of a book: a PDF whose pages are the JPEG pages of the run, over and over
  std::string glob;
  std::uint32_t pages = 0;
  bool words = false;
  exporting::PdfSettings settings;
};

Options options_of(const std::vector<std::string>& arguments) {
  Options options{arguments.at(0), arguments.at(1), {}, {}, 0, false, {}};
  for (std::size_t n = 2; n < arguments.size(); ++n) {
    const auto& argument = arguments[n];
    if (argument == "--pdfa")
      options.settings.pdfa = true;
    else if (argument == "--linearize")
      options.settings.linearize = true;
    else if (argument == "--keep")
      options.settings.text_layers = exporting::PdfSettings::TextLayers::keep;
    else if (argument == "--break-signatures")
      options.settings.break_signatures = true;
    else if (argument == "--words")
      options.words = true;
    else if (argument == "--glob")
      options.glob = arguments.at(++n);
    else if (argument == "--book")
      options.book = arguments.at(++n);
    else if (argument == "--pages")
      options.pages = static_cast<std::uint32_t>(std::stoul(arguments.at(++n)));
    else
      throw UsageError{argument + " is no option"};
  }
  return options;
}

class Bench {
 public:
  explicit Bench(Options options)
      : options_{std::move(options)},
        run_{options_.run},
        job_{app::load_job(run_.job(), {})},
        manifest_{corpus::load_manifest(run_.manifest())},
        contents_{run_} {}

  void documents() {
    const auto write = app::pdf_writer(job_, corpus::root_of(job_.corpus));
    merge::for_each_document(manifest_, contents_, [&](const merge::Document& document) {
      if (!options_.glob.empty() && !glob_match(options_.glob, document.path)) return;
      const auto& listed = manifest_.documents()[static_cast<std::size_t>(manifest_.find(document.id))];
      tell(write, document, listed, options_.out / (document.path + ".pdf"));
    });
  }

  void book() {
    std::vector<merge::Page> read;
    merge::for_each_document(manifest_, contents_, [&](const merge::Document& document) {
      const auto& listed = manifest_.documents()[static_cast<std::size_t>(manifest_.find(document.id))];
      if (listed.format == corpus::Format::jpeg && document.complete()) read.push_back(document.pages.at(0));
    });
    require(!read.empty(), "the run has read no JPEG");
    merge::Document document;
    document.path = options_.book.filename().native();
    for (std::uint32_t n = 0; n < options_.pages; ++n) {
      document.pages.push_back(read[n % read.size()]);
      document.pages.back().number = n + 1;
      document.pages.back().outcome.geometry.page_dpi = 300;  // that of the book
    }
    struct stat status {};
    require(::stat(options_.book.c_str(), &status) == 0, "the book is not there");
    corpus::Document listed;
    listed.path = document.path;
    listed.format = corpus::Format::pdf;
    listed.size_bytes = static_cast<std::uint64_t>(status.st_size);
    listed.modified_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    listed.pages.resize(options_.pages);
    tell(app::pdf_writer(job_, options_.book.parent_path()), document, listed, options_.out);
  }

 private:
  void tell(const exporting::WritePdf& write, const merge::Document& document, const corpus::Document& listed,
            const std::filesystem::path& out) {
    const auto book = merge::bind(document);
    const auto begin = std::chrono::steady_clock::now();
    const auto result = write(book, listed, options_.settings, out);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    auto line = account_of(document.path, result, took.count());
    line["source_bytes"] = listed.size_bytes;
    if (options_.words) line["read"] = placed(book, options_.settings);
    fmt::print("{}\n", line.dump());
  }

  Options options_;
  store::RunPaths run_;
  app::Job job_;
  corpus::Manifest manifest_;
  store::Contents contents_;
};

}  // namespace

/// RUN OUT [--glob GLOB] [--pdfa] [--linearize] [--keep] [--break-signatures] [--words]: writes the documents of a run below
/// OUT as PDFs. RUN OUT --book PDF --pages N ...: a book whose pages are JPEG pages that the run has read. Prints a line of JSON for
/// each document: what became of it, and with --words what was read from it.
int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    if (arguments.size() < 2) throw UsageError{"say which run, and where to"};
    const auto options = options_of(arguments);
    Bench bench{options};
    if (options.book.empty())
      bench.documents();
    else
      bench.book();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_searchable_pdf_write: {}\n", error.what());
    return 1;
  }
}
