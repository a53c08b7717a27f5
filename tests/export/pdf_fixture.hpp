#pragma once

#include <fcntl.h>
#include <poppler-document.h>
#include <poppler-image.h>
#include <poppler-page-renderer.h>
#include <poppler-page.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFJob.hh>
#include <qpdf/QPDFLogger.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <sstream>

#include "maker.hpp"
#include "page/reader_fixture.hpp"

namespace pecia::test {

using exporting::PdfLine;
using exporting::PdfOrder;
using exporting::PdfPage;
using exporting::PdfResult;
using exporting::PdfSettings;
using exporting::PdfWord;

inline PdfWord word_at(std::string text, float x0, float y0, float x1, float y1, bool blank_after = true) {
  return {std::move(text), {x0, y0, x1, y1}, blank_after};
}

inline PdfLine line_of(std::vector<PdfWord> words) {
  auto box = words.front().box;
  for (const auto& word : words)
    box = {std::min(box.x0, word.box.x0), std::min(box.y0, word.box.y0), std::max(box.x1, word.box.x1), std::max(box.y1, word.box.y1)};
  return {box, std::move(words)};
}

/// Documents of PageReaderTest made searchable in this process, and looked at by Poppler and libqpdf.
class PdfTest : public PageReaderTest {
 protected:
  /// As the run would say of a page: its place from `pecia-page`.
  PdfPage page_of(const Source& from, std::vector<PdfLine> lines, std::uint32_t number = 1) {
    const auto found = reader_.info(from, number);
    if (const auto* failure = std::get_if<Failure>(&found)) throw std::runtime_error{failure->detail};
    const auto& info = std::get<PageInfo>(found);
    PdfPage page;
    page.number = number;
    page.act = PdfPage::Act::replace;
    page.width_px = static_cast<float>(std::lround(info.width_px));
    page.height_px = static_cast<float>(std::lround(info.height_px));
    page.dpi = static_cast<float>(info.page_dpi);
    page.embedded = info.embedded;
    page.lines = std::move(lines);
    return page;
  }

  PdfResult write(const Source& from, const std::vector<PdfPage>& pages, const PdfSettings& settings = {},
                  const std::string& name = "out.pdf") {
    out_ = folder_.path() / name;
    std::string head(1024, '\0');
    std::ifstream{from.file, std::ios::binary}.read(head.data(), static_cast<std::streamsize>(head.size()));
    PdfOrder order{corpus::detect_format(std::as_bytes(std::span{head})), from.password, "made", static_cast<std::uint32_t>(pages.size()),
                   settings};
    auto source = open_for_reading(from.file);
    auto maker = order.format == corpus::Format::pdf ? exporting::pdf::open_pdf(std::move(source), order)
                                                     : exporting::pdf::open_image(std::move(source), order);
    for (const auto& page : pages) maker->add(page);
    const UniqueFd out{::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    return maker->finish(out.get());
  }

  [[nodiscard]] Source written() const { return {out_, corpus::Format::unknown, {}}; }
  [[nodiscard]] std::string bytes() const { return read_file(out_); }

  /// What Poppler extracts, in the order of the contents; a line each.
  [[nodiscard]] std::vector<std::string> lines(int page = 1) const {
    const auto document = open(out_);
    const std::unique_ptr<poppler::page> shown{document->create_page(page - 1)};
    const auto text = shown->text({}, poppler::page::raw_order_layout).to_utf8();
    std::vector<std::string> found;
    std::string one;
    for (std::istringstream in{{text.begin(), text.end()}}; std::getline(in, one);) {
      std::erase(one, '\f');
      if (!one.empty()) found.push_back(one);
    }
    return found;
  }

  /// The pixels of a page as Poppler paints it.
  static std::string look(const std::filesystem::path& file, double dpi, int page = 1) {
    const auto document = open(file);
    const std::unique_ptr<poppler::page> shown{document->create_page(page - 1)};
    poppler::page_renderer renderer;
    renderer.set_render_hint(poppler::page_renderer::antialiasing, true);
    renderer.set_render_hint(poppler::page_renderer::text_antialiasing, true);
    const auto image = renderer.render_page(shown.get(), dpi, dpi);
    return {image.const_data(), static_cast<std::size_t>(image.bytes_per_row()) * static_cast<std::size_t>(image.height())};
  }

  /// `qpdf --check`: empty, or what it finds.
  static std::string check(const std::filesystem::path& file) {
    QPDFJob job;
    std::ostringstream said;
    const auto logger = QPDFLogger::create();
    logger->setOutputStreams(&said, &said);
    job.setLogger(logger);
    const char* const arguments[] = {"qpdf", "--check", file.c_str(), nullptr};
    job.initializeFromArgv(arguments);
    job.run();
    return job.getExitCode() == 0 ? "" : said.str();
  }

  static std::unique_ptr<poppler::document> open(const std::filesystem::path& file) {
    std::unique_ptr<poppler::document> document{poppler::document::load_from_file(file)};
    if (!document) throw std::runtime_error{file.string() + " is not opened by Poppler"};
    return document;
  }

  std::filesystem::path out_;
};

/// The words of a line, in any order.
inline std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in{line};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  std::ranges::sort(words);
  return words;
}

}  // namespace pecia::test
