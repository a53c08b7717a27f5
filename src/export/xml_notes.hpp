#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gaps.hpp"
#include "pecia/merge/book.hpp"
#include "xml_languages.hpp"

namespace pecia::exporting {

/// "complete", "failed", ... of a page, for programs: its state, or "pending".
[[nodiscard]] std::string_view state_of(const merge::Page& page);
/// How finely places are known, as a sentence.
[[nodiscard]] std::string_view sentence_of(merge::Places places);
/// "pecia 0.1.0"
[[nodiscard]] std::string software();
/// Of the document that was read, without its folders, as it can be printed.
[[nodiscard]] std::string file_name_of(const merge::Book& book);
/// All languages of the book's pages, each once.
[[nodiscard]] std::vector<Language> languages_of(const merge::Book& book);
/// "tesseract (its fingerprint)", each once.
[[nodiscard]] std::vector<std::string> engines_of(const merge::Book& book);

}  // namespace pecia::exporting
