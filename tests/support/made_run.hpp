#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pecia/corpus/listing.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/store/run.hpp"
#include "pecia/store/writer.hpp"
#include "support/temp_folder.hpp"

namespace pecia::test {

inline result::PageOutcome read_outcome(std::string text) {
  result::PageOutcome outcome;
  outcome.state = result::State::ok;
  outcome.engine = "tesseract";
  outcome.languages = "eng";
  outcome.seconds = 1.5F;
  outcome.reading.text = std::move(text);
  outcome.reading.confidence = .9F;
  return outcome;
}

inline result::PageOutcome failed_outcome(Reason reason, std::string detail) {
  result::PageOutcome outcome;
  outcome.state = reason == Reason::not_a_document ? result::State::skipped : result::State::failed;
  outcome.reason = reason;
  outcome.detail = std::move(detail);
  return outcome;
}

inline result::PageOutcome blank_outcome() {
  auto outcome = read_outcome("");
  outcome.state = result::State::blank;
  return outcome;
}

/// A run directory as a job of one rank leaves it, without the job.
class MadeRun {
 public:
  MadeRun() {
    store::create_run_directory(paths_);
    go_on();
  }

  /// As another job on the run, after `finish`.
  void go_on() {
    epoch_ = store::take_next_epoch(paths_);
    store::WriterSettings settings;
    settings.run = paths_;
    settings.epoch = epoch_;
    writer_ = std::make_unique<store::Writer>(settings);
  }
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }

  [[nodiscard]] const store::RunPaths& paths() const noexcept { return paths_; }

  void add_document(const std::string& path, std::size_t pages, Reason problem = Reason::none) {
    corpus::Document document;
    document.id = corpus::document_id(path);
    document.path = path;
    document.problem = problem;
    document.pages.resize(pages);
    documents_.push_back(std::move(document));
  }
  /// For what else the manifest is to say of them.
  [[nodiscard]] std::vector<corpus::Document>& documents() noexcept { return documents_; }
  void commit(const std::string& path, std::uint32_t page, const result::PageOutcome& outcome,
              std::uint32_t generation = 0) {
    writer_->append({corpus::document_id(path), 0, page}, generation, outcome);
  }
  /// Writes the manifest and closes the journal, or makes a shard of it.
  void finish(bool seal = false) {
    corpus::write_manifest_segment(paths_.manifest(), epoch_, documents_);
    writer_->close(seal);
  }

 private:
  TempFolder folder_;
  store::RunPaths paths_{folder_.path() / "run"};
  std::uint32_t epoch_ = 0;
  std::unique_ptr<store::Writer> writer_;
  std::vector<corpus::Document> documents_;
};

}  // namespace pecia::test
