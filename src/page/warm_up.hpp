#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "document.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// All that documents may need of the machine, loaded before the process gives up its rights:
/// OpenSSL's providers, fontconfig, poppler's data and the tables of iconv, by a page that uses them.
class WarmUp {
 public:
  WarmUp();
  ~WarmUp();
  WarmUp(const WarmUp&) = delete;
  WarmUp& operator=(const WarmUp&) = delete;

  /// Fonts, fontconfig's own files, and poppler's data: what is still opened while documents are read.
  [[nodiscard]] static std::vector<std::filesystem::path> readable();

 private:
  std::string bytes_;
  std::unique_ptr<Document> document_;  ///< stays open: with its last document, Poppler forgets fonts and data
};

/// A PDF of one page that shows text in a font that it does not embed, and in one with a Chinese encoding.
[[nodiscard]] std::string warm_up_pdf();

}  // namespace pecia::page
