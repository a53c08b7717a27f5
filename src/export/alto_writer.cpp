#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "alto_description.hpp"
#include "writers.hpp"
#include "xml.hpp"
#include "xml_languages.hpp"
#include "xml_notes.hpp"
#include "xml_order.hpp"
#include "xml_places.hpp"
#include "xml_rows.hpp"
#include "xml_writers.hpp"

namespace pecia::exporting {
namespace {

using merge::Role;

void set_place(pugi::xml_node node, const PixelBox& box) {
  set_number(node, "HPOS", box.x0);
  set_number(node, "VPOS", box.y0);
  set_number(node, "WIDTH", box.width());
  set_number(node, "HEIGHT", box.height());
}

/// The areas of a page as ALTO divides it, in the schema's order.
enum Area : std::uint8_t { top_margin, left_margin, right_margin, bottom_margin, print_space };
constexpr std::array<const char*, 5> area_names{"TopMargin", "LeftMargin", "RightMargin", "BottomMargin", "PrintSpace"};

Area area_of(const merge::Block& block, PixelSize size) {
  const auto place = place_of(block, size);
  if (!place || !size.known()) return print_space;
  if (block.role == Role::marginal) return place->x0 + place->x1 < size.width ? left_margin : right_margin;
  if (is_in_flow(block.role)) return print_space;
  return is_above(block, size) ? top_margin : bottom_margin;
}

class AltoPageWriter {
 public:
  AltoPageWriter(const merge::PageModel& page, PixelSize size, const PageOrder& order)
      : page_{page}, size_{size}, order_{order}, languages_{page} {
    for (const auto& part : order.parts) (part.first ? first_parts_ : last_parts_).push_back(&part);
    std::ranges::stable_sort(first_parts_, {}, [](const WordPart* part) { return part->text.end; });
  }

  void add_areas(pugi::xml_node parent) const {
    std::array<std::vector<std::uint32_t>, area_names.size()> blocks;
    for (const auto block : order_.blocks) blocks.at(area_of(page_.blocks[block], size_)).push_back(block);
    for (std::size_t area = 0; area < blocks.size(); ++area) {
      if (blocks.at(area).empty() && area != print_space) continue;
      auto node = parent.append_child(area_names.at(area));
      if (const auto place = extent_of(blocks.at(area))) set_place(node, *place);
      for (const auto block : blocks.at(area)) add_block(node, block);
    }
  }

 private:
  /// Surrounds blocks whose places are all known.
  [[nodiscard]] std::optional<PixelBox> extent_of(const std::vector<std::uint32_t>& blocks) const {
    std::optional<PixelBox> extent;
    for (const auto block : blocks) {
      const auto place = place_of(page_.blocks[block], size_);
      if (!place) return std::nullopt;
      extent = extent ? surrounding(*extent, *place) : *place;
    }
    return extent;
  }

  void add_block(pugi::xml_node parent, std::uint32_t index) const {
    const auto& block = page_.blocks[index];
    const auto id = fmt::format("block_{}_{}", page_.number, index + 1);
    const auto parts = parts_of(block, size_);
    const auto rows = rows_of(page_, block);
    if (block.role == Role::figure && parts.size() <= 1 && rows.empty()) {
      begin(parent, "Illustration", id, block, place_of(block, size_));
      return;
    }
    if (block.role != Role::figure && block.role != Role::table) {
      add_text_block(parent, id, block, rows);
      return;
    }
    auto composed = begin(parent, "ComposedBlock", id, block, place_of(block, size_));
    set(composed, "TYPE", name(block.role));
    if (block.role == Role::figure) {
      if (parts.empty()) begin(composed, "Illustration", id + "_figure", block, std::nullopt);
      for (std::size_t n = 0; n < parts.size(); ++n)
        begin(composed, "Illustration", fmt::format("{}_figure{}", id, n + 1), block, parts[n]);
    }
    if (!rows.empty()) add_text_block(composed, id + "_text", block, rows);
  }

  static pugi::xml_node begin(pugi::xml_node parent, const char* element, const std::string& id, const merge::Block& block,
                              std::optional<PixelBox> place) {
    auto node = parent.append_child(element);
    set(node, "ID", id);
    set(node, "TAGREFS", fmt::format("role_{}", name(block.role)));
    if (place) set_place(node, *place);
    return node;
  }

  void add_text_block(pugi::xml_node parent, const std::string& id, const merge::Block& block, const std::vector<Row>& rows) const {
    auto node = begin(parent, "TextBlock", id, block, place_of(block, size_));
    switch (direction_of(page_, block)) {
      case Direction::right_to_left: set(node, "BASEDIRECTION", "rtl"); break;
      case Direction::top_to_bottom: set(node, "BASEDIRECTION", "ttb"); break;
      case Direction::left_to_right: break;
    }
    for (std::size_t n = 0; n < rows.size(); ++n) add_line(node, fmt::format("{}_line{}", id, n + 1), rows[n]);
  }

  void add_line(pugi::xml_node parent, const std::string& id, const Row& row) const {
    auto line = parent.append_child("TextLine");
    set(line, "ID", id);
    if (row.line != nullptr && row.line->placed) set_place(line, *place_of(*row.line, size_));
    for (std::size_t n = 0; n < row.tokens.size(); ++n) {
      const auto& token = row.tokens[n];
      if (n > 0 && token.blank_before) line.append_child("SP");
      add_string(line, token, n + 1 == row.tokens.size());
    }
  }

