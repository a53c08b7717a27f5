#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "numbers.hpp"
#include "pecia/merge/page_model.hpp"

namespace pecia::merge {

/// Where a line stands; of a line without a place its share of its block, as evidence only.
struct LinePlace {
  std::uint32_t line = 0, block = 0;
  result::Box box;
  bool placed = false;
};

/// What is measured on a page. 0: not known.
struct PageLayout {
  bool placed = false;     ///< nearly all lines have a place, be it as a share of their block
  bool by_blocks = false;  ///< most of these are such shares
  float height_px = 0;
  float letter_px = 0;              ///< median height of lines
  float pitch_px = 0;               ///< median distance of lines that follow each other in a block
  float left_px = 0, right_px = 0;  ///< of the text area
};

/// Lines run across the page from its head to its foot, as far as is known. Places of others say nothing of head, foot and margins.
[[nodiscard]] bool is_upright(const PageModel& page);

/// Of all lines, in their order; without places where the page is not upright.
[[nodiscard]] std::vector<LinePlace> places_of(const PageModel& page);
[[nodiscard]] PageLayout layout_of(const PageModel& page, const std::vector<LinePlace>& places);

/// A line near the head or foot of a page, which may be no part of the text.
struct EdgeLine {
  std::uint32_t line = 0, block = 0;
  bool foot = false;
  int row = 0;                ///< from the edge; 0 is the outermost
  float y = -1;               ///< middle / page height; -1: not known
  float left = 0, right = 1;  ///< shares of the width of the text area
  float size = 0;             ///< height / page height
  float gap = 0;              ///< to the next line towards the middle, in distances of lines; 0: not known
  int beside = 0;             ///< lines in its row besides
  std::string key;            ///< its letters, folded
  std::string digits;         ///< the numbers in it, but for the page's
  struct Part {
    std::string key, digits;
  };
  std::vector<Part> parts;  ///< where it is the left and the right head in one: both
  std::vector<LineNumber> numbers;
  bool capitals = false;  ///< no lower case letter in it
  bool fills = false;     ///< as wide as lines of text, and one follows at the usual distance

  int repeats = 0;  ///< pages nearby that have it, too
  bool repeats_earlier = false;
  int repeats_with_number = 0;  ///< of these, with their page's number in the same row
  float repeats_size = 0;       ///< sum of their sizes

  Role role = Role::paragraph;  ///< what it was found to be
  std::string evidence;
  [[nodiscard]] bool found() const noexcept { return role != Role::paragraph; }
};

/// A page as its neighbours are compared with it.
struct PageEdges {
  PageLayout layout;
  std::vector<EdgeLine> lines;  ///< of the head, then of the foot, each from the edge
  std::string printed_number;   ///< where found
  bool compared = false;        ///< it was read and has text
  bool prose = false;           ///< a good part of its lines are long, not labels of a map or cells of a table
};

[[nodiscard]] PageEdges edges_of(const PageModel& page);

/// The upper of the two in the middle where they are even in number; 0 of none.
[[nodiscard]] float median(std::vector<float> values);
/// Median over pages of the height of lines as a share of the page's; 0: not known.
[[nodiscard]] float usual_letters(std::span<const PageEdges> pages);

/// Lines of these are never running heads.
[[nodiscard]] constexpr bool has_running_text(Role role) noexcept {
  return role != Role::table && role != Role::figure && role != Role::formula;
}

}  // namespace pecia::merge
