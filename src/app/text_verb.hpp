#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace pecia::app {

/// `pecia text RUN DOCUMENT [PAGE]` as asked for on the command line.
struct TextVerbOptions {
  std::filesystem::path run;          ///< or the job file that names it
  std::string document;               ///< a path, the end of one, or a glob
  std::optional<std::uint32_t> page;  ///< from 1; 0: of a document whose pages could not be counted
  bool raw = false;                   ///< pages as they were read, not merged
};

/// Prints a document's text, or a page's as it was read: from corpus.h5 where that has every outcome, else from shards and
/// journal. 0; 3 if the page, or one of the document's, failed or is not read yet; 2 if there is no such document or page.
[[nodiscard]] int text_verb(const TextVerbOptions& options);

}  // namespace pecia::app
