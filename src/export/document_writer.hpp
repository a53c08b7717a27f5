#pragma once

#include <cstddef>
#include <mutex>

#include "document_files.hpp"
#include "ordered_output.hpp"
#include "pecia/export/export.hpp"
#include "pecia/export/texts.hpp"
#include "plan.hpp"

namespace pecia::exporting {

/// A document with what is to be written of it, on its way from the thread that reads to one that writes.
struct Task {
  std::size_t position = 0;  ///< in `OrderedOutput`
  const Todo* todo = nullptr;
  const corpus::Document* known = nullptr;
  std::string name;  ///< of `export_names`
  merge::Document document;
  DocumentEntry entry;  ///< what an earlier export wrote of it
  ImageLinks figures;
  std::uint64_t weight = 0;
};

/// Binds and writes documents, for several threads, and adds up what it wrote.
class DocumentWriter {
 public:
  DocumentWriter(const ExportSettings& settings, ExportReport& report) : settings_{settings}, report_{report} {}

  /// Before the task is handed on: the figures, by the thread that may crop.
  void write_figures(Task& task);
  /// Throws `Error` where a file cannot be written, other than for its name.
  [[nodiscard]] Finished operator()(Task& task);

  /// Counts a document by its entry.
  void count(const DocumentEntry& entry);

 private:
  void write_formats(Task& task, const merge::Book& book);
  FormatEntry write_format(Task& task, const std::string& format, const merge::Book& book);
  FormatEntry write_pdf(const Task& task, const merge::Book& book);
  /// What was written in place of what an earlier export wrote: files of that which are none of it are removed, but for `kept`.
  void put(Task& task, FormatEntry entry, const std::vector<std::string>& kept = {});
  [[nodiscard]] std::uint64_t digest(const Task& task, std::string_view format) const;
  void note(const Task& task, std::string_view format, const std::string& reason, std::vector<std::string>& notes);

  const ExportSettings& settings_;
  ExportReport& report_;
  std::mutex mutex_;  ///< guards the report
};

/// The states of a document's pages, and by them its state.
void set_states(DocumentEntry& entry, const merge::Document& document);
void set_state(DocumentEntry& entry);

/// What a document takes in memory on its way, about.
[[nodiscard]] std::uint64_t memory_of(const merge::Document& document);

}  // namespace pecia::exporting
