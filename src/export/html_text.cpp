#include "html_text.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "pecia/base/ascii.hpp"
#include "pecia/merge/markup.hpp"

namespace pecia::exporting {
namespace {

constexpr std::size_t deepest_table = 8;  ///< of tables in cells of tables
constexpr std::size_t deepest = 64;       ///< of elements; markup that nests without end is left out

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}
bool is_all_white(std::string_view text) { return text.find_first_not_of(ascii_white) == std::string_view::npos; }

/// Elements of HTML that have no end tag.
bool is_void(std::string_view name) { return is_one_of(name, {"br", "img", "meta"}); }

void mend_rows(pugi::xml_node table) {
  auto below = static_cast<int>(std::distance(table.children("tr").begin(), table.children("tr").end()));
  for (auto row : table.children("tr")) {
    if (!row.first_child()) row.append_child("td");
    for (auto cell : row.children()) {
      auto span = cell.attribute("rowspan");
      if (span && span.as_int() > below) span.set_value(below);
    }
    --below;
  }
}

}  // namespace

HtmlText::HtmlText(pugi::xml_node block, std::string_view line_break) : line_break_{line_break}, open_{block} {
  if (line_break_ == "li") open_.push_back(block.append_child("li"));
}

void HtmlText::append_text(std::string_view text) {
  while (is_in_table()) open_.pop_back();
  while (true) {
    const auto line = text.substr(0, text.find('\n'));
    put(line);
    if (line.size() == text.size()) return;
    text.remove_prefix(line.size() + 1);
    end_line();
  }
}

void HtmlText::append_markup(std::string_view text) {
  std::string plain;
  const auto flush = [&] { put(std::exchange(plain, {})); };
  while (!text.empty()) {
    if (text.front() == '\n' && !is_in_table()) {
      flush();
      text.remove_prefix(1);
      if (!text.starts_with("<table")) end_line();
      continue;
    }
    if (const auto size = text.front() == '&' ? merge::take_entity(text, plain) : 0; size > 0) {
      text.remove_prefix(size);
      continue;
    }
    const auto tag = text.front() == '<' ? table_tag(text) : std::nullopt;
    if (!tag) {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    flush();
    text.remove_prefix(tag->size);
    if (tag->closes)
      close(tag->name);
    else
      open(*tag);
  }
  flush();
}

void HtmlText::append_rows(std::string_view text) {
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!is_in_table()) open_table();
    leave_to({"table"});
    open_.push_back(current().append_child("tr"));
    for (bool more = true; more;) {
      const auto cell = line.substr(0, line.find('\t'));
      more = cell.size() < line.size();
      line.remove_prefix(std::min(line.size(), cell.size() + 1));
      open_cell({"td"});
      put(cell);
    }
  }
}

void HtmlText::insert(const pugi::xml_node& element) {
  if (is_one_of(current().name(), {"table", "tr"}))
    waiting_.append_copy(element);
  else
    current().append_copy(element);
}

void HtmlText::finish() {
  for (const auto& element : waiting_.children()) open_.front().append_copy(element);
  waiting_.reset();
  open_.resize(1);
}

bool HtmlText::is_in_table() const {
  return std::ranges::any_of(open_, [](const pugi::xml_node& node) { return std::string_view{node.name()} == "table"; });
}

bool HtmlText::leave_to(std::initializer_list<std::string_view> names) {
  for (auto n = open_.size(); n > 1; --n) {
    const std::string_view name{open_[n - 1].name()};
    if (is_one_of(name, names)) {
      open_.resize(n);
      return true;
    }
    if (name == "table") return false;
  }
  return false;
}

void HtmlText::leave_inline() {
  while (is_one_of(current().name(), {"sup", "sub", "u"}) && open_.size() > 1) open_.pop_back();
}

void HtmlText::open_table() {
  leave_inline();
  if (is_one_of(current().name(), {"table", "tr"})) begin_text();
  open_.push_back(current().append_child("table"));
  has_table_ = true;
}

void HtmlText::open_cell(const TableTag& tag) {
  if (!leave_to({"tr"})) {
    if (!leave_to({"table"})) open_table();
    open_.push_back(current().append_child("tr"));
  }
  auto cell = current().append_child(tag.name == "th" ? "th" : "td");
  if (tag.columns > 1) set_number(cell, "colspan", tag.columns);
  if (tag.rows > 1) set_number(cell, "rowspan", tag.rows);
  open_.push_back(cell);
  for (const auto& element : waiting_.children()) cell.append_copy(element);
  waiting_.reset();
}

void HtmlText::begin_text() {
  if (is_one_of(current().name(), {"table", "tr"})) open_cell({"td"});
}

void HtmlText::open(const TableTag& tag) {
  if (tag.name == "table") {
    const auto tables = std::ranges::count_if(open_, [](const auto& node) { return std::string_view{node.name()} == "table"; });
    if (static_cast<std::size_t>(tables) < deepest_table) open_table();
  } else if (tag.name == "td" || tag.name == "th") {
    open_cell(tag);
  } else if (tag.name == "tr") {
    if (!leave_to({"table"})) open_table();
    open_.push_back(current().append_child("tr"));
  } else if (tag.name == "caption") {
    if (leave_to({"table"}) && !current().first_child()) open_.push_back(current().append_child("caption"));
  } else if (tag.name == "br") {
    begin_text();
    current().append_child("br");
  } else if (is_one_of(tag.name, {"sup", "sub", "u"})) {
    begin_text();
    if (open_.size() < deepest) open_.push_back(current().append_child(std::string{tag.name}.c_str()));
  } else {
    leave_to({"table"});  // thead, tbody, tfoot: rows stand in the table itself
  }
}

void HtmlText::close(std::string_view name) {
  if (is_one_of(name, {"thead", "tbody", "tfoot"})) {
    leave_to({"table"});
  } else if (name != "br" && leave_to({name})) {
    open_.pop_back();
  }
}

void HtmlText::put(std::string_view text) {
  if (text.empty()) return;
  if (is_all_white(text) && is_one_of(current().name(), {"table", "tr"})) return;
  begin_text();
  add_text(current(), text);
}

void HtmlText::end_line() {
  if (line_break_ == "li") {
    open_.resize(1);
    open_.push_back(current().append_child("li"));
    return;
  }
  leave_inline();
  current().append_child("br");
}

void make_valid(pugi::xml_node node) {
  struct Walker final : pugi::xml_tree_walker {
    bool for_each(pugi::xml_node& child) override {
      if (child.type() != pugi::node_element) return true;
      const std::string_view name{child.name()};
      if (name == "table") mend_rows(child);
      if (!child.first_child() && !is_void(name)) child.append_child(pugi::node_pcdata);
      return true;
    }
  } walker;
  node.traverse(walker);
}

}  // namespace pecia::exporting
