#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
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

/// The outcome of a page by its number; nothing: it has none yet. May throw where its record is damaged.
using LoadPage = std::function<std::optional<result::PageOutcome>(std::uint32_t page)>;
/// One document with all its pages. `pages`: of the file; 0: they could not be counted. A record that cannot be loaded is
/// data (`Page::damaged`), not an exception.
[[nodiscard]] Document load_document(DocumentId id, std::string_view path, std::size_t pages, const LoadPage& load);
[[nodiscard]] Document load_document(const corpus::Document& known, const store::Contents& contents);

/// Calls `use` for every document of the manifest in its order, one in memory at a time. A record
/// that cannot be loaded is data (`Page::damaged`), not an exception.
void for_each_document(const corpus::Manifest& manifest, const store::Contents& contents,
                       const std::function<void(const Document&)>& use);

}  // namespace pecia::merge
