#pragma once

#include <tesseract/baseapi.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/page/image.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::engine {

/// The place among a page's languages, from 1, of the one that a model of Tesseract stands for: "script/Latin" for "Latin",
/// "jpn_vert", which "jpn" brings along, for "jpn". 0: for none.
[[nodiscard]] std::uint32_t place_of_model(std::string_view model, const std::vector<std::string>& languages);

/// What Tesseract recognised, in reading order: its own text (as `tesseract ... txt` gives it), with
/// paragraphs as blocks, lines and words located in it. Boxes are mapped by `to_page` from the pixels it was given. Where it
/// was given several `languages`, each word has the one whose model read it.
[[nodiscard]] result::Reading reading_of(tesseract::TessBaseAPI& api, const page::Affine& to_page, const std::vector<std::string>& languages);

}  // namespace pecia::engine
