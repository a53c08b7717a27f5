#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pecia::app {

/// `pecia export RUN` as asked for on the command line.
struct ExportVerbOptions {
  std::filesystem::path run;  ///< or the job file that names it (needed for figures and PDFs of documents with a password)
  std::vector<std::string> formats{"md"};
  std::filesystem::path out;           ///< empty: export/ in the run
  std::vector<std::string> documents;  ///< globs; empty: all
  bool complete_only = false;
  int jobs = 0;  ///< 0: as many as there are cores to use
  bool force = false;
  bool figures = false;      ///< cut images out of the documents
  std::string per = "page";  ///< jsonl: or document
  std::string kind;          ///< of documents; empty: as the job's rules say, or found out
  bool no_merge = false;
  bool pdfa = false, linearize = false, break_signatures = false;
  std::string text_layers = "replace";  ///< of PDFs: or keep
  std::vector<std::string> keep;          ///< of `mergeable()`: left as it was read
  std::vector<std::string> dictionaries;  ///< folders; empty: the usual ones
};

/// What merging does, and --keep leaves undone: hyphens, paragraphs, ...
[[nodiscard]] const std::vector<std::string>& mergeable();

/// 0 every document is complete; 3 documents have gaps, which are named in their places, or could not be written for their
/// names; 75 if stopped: what is written is whole, and the same command goes on.
[[nodiscard]] int export_verb(const ExportVerbOptions& options);

}  // namespace pecia::app