  void add_string(pugi::xml_node line, const Token& token, bool last) const {
    auto node = line.append_child("String");
    if (token.word != nullptr) {
      set_place(node, pixel_box(token.word->box, size_));
      set_share(node, "WC", token.word->confidence);
      if (const auto* language = languages_.other_than_page(*token.word)) set(node, "LANG", language->iso);
    }
    const auto* part = part_in(token.span);
    if (part == nullptr) {
      set(node, "CONTENT", token.text);
      return;
    }
    const auto hyphen =
        last && part->first && token.span.end > part->text.end && part->text.end > token.span.begin ? token.span.end - part->text.end : 0;
    set(node, "CONTENT", token.text.substr(0, token.text.size() - hyphen));
    set(node, "SUBS_TYPE", part->first ? "HypPart1" : "HypPart2");
    set(node, "SUBS_CONTENT", part->whole);
    if (hyphen > 0) set(line.append_child("HYP"), "CONTENT", token.text.substr(token.text.size() - hyphen));
  }

  /// Of the parts of divided words the one that ends in a token, or else the one that begins in it: a part may stand in several
  /// tokens that touch. Null: there is none.
  [[nodiscard]] const WordPart* part_in(merge::Span token) const {
    if (token.empty()) return nullptr;
    const auto first = std::ranges::upper_bound(first_parts_, token.begin, {}, [](const WordPart* part) { return part->text.end; });
    if (first != first_parts_.end() && (*first)->text.end <= token.end) return *first;
    const auto last = std::ranges::lower_bound(last_parts_, token.begin, {}, [](const WordPart* part) { return part->text.begin; });
    return last != last_parts_.end() && (*last)->text.begin < token.end ? *last : nullptr;
  }

  const merge::PageModel& page_;
  PixelSize size_;
  const PageOrder& order_;
  WordLanguages languages_;
  std::vector<const WordPart*> first_parts_;  ///< those that end a line, by their ends,
  std::vector<const WordPart*> last_parts_;   ///< and those that begin one, by their beginnings
};

void add_tags(pugi::xml_node alto, const merge::PageModel& page) {
  std::set<std::string_view> roles;
  for (const auto& block : page.blocks) roles.insert(name(block.role));
  if (roles.empty()) return;
  auto tags = alto.append_child("Tags");
  for (const auto role : roles) {
    auto tag = tags.append_child("LayoutTag");
    set(tag, "ID", fmt::format("role_{}", role));
    set(tag, "TYPE", "role");
    set(tag, "LABEL", role);
  }
}

/// Of the flow: what is of the page alone has no place in it.
void add_block_order(pugi::xml_node alto, const merge::PageModel& page, const PageOrder& order) {
  pugi::xml_node group;
  for (const auto block : order.blocks) {
    if (!is_in_flow(page.blocks[block].role)) continue;
    if (!group) {
      group = alto.append_child("ReadingOrder").append_child("OrderedGroup");
      set(group, "ID", "flow");
    }
    auto reference = group.append_child("ElementRef");
    set(reference, "ID", fmt::format("flow_{}", block + 1));
    set(reference, "REF", fmt::format("block_{}_{}", page.number, block + 1));
  }
}

pugi::xml_node add_page(pugi::xml_node alto, const merge::PageModel& page, PixelSize size, const merge::Page& outcome) {
  auto node = alto.append_child("Layout").append_child("Page");
  set(node, "ID", fmt::format("page_{}", page.number));
  set_number(node, "PHYSICAL_IMG_NR", page.number);
  if (!page.printed_number.empty()) set(node, "PRINTED_IMG_NR", page.printed_number);
  if (size.known()) {
    set_number(node, "WIDTH", size.width);
    set_number(node, "HEIGHT", size.height);
  }
  if (const auto text = notice(outcome); !text.empty()) set(node, "QUALITY_DETAIL", text);
  if (!page.has_text) return node;
  set_share(node, "PC", outcome.outcome.reading.confidence);
  const auto languages = languages_of(page.languages);
  if (!languages.empty()) set(node, "LANG", languages.front().iso);
  std::vector<std::string> others;
  for (std::size_t n = 1; n < languages.size(); ++n) others.push_back(languages[n].iso);
  if (!others.empty()) set(node, "OTHERLANGS", fmt::format("{}", fmt::join(others, " ")));
  return node;
}

}  // namespace

void write_alto(const merge::Book& book, const WriteContext& context, DocumentFiles& files) {
  const auto orders = orders_of(book);
  const auto gaps = counts_of(gaps_of(*book.document));
  for (std::size_t n = 0; n < book.pages.size(); ++n) {
    const auto& page = book.pages[n];
    const auto size = size_of(page, context);
    pugi::xml_document document;
    auto alto = document.append_child("alto");
    set(alto, "xmlns", "http://www.loc.gov/standards/alto/ns-v4#");
    set(alto, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    set(alto, "xsi:schemaLocation", "http://www.loc.gov/standards/alto/ns-v4# http://www.loc.gov/standards/alto/v4/alto-4-4.xsd");
    set(alto, "SCHEMAVERSION", "4.4");
    add_alto_description(alto, *book.document, page, book.document->pages[n], gaps);
    if (page.has_text) {
      add_tags(alto, page);
      add_block_order(alto, page, orders[n]);
    }
    auto node = add_page(alto, page, size, book.document->pages[n]);
    if (page.has_text)
      AltoPageWriter{page, size, orders[n]}.add_areas(node);
    else
      node.append_child("PrintSpace");
    files.write(std::string{alto_suffix} + page_file(page.number), to_xml(document));
  }
}

}  // namespace pecia::exporting
