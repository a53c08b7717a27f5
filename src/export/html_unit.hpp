#pragma once

#include <string>
#include <vector>

#include "format.hpp"
#include "xml.hpp"
#include "xml_languages.hpp"

namespace pecia::exporting {

/// What all units of a document's page have in common.
struct HtmlSettings {
  std::string language;  ///< BCP 47; empty: not known
  bool right_to_left = false;
};

/// The marks of pages that begin: `<span class="page" id="page-7">`, with a notice behind it where the page has no text.
/// They may stand among text.
class PageMarks {
 public:
  explicit PageMarks(const merge::Book& book) : book_{book} {}
  /// Of all pages up to this one (of `Book::pages`) that have none yet, as children of a document.
  [[nodiscard]] pugi::xml_document up_to(std::uint32_t page);
  [[nodiscard]] pugi::xml_document rest() { return book_.pages.empty() ? pugi::xml_document{} : up_to(last()); }

 private:
  [[nodiscard]] std::uint32_t last() const { return static_cast<std::uint32_t>(book_.pages.size()) - 1; }

  const merge::Book& book_;
  std::uint32_t next_ = 0;
};

/// A unit as an element, with marks of the pages that begin in it.
void add_unit(pugi::xml_node parent, const merge::Book& book, const merge::Unit& unit, const WriteContext& context,
              const HtmlSettings& settings, PageMarks& marks);

}  // namespace pecia::exporting
