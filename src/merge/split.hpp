#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pecia/merge/page_model.hpp"

namespace pecia::merge {

/// What a line is, other than the rest of its block.
struct LineRole {
  std::uint32_t line = 0;
  Role role = Role::paragraph;
  int level = 0;       ///< of a heading
  bool begins = true;  ///< a block of its own, not a part of that of the line before
  std::string evidence;
};

/// Gives lines their roles and makes blocks of their own of those that stand in a block with others. A part of a block
/// whose lines have no places keeps the block's: it stands somewhere in it.
void set_line_roles(PageModel& page, std::vector<LineRole> roles);

}  // namespace pecia::merge
