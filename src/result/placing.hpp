#pragma once

#include <span>
#include <vector>

#include "matching.hpp"
#include "pecia/result/align.hpp"

namespace pecia::result::aligning {

/// Gives words and lines of the text their boxes, and counts. `matches`: in the order of the text, no atom of either side twice.
[[nodiscard]] AlignedWords place(const Reading& text, const Reading& boxes, std::span<const Atom> text_atoms,
                                 std::span<const Atom> box_atoms, std::span<const Match> matches);

}  // namespace pecia::result::aligning
