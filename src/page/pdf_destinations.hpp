#pragma once

#include <podofo/podofo.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "pdf_page.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// Finds the page that an entry of the outline leads to (ISO 32000-1, 12.3.2). Names are read when
/// they are first asked for.
class Destinations {
 public:
  Destinations(PoDoFo::PdfMemDocument& document, std::span<const PdfPageNode> pages);

  /// Number of the page, 0 if the entry leads nowhere in the document.
  [[nodiscard]] std::uint32_t page_of(PoDoFo::PdfObject& entry);

 private:
  [[nodiscard]] std::uint32_t page_in(PoDoFo::PdfObject& destination) const;
  PoDoFo::PdfObject* named(const std::string& name);
  void read_names();
  void read_pairs(PoDoFo::PdfObject& pairs);

  PoDoFo::PdfMemDocument& document_;
  std::map<PoDoFo::PdfReference, std::uint32_t> numbers_;  ///< of a page listed twice: its first
  std::map<std::string, PoDoFo::PdfObject*> names_;
  bool names_read_ = false;
};

/// Pages at which the entries of the outline's top level lead, ascending, each once.
[[nodiscard]] std::vector<std::uint32_t> chapters_of(PoDoFo::PdfMemDocument& document,
                                                     Destinations& destinations);
/// The outline with its titles, in its order. An entry that leads nowhere has the page of the first
/// below it that leads somewhere; where there is none, and where it has no title, it is left out.
/// Bounded as `corpus::Outline` is; loops end.
[[nodiscard]] std::vector<corpus::OutlineEntry> outline_of(PoDoFo::PdfMemDocument& document,
                                                           Destinations& destinations);
/// The page labels (ISO 32000-1, 12.4.2), unless they are just the numbers of the pages, or more
/// than are taken.
[[nodiscard]] std::vector<corpus::LabelRange> page_labels_of(PoDoFo::PdfMemDocument& document,
                                                             std::size_t pages);

/// The text of a string for people in UTF-8, as its first bytes say: UTF-16, UTF-8 or
/// PDFDocEncoding (ISO 32000-2, 7.9.2.2). Empty for what is no string.
[[nodiscard]] std::string utf8_of(PoDoFo::PdfObject* value);
/// A value that stands in an array, which does not know its document.
[[nodiscard]] PoDoFo::PdfObject* element_of(PoDoFo::PdfObject& value,
                                            PoDoFo::PdfVecObjects& objects);

}  // namespace pecia::page
