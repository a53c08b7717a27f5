#include "page_xml_regions.hpp"

#include <fmt/format.h>

#include "xml_languages.hpp"
#include "xml_rows.hpp"

namespace pecia::exporting {
namespace {

using merge::Role;

/// PAGE's TextTypeSimpleType.
std::string_view type_of(const merge::Block& block, PixelSize size) {
  switch (block.role) {
    case Role::paragraph:
    case Role::list_item: return "paragraph";
    case Role::heading: return "heading";
    case Role::caption: return "caption";
    case Role::footnote: return "footnote";
    case Role::marginal: return "marginalia";
    case Role::running_head: return is_above(block, size) ? "header" : "footer";
    case Role::page_number: return "page-number";
    case Role::catchword: return "catch-word";
    case Role::signature: return "signature-mark";
    case Role::table:
    case Role::figure:
    case Role::formula: break;
  }
  return "other";
}

/// As Transkribus and others write it: "structure {type:heading; level:2;}".
std::string custom_of(const merge::Block& block) {
  auto text = fmt::format("structure {{type:{};{}}}", name(block.role), block.level > 0 ? fmt::format(" level:{};", block.level) : "");
  if (!block.placed) text += " pecia {place:unknown;}";
  return text;
}

void add_coords(pugi::xml_node node, const PixelBox& b) {
  set(node.append_child("Coords"), "points", fmt::format("{0},{1} {2},{1} {2},{3} {0},{3}", b.x0, b.y0, b.x1, b.y1));
}

void add_equivalent(pugi::xml_node node, std::string_view text, float confidence) {
  auto equivalent = node.append_child("TextEquiv");
  set_share(equivalent, "conf", confidence);
  add_element(equivalent, "Unicode", text);
}

PixelBox outline_of(const Row& row, PixelSize size) {
  auto outline = *place_of(*row.line, size);
  for (const auto& token : row.tokens) {
    if (token.word != nullptr) outline = surrounding(outline, pixel_box(token.word->box, size));
  }
  return outline;
}

bool is_placed(const Row& row) { return row.line != nullptr && row.line->placed; }

PixelBox outline_of(const merge::Block& block, const std::vector<Row>& rows, PixelSize size) {
  const auto place = place_of(block, size);
  if (!place) return {0, 0, size.width, size.height};
  auto outline = *place;
  for (const auto& row : rows) {
    if (is_placed(row)) outline = surrounding(outline, outline_of(row, size));
  }
  return outline;
}

class RegionWriter {
 public:
  RegionWriter(const merge::PageModel& page, PixelSize size, std::string id) : page_{page}, size_{size}, languages_{page}, id_{std::move(id)} {}

  void add(pugi::xml_node parent, const merge::Block& block) const {
    const auto rows = rows_of(page_, block);
    const auto outline = outline_of(block, rows, size_);
    switch (block.role) {
      case Role::table: add_around(parent, "TableRegion", block, rows, outline); break;
      case Role::formula: add_around(parent, "MathsRegion", block, rows, outline); break;
      case Role::figure: add_figure(parent, block, rows, outline); break;
      default: add_text_region(parent, id_, block, rows, outline);
    }
  }

 private:
  static pugi::xml_node begin(pugi::xml_node parent, const char* element, const std::string& id, const merge::Block& block,
                              const PixelBox& outline) {
    auto region = parent.append_child(element);
    set(region, "id", id);
    set(region, "custom", custom_of(block));
    if (!block.placed) set(region, "comments", "Its place on the page is not known; the outline is the page's.");
    add_coords(region, outline);
    return region;
  }

  /// Regions of tables, formulas and images have no text of their own in PAGE.
  void add_around(pugi::xml_node parent, const char* element, const merge::Block& block, const std::vector<Row>& rows,
                  const PixelBox& outline) const {
    auto region = begin(parent, element, id_, block, outline);
    if (!rows.empty()) add_text_region(region, id_ + "_text", block, rows, outline);
  }

  void add_figure(pugi::xml_node parent, const merge::Block& block, const std::vector<Row>& rows, const PixelBox& outline) const {
    const auto parts = parts_of(block, size_);
    if (parts.size() <= 1) {
      add_around(parent, "ImageRegion", block, rows, outline);
      return;
    }
    auto group = begin(parent, "CustomRegion", id_, block, outline);
    for (std::size_t n = 0; n < parts.size(); ++n) begin(group, "ImageRegion", fmt::format("{}_part{}", id_, n + 1), block, parts[n]);
    if (!rows.empty()) add_text_region(group, id_ + "_text", block, rows, outline);
  }

  void add_text_region(pugi::xml_node parent, const std::string& id, const merge::Block& block, const std::vector<Row>& rows,
                       const PixelBox& outline) const {
    auto region = begin(parent, "TextRegion", id, block, outline);
    set(region, "type", type_of(block, size_));
    switch (direction_of(page_, block)) {
      case Direction::right_to_left: set(region, "readingDirection", "right-to-left"); break;
      case Direction::top_to_bottom:
        set(region, "readingDirection", "top-to-bottom");
        set(region, "textLineOrder", "right-to-left");
        break;
      case Direction::left_to_right: break;
    }
    std::string text;
    for (std::size_t n = 0; n < rows.size(); ++n) {
      if (is_placed(rows[n])) add_line(region, fmt::format("{}_line{}", id, n + 1), rows[n]);
      if (n > 0) text += '\n';
      text += rows[n].text;
    }
    add_equivalent(region, text, block.confidence);
  }

  void add_line(pugi::xml_node region, const std::string& id, const Row& row) const {
    auto line = region.append_child("TextLine");
    set(line, "id", id);
    add_coords(line, outline_of(row, size_));
    std::size_t number = 0;
    for (const auto& token : row.tokens) {
      if (token.word == nullptr) continue;
      auto word = line.append_child("Word");
      set(word, "id", fmt::format("{}_word{}", id, ++number));
      if (const auto* language = languages_.other_than_page(*token.word)) set(word, "language", language->page);
      add_coords(word, pixel_box(token.word->box, size_));
      add_equivalent(word, token.text, token.word->confidence);
    }
    add_equivalent(line, row.text, row.line->confidence);
  }

  const merge::PageModel& page_;
  PixelSize size_;
  WordLanguages languages_;
  std::string id_;
};

}  // namespace

std::string region_id(const merge::PageModel& page, std::uint32_t block) { return fmt::format("region_{}_{}", page.number, block + 1); }

void add_region(pugi::xml_node parent, const merge::PageModel& page, PixelSize size, std::uint32_t block) {
  RegionWriter{page, size, region_id(page, block)}.add(parent, page.blocks[block]);
}

}  // namespace pecia::exporting
