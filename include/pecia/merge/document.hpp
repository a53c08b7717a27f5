#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pecia/corpus/manifest.hpp"
#include "pecia/result/outcome.hpp"
#include "pecia/store/contents.hpp"

namespace pecia::merge {

/// A page of a document: its outcome, or that it has none yet.
struct Page {
  std::uint32_t number = 0;  ///< from 1; 0 for a document whose pages could not be counted
  bool pending = false;      ///< the run has not read it yet; `outcome` is empty
  bool damaged = false;      ///< its record could not be loaded; `outcome` is a failure that says so
  result::PageOutcome outcome;
};

/// A document put together again, all pages in order.
struct Document {
  DocumentId id;
  std::string path;  ///< relative to the corpus root, any bytes
  std::vector<Page> pages;
  [[nodiscard]] bool complete() const noexcept;  ///< every page ok, ok_fallback or blank
};

/// Calls `use` for every document of the manifest in its order, one in memory at a time. A record
/// that cannot be loaded is data (`Page::damaged`), not an exception.
void for_each_document(const corpus::Manifest& manifest, const store::Contents& contents,
                       const std::function<void(const Document&)>& use);

}  // namespace pecia::merge
