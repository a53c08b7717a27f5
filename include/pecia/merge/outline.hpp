#pragma once

#include "pecia/corpus/document.hpp"
#include "pecia/merge/book.hpp"

namespace pecia::merge {

/// What the manifest knows that a document says of its parts. Texts are made fit for every format,
/// as those of pages are.
[[nodiscard]] Outline outline_of(const corpus::Document& document);

}  // namespace pecia::merge
