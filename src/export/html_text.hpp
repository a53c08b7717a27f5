#pragma once

#include <string_view>
#include <vector>

#include "table_tag.hpp"
#include "xml.hpp"

namespace pecia::exporting {

/// Puts the text of a block into its element, piece by piece. Of a model's text, plain tables and what may stand in their
/// cells become elements (`table_tag`), whatever their order, so that the result is valid HTML, and entities the characters
/// that they stand for; all else is text.
class HtmlText {
 public:
  /// `line_break`: the element that a line end becomes outside of tables: "br", or "li" in a list, whose items `block` then gets.
  HtmlText(pugi::xml_node block, std::string_view line_break);

  void append_text(std::string_view text);
  void append_markup(std::string_view text);
  /// A row for each line, a cell behind each tab.
  void append_rows(std::string_view text);
  /// An element that may stand among text, at this place; in a table in the next cell.
  void insert(const pugi::xml_node& element);
  /// Ends what is open. Elements that could not be inserted stand at the end.
  void finish();
  [[nodiscard]] bool has_table() const noexcept { return has_table_; }

 private:
  void open(const TableTag& tag);
  void open_table();
  void open_cell(const TableTag& tag);
  void close(std::string_view name);
  /// Leaves what is open above the nearest of these names; not beyond a table unless it is wanted. False: none is open.
  bool leave_to(std::initializer_list<std::string_view> names);
  void leave_inline();
  void begin_text();
  void put(std::string_view text);
  void end_line();
  [[nodiscard]] bool is_in_table() const;
  [[nodiscard]] pugi::xml_node current() const { return open_.back(); }

  std::string_view line_break_;
  std::vector<pugi::xml_node> open_;  ///< the block's element first
  pugi::xml_document waiting_;        ///< to be inserted
  bool has_table_ = false;
};

/// Mends what is no HTML in what stands below a node: rows without cells, cells that go on below their table, elements that
/// pugixml would write as "<td/>" because they are empty.
void make_valid(pugi::xml_node node);

}  // namespace pecia::exporting
