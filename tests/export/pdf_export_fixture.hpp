#pragma once

#include <sys/stat.h>

#include "export/pdf_fixture.hpp"
#include "pdf_export.hpp"
#include "pecia/export/pdf_messages.hpp"

namespace pecia::app {

using namespace test;

using exporting::PdfSettings;
using Status = exporting::PdfResult::Status;

inline const std::filesystem::path sample = std::filesystem::path{PECIA_SOURCE_DIR} / "jobs" / "sample";
inline const std::filesystem::path odd = std::filesystem::path{PECIA_TEST_DATA} / "odd";

/// A document as a run would know it that has read the same four words from each of its pages.
class PdfExportTest : public PdfTest {
 protected:
  struct Read {
    corpus::Document listed;
    merge::Document document;
  };

  Read read_of(const std::filesystem::path& root, const std::string& path, const std::string& password = {}) {
    struct stat status {};
    EXPECT_EQ(::stat((root / path).c_str(), &status), 0) << path;
    Read read;
    const Source from{root / path, corpus::Format::unknown, password};
    const auto probe = reader_.count_pages(from);
    read.listed.id = corpus::document_id(path);
    read.listed.path = path;
    read.listed.size_bytes = static_cast<std::uint64_t>(status.st_size);
    read.listed.modified_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    read.listed.format = probe.format;
    read.listed.problem = probe.problem;
    read.listed.pages = probe.pages;
    read.document.id = read.listed.id;
    read.document.path = path;
    for (std::uint32_t n = 1; n <= probe.pages.size(); ++n) read.document.pages.push_back(page_at(from, n));
    return read;
  }

  exporting::PdfResult write(const Read& read, const std::filesystem::path& root, const PdfSettings& settings = {}) {
    out_ = folder_.path() / "out" / (read.listed.path + ".pdf");
    return pdf_writer(job_, root)(merge::bind(read.document), read.listed, settings, out_);
  }

  Job job_;

 private:
  merge::Page page_at(const Source& from, std::uint32_t number) {
    merge::Page page;
    page.number = number;
    const auto found = reader_.info(from, number);
    if (!std::holds_alternative<PageInfo>(found)) {
      page.outcome.state = result::State::failed;
      return page;
    }
    const auto& info = std::get<PageInfo>(found);
    auto& outcome = page.outcome;
    outcome.state = result::State::ok;
    outcome.engine = "tesseract";
    outcome.geometry.page_width_px = static_cast<float>(std::lround(info.width_px));
    outcome.geometry.page_height_px = static_cast<float>(std::lround(info.height_px));
    outcome.geometry.page_dpi = static_cast<float>(info.page_dpi);
    outcome.geometry.embedded = info.embedded;
    outcome.reading.text = "the first line";
    const float w = outcome.geometry.page_width_px, h = outcome.geometry.page_height_px;
    result::Block block;
    block.box = {.1F * w, .1F * h, .8F * w, .14F * h};
    block.text_end = 14;
    outcome.reading.blocks.push_back(block);
    outcome.reading.lines.push_back(block);
    const std::array<std::pair<std::uint32_t, std::uint32_t>, 3> words{{{0, 3}, {4, 9}, {10, 14}}};
    for (const auto& [begin, end] : words) {
      result::Part word;
      word.text_begin = begin;
      word.text_end = end;
      word.box = {(.1F + .05F * static_cast<float>(begin)) * w, .1F * h, (.1F + .05F * static_cast<float>(end)) * w, .14F * h};
      outcome.reading.words.push_back(word);
    }
    return page;
  }
};

}  // namespace pecia::app
