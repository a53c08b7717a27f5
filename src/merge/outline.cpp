#include "pecia/merge/outline.hpp"

#include "clean_text.hpp"

namespace pecia::merge {

Outline outline_of(const corpus::Document& document) {
  Outline outline;
  outline.entries.reserve(document.outline.entries.size());
  for (const auto& entry : document.outline.entries)
    outline.entries.push_back({entry.level, CleanText{entry.title}.text(), entry.page - 1});
  outline.page_labels = corpus::page_labels(document.outline, document.pages.size());
  for (auto& label : outline.page_labels) label = CleanText{label}.text();
  return outline;
}

}  // namespace pecia::merge
