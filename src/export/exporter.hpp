#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "budget.hpp"
#include "crew.hpp"
#include "document_writer.hpp"
#include "ordered_output.hpp"
#include "pecia/base/file.hpp"
#include "pecia/export/export.hpp"
#include "plan.hpp"

namespace pecia::exporting {

/// One export, from one snapshot of the run. The calling thread alone reads the run (HDF5 is for one thread); others bind
/// and write. Used once.
class Exporter {
 public:
  Exporter(const store::RunPaths& run, const store::Contents& contents, const ExportSettings& settings, bool alone);
  [[nodiscard]] ExportReport operator()();

 private:
  void clear_the_way() const;
  void mark_as_begun();
  void go_through_documents(Crew<Task>& crew);
  /// The lines of a document that was not asked for.
  void keep(std::size_t position, std::optional<std::string> lines);
  /// Whatever of the document need not be loaded.
  void pass_by(std::size_t position, DocumentEntry entry, std::optional<std::string> lines);
  [[nodiscard]] bool take(std::uint64_t bytes, const Crew<Task>& crew);
  void load(std::size_t position, const corpus::Document& document, Crew<Task>& crew);
  [[nodiscard]] std::optional<std::string> known_lines(const Todo& todo) const;
  [[nodiscard]] DocumentEntry known_entry(std::size_t position) const;
  [[nodiscard]] std::uint64_t expected_bytes(const corpus::Document& document) const;
  enum class End { whole, stopped, failed };
  void note_left(const std::vector<DocumentId>& listed, End end);
  enum class Files { as_they_were, renamed };
  /// The line of export.json of a document that is known. `begun`: what is to be written of it counts no longer as up to date.
  [[nodiscard]] std::string earlier_line(DocumentId id, Files files, bool begun) const;
  void finish(End end);
  [[nodiscard]] std::vector<std::string> unlisted_after(End end) const;
  [[nodiscard]] std::vector<LinesFile> lines_files(bool whole);
  [[nodiscard]] std::string summary_json() const;
  void tell_progress();

  const store::Contents& contents_;
  const ExportSettings& settings_;
  Plan plan_;
  ExportReport report_;
  DocumentWriter writer_;
  Budget budget_;
  bool alone_;  ///< no other export writes to the folder
  UniqueFd lines_that_are_there_;
  std::unique_ptr<OrderedOutput> output_;
  bool writes_lines_ = false;
  std::atomic<std::uint64_t> documents_done_ = 0, pages_done_ = 0;
  std::uint64_t all_documents_ = 0, all_pages_ = 0;
  double bytes_per_page_;  ///< of documents that were loaded
};

}  // namespace pecia::exporting
