#pragma once

#include <span>

#include "pecia/merge/book.hpp"

namespace pecia::merge {

/// What a document mostly is, by the share of its letters that stand in paragraphs, and in tables and lines like "Name: ...".
[[nodiscard]] Kind kind_of(std::span<const PageModel> pages);

}  // namespace pecia::merge
