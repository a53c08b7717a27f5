#include "roles.hpp"

#include <algorithm>
#include <span>

#include "block_roles.hpp"
#include "catchwords.hpp"
#include "characters.hpp"
#include "columns.hpp"
#include "running_heads.hpp"
#include "split.hpp"

namespace pecia::merge {
namespace {

constexpr std::uint32_t most_edge_lines = 8, most_edge_characters = 200;

std::uint32_t count_characters(std::string_view text) {
  std::uint32_t count = 0;
  for (; !text.empty(); text.remove_prefix(first_character(text).bytes)) {
    const auto code = first_character(text).code;
    count += code != ' ' && code != '\n' && code != '\t' ? 1 : 0;
  }
  return count;
}

/// More than heads, numbers, catchwords and signatures ever are. Whatever took text for them, it was wrong.
bool is_too_much(const PageModel& page, const PageEdges& edges) {
  std::uint32_t lines = 0, characters = 0;
  const auto add = [&](const Line& line) {
    ++lines;
    characters += count_characters(text_of(page, line.text));
  };
  for (const auto& line : edges.lines) {
    if (line.found()) add(page.lines[line.line]);
  }
  for (const auto& block : page.blocks) {
    if (is_in_flow(block.role)) continue;
    for (auto line = block.lines_begin; line < block.lines_end; ++line) {
      if (std::ranges::none_of(edges.lines, [&](const EdgeLine& edge) { return edge.line == line && edge.found(); })) add(page.lines[line]);
    }
  }
  if (lines > most_edge_lines) return true;
  return characters > most_edge_characters && 10 * characters > count_characters(page.text);
}

void set_edge_roles(PageModel& page, PageEdges& edges) {
  if (is_too_much(page, edges)) {
    page.edges_kept = true;
    edges.printed_number.clear();
    for (auto& block : page.blocks) {
      if (!is_in_flow(block.role)) block.role = Role::paragraph;
    }
    return;
  }
  std::vector<LineRole> roles;
  for (const auto& line : edges.lines) {
    if (line.found()) roles.push_back({line.line, line.role, 0, true, line.evidence});
  }
  set_line_roles(page, std::move(roles));
}

bool last_footnote_goes_on(const PageModel& page) {
  const auto last =
      std::ranges::find_if(page.blocks.rbegin(), page.blocks.rend(), [](const Block& block) { return block.role == Role::footnote; });
  return last != page.blocks.rend() && !ends_sentence(text_of(page, last->text));
}

void find_block_roles(PageModel& page, const PageLayout& layout, float letter_share, bool footnote_goes_on,
                      std::span<const Heading> outline) {
  const auto places = places_of(page);
  std::vector<LineRole> roles;
  const PageView view{page, layout, places, letter_share * layout.height_px, roles};
  find_footnotes(view, footnote_goes_on);
  find_headings(view, outline);
  find_other_roles(view);
  set_line_roles(page, std::move(roles));
}

}  // namespace

std::vector<PageLayout> find_roles(Book& book, const MergeSettings& settings, const Outline& outline) {
  std::vector<PageEdges> edges;
  edges.reserve(book.pages.size());
  for (const auto& page : book.pages) edges.push_back(edges_of(page));
  if (settings.remove_running_heads) {
    find_running_heads(edges, outline.page_labels, book.kind == Kind::forms);
    find_catchwords(book.pages, edges);
  }
  auto entries = outline.entries;
  std::ranges::stable_sort(entries, {}, &Heading::page);
  const auto letter_share = usual_letters(edges);
  std::vector<PageLayout> layouts;
  layouts.reserve(edges.size());
  for (std::uint32_t n = 0; n < book.pages.size(); ++n) {
    auto& page = book.pages[n];
    layouts.push_back(edges[n].layout);
    if (page.has_text && settings.remove_running_heads) set_edge_roles(page, edges[n]);
    page.printed_number =
        n < outline.page_labels.size() && !outline.page_labels[n].empty() ? outline.page_labels[n] : edges[n].printed_number;
    if (!page.has_text) continue;
    const auto first = std::ranges::lower_bound(entries, n, {}, &Heading::page),
               last = std::ranges::upper_bound(entries, n, {}, &Heading::page);
    find_block_roles(page, edges[n].layout, letter_share, n > 0 && last_footnote_goes_on(book.pages[n - 1]), {first, last});
    if (!settings.order_columns) continue;
    for (auto& move : order_columns(page)) book.changes.push_back({ChangeKind::moved_block, n, {}, std::move(move)});
  }
  return layouts;
}

}  // namespace pecia::merge
