#pragma once

#include <filesystem>
#include <string>

#include "pecia/corpus/manifest.hpp"
#include "pecia/store/record.hpp"
#include "pecia/store/run.hpp"
#include "pecia/store/writer.hpp"

namespace pecia::test {

/// A page of the document `id` with a text of its own, words and an earlier attempt.
inline result::PageOutcome made_outcome(std::uint32_t page, result::State state = result::State::ok) {
  result::PageOutcome outcome;
  outcome.state = state;
  outcome.engine = "echo";
  outcome.languages = "eng+deu";
  outcome.seconds = 1.5F;
  outcome.geometry.page_width_px = 1000;
  outcome.geometry.raster_width_px = 500;
  if (state == result::State::failed) {
    outcome.reason = Reason::timeout;
    outcome.detail = "parsing took too long";
  } else {
    outcome.reading.text = "Überschrift of page " + std::to_string(page) + "\n";
    outcome.reading.confidence = 0.75F;
    outcome.reading.words.push_back({{1, 2, 30, 40}, 0, 12, 0.5F});
    outcome.reading.lines.push_back({{1, 2, 30, 40}, 0, 20, 0.5F});
  }
  if (page % 3 == 0) outcome.attempts.push_back({"echo", Reason::engine_crashed, "killed", 0.5F});
  return outcome;
}

/// The same as a model might have read it: with blocks of every kind, its weights, and rungs of the ladder.
inline result::PageOutcome made_model_outcome(std::uint32_t page, result::State state = result::State::ok) {
  auto outcome = made_outcome(page, state);
  outcome.engine = "deepseek_ocr2";
  outcome.fingerprint = "weights " + std::to_string(page % 2);
  outcome.rung = static_cast<result::Rung>(page % 5);
  outcome.reading.finish_reason = static_cast<result::FinishReason>(1 + page % 4);
  for (auto& attempt : outcome.attempts) {
    attempt.rung = result::Rung::stronger_guard;
    attempt.finish_reason = result::FinishReason::repeats;
  }
  for (std::uint32_t n = 0; n < page % 4 && !outcome.reading.text.empty(); ++n) {
    auto& block = outcome.reading.blocks.emplace_back();
    block.text_begin = 0;
    block.text_end = 12;
    block.confidence = 0.25F;
    block.kind = static_cast<result::BlockKind>(n);
    block.label = n == 1 ? "image" : "text";
    block.unparsed = n == 2;
    if (n == 1) block.boxes = {{1, 2, 3, 4}, {5, 6, 7, static_cast<float>(page + 6)}};
  }
  return outcome;
}

/// The same with all that may be done to a page recorded.
inline result::PageOutcome made_stepped_outcome(std::uint32_t page) {
  auto outcome = made_model_outcome(page);
  if (page % 3 != 0) outcome.steps.push_back({"pdf", "opened after a repair of page " + std::to_string(page) + " — \"xref\""});
  if (page % 2 == 0) outcome.steps.push_back({"deskew", "", std::array{.1 * page, -1.0 / 3, 1.0 / 3, .1, -2e-17, 1e9}});
  return outcome;
}

/// The same as read in two languages, word by word; not of every page they are told.
inline result::PageOutcome made_multilingual_outcome(std::uint32_t page) {
  auto outcome = made_stepped_outcome(page);
  if (page % 2 == 1) outcome.reading.words.push_back({{31, 2, 60, 40}, 14, 16, 0.5F, 2});
  if (page % 4 == 1) outcome.reading.words.front().language = 1;
  return outcome;
}

inline store::PageKey made_key(std::uint64_t document, std::uint32_t page) { return {{document}, 0, page}; }

inline Bytes encoded(const result::PageOutcome& outcome) {
  ByteWriter out;
  result::encode(out, outcome);
  return std::move(out).bytes();
}

/// A run directory with a manifest of documents 1..`documents` of `pages` pages each.
inline store::RunPaths made_run(const std::filesystem::path& folder, std::uint32_t documents, std::uint32_t pages) {
  const store::RunPaths run{folder / "run"};
  store::create_run_directory(run);
  std::vector<corpus::Document> all;
  for (std::uint32_t n = 1; n <= documents; ++n) {
    corpus::Document document;
    document.id = {n};
    document.path = "document " + std::to_string(n) + ".pdf";
    document.pages.resize(pages);
    all.push_back(document);
  }
  corpus::write_manifest_segment(run.manifest(), 1, all);
  return run;
}

inline store::WriterSettings writer_settings(const store::RunPaths& run, std::uint32_t epoch = 1, std::uint32_t rank = 0) {
  store::WriterSettings settings;
  settings.run = run;
  settings.epoch = epoch;
  settings.rank = rank;
  return settings;
}

/// Writes pages of one document with all that may be known of them, sealed or not.
inline store::Written write_multilingual_pages(const store::RunPaths& run, std::uint32_t epoch, std::uint32_t rank, std::uint64_t document,
                                               std::uint32_t pages, bool seal) {
  store::Writer writer{writer_settings(run, epoch, rank)};
  for (std::uint32_t page = 1; page <= pages; ++page) writer.append(made_key(document, page), 0, made_multilingual_outcome(page));
  return writer.close(seal);
}

/// Writes pages of one document as one rank's job, sealed or not.
inline store::Written write_pages(const store::RunPaths& run, std::uint32_t epoch, std::uint32_t rank, std::uint64_t document,
                                  std::uint32_t pages, bool seal) {
  store::Writer writer{writer_settings(run, epoch, rank)};
  for (std::uint32_t page = 1; page <= pages; ++page)
    writer.append(made_key(document, page), 0,
                  made_outcome(page, page % 4 == 0 ? result::State::failed : result::State::ok));
  return writer.close(seal);
}

}  // namespace pecia::test
