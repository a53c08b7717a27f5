#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pecia/corpus/document.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::corpus {

/// A page of A4 at 300 dpi with these marks.
inline PageEvidence measured(float transitions, float components, float coverage = 0.1F) {
  PageEvidence page{2480, 3508, Coding::jpeg, 300'000, 0};
  page.transitions = transitions;
  page.components = components;
  page.coverage = coverage;
  return page;
}

inline Document document(const std::string& path, std::vector<PageEvidence> pages) {
  Document made;
  made.id = document_id(path);
  made.path = path;
  made.pages = std::move(pages);
  return made;
}

}  // namespace pecia::corpus
