#pragma once

#include <podofo/podofo.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pdf_page.hpp"
#include "pdf_repair.hpp"
#include "pecia/base/step.hpp"
#include "poppler_raster.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// A PDF, opened by whichever way leads in: PoDoFo; qpdf's repair and PoDoFo; Poppler alone. PoDoFo
/// gives the structure and embedded images, Poppler whatever must be rasterised. What had to be
/// done is kept as steps "pdf"; the usual way has none.
class OpenedPdf {
 public:
  /// Throws PageError if no way leads to a page, and for wrappings around what is no page. `bytes`
  /// outlive it.
  OpenedPdf(std::span<const std::byte> bytes, std::string password);

  /// As PoDoFo finds them; empty if only Poppler can open the document.
  [[nodiscard]] const std::vector<PdfPageNode>& pages() const { return tree_.pages; }
  [[nodiscard]] std::uint32_t page_count();
  /// Of the pages; only if there are `pages()`.
  [[nodiscard]] PoDoFo::PdfMemDocument& document() { return *document_; }
  /// Opened when it is first asked for; its pages are `pages()`. Throws PageError, also where it counts other ones.
  [[nodiscard]] PopplerPdf& poppler();
  [[nodiscard]] const Steps& steps() const { return steps_; }
  /// Besides, of what is taken from poppler(), once that is open.
  [[nodiscard]] const Steps& poppler_steps() const { return poppler_steps_; }

 private:
  bool open_with_podofo(std::span<const std::byte> bytes, const std::string& password);
  void repair_and_open();
  void open_poppler_alone();
  void open_poppler_as_podofo();
  void rasterise_repaired(const std::string& why);
  void refuse_wrappings();
  void note(std::string detail) { steps_.push_back({"pdf", std::move(detail)}); }
  [[noreturn]] void fail(const PageError& of_poppler) const;

  std::span<const std::byte> bytes_;
  std::string password_;
  std::string refusal_;                  ///< of PoDoFo, "" if it opened the document
  std::optional<PageError> unrepaired_;  ///< why the repair failed
  std::optional<RepairedPdf> repaired_;
  std::unique_ptr<PoDoFo::PdfMemDocument> document_;
  PdfPageTree tree_;
  std::optional<PopplerPdf> poppler_;
  std::optional<PageError> no_poppler_;  ///< why there can be none
  Steps steps_, poppler_steps_;
};

/// Throws PageError if the document is a portfolio or a form of XFA that has no page of its own.
/// Returns what else there is to say of it: that it has attached files that are not read.
[[nodiscard]] std::string refuse_wrapping(PoDoFo::PdfMemDocument& document,
                                          const std::vector<PdfPageNode>& pages);

}  // namespace pecia::page
