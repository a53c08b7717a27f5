#include "pecia/merge/page_model.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "clean_text.hpp"
#include "pecia/base/ascii.hpp"
#include "pecia/merge/table.hpp"

namespace pecia::merge {
namespace {

using result::BlockKind;
using result::State;

bool is_all_white(std::string_view text) { return text.find_first_not_of(ascii_white) == std::string_view::npos; }

/// Without white space at its ends.
Span trimmed(std::string_view text, Span span) {
  while (span.begin < span.end && ascii_white.find(text[span.end - 1]) != std::string_view::npos) --span.end;
  while (span.begin < span.end && ascii_white.find(text[span.begin]) != std::string_view::npos) ++span.begin;
  return span;
}

/// As DeepSeek-OCR-2 names them, and as other models of layouts do.
constexpr std::array<std::pair<std::string_view, Role>, 24> roles_of_labels{{
    {"title", Role::heading}, {"sub_title", Role::heading}, {"doc_title", Role::heading}, {"paragraph_title", Role::heading},
    {"text", Role::paragraph}, {"abstract", Role::paragraph}, {"reference", Role::paragraph}, {"list", Role::list_item},
    {"table", Role::table}, {"image", Role::figure}, {"figure", Role::figure}, {"chart", Role::figure},
    {"image_caption", Role::caption}, {"figure_title", Role::caption}, {"table_caption", Role::caption}, {"caption", Role::caption},
    {"footnote", Role::footnote}, {"table_footnote", Role::footnote}, {"equation", Role::formula}, {"formula", Role::formula},
    {"header", Role::running_head}, {"footer", Role::running_head}, {"page_number", Role::page_number}, {"aside_text", Role::marginal},
}};

Role role_of(const result::Block& block) {
  const auto* known = std::ranges::find(roles_of_labels, block.label, [](const auto& entry) { return entry.first; });
  if (known != roles_of_labels.end()) return known->second;
  switch (block.kind) {
    case BlockKind::table: return Role::table;
    case BlockKind::formula: return Role::formula;
    case BlockKind::image: return Role::figure;
    case BlockKind::text: break;
  }
  return Role::paragraph;
}

/// How many '#' and a blank begin it, 0 if none do.
int heading_marks(std::string_view text) {
  const auto marks = std::min(text.find_first_not_of('#'), text.size());
  return marks >= 1 && marks <= 6 && marks < text.size() && text[marks] == ' ' ? static_cast<int>(marks) : 0;
}

class Builder {
 public:
  Builder(PageModel& page, const result::Reading& reading, const CleanText& clean)
      : page_{page}, reading_{reading}, clean_{clean} {}

  void operator()() {
    std::uint32_t cursor = 0;
    for (const auto& block : reading_.blocks) {
      const auto begin = std::max(clean_.at(block.text_begin), cursor), end = std::max(clean_.at(block.text_end), begin);
      add_paragraphs({cursor, begin});
      add_block(block, {begin, end});
      cursor = end;
    }
    add_paragraphs({cursor, size()});
    page_.places = places();
  }

 private:
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(page_.text.size()); }

  /// Text that lies in no block, a block for each stretch between empty lines.
  void add_paragraphs(Span span) {
    while (!span.empty()) {
      const auto text = text_of(page_, span);
      const auto size = static_cast<std::uint32_t>(std::min(text.find("\n\n"), text.size()));
      if (!is_all_white(text.substr(0, size))) {
        Block block;
        block.text = trimmed(page_.text, {span.begin, span.begin + size});
        block.confidence = reading_.confidence;
        finish(std::move(block));
      }
      span.begin += std::min<std::uint32_t>(size + 2, span.end - span.begin);
    }
  }

  void add_block(const result::Block& read, Span span) {
    Block block;
    block.role = role_of(read);
    block.text = trimmed(page_.text, span);
    block.box = read.box;
    block.placed = read.placed();
    block.unparsed = read.unparsed;
    block.confidence = read.confidence;
    block.boxes = read.boxes;
    block.label = read.label;
    if (block.text.empty() && block.role != Role::figure) return;
    finish(std::move(block));
  }

  void finish(Block block) {
    if (page_.markup && (block.role == Role::paragraph || block.role == Role::heading)) {
      block.level = heading_marks(text_of(page_, block.text));
      if (block.level > 0) block.role = Role::heading;
    }
    if (block.role == Role::heading) block.level = std::max(1, block.level);
    block.lines_begin = static_cast<std::uint32_t>(page_.lines.size());
    add_lines(block);
    block.lines_end = static_cast<std::uint32_t>(page_.lines.size());
    page_.blocks.push_back(std::move(block));
  }

  void add_lines(const Block& block) {
    auto cursor = block.text.begin;
    for (; line_ < reading_.lines.size(); ++line_) {
      const auto& read = reading_.lines[line_];
      const Span span{std::max(clean_.at(read.text_begin), cursor), std::min(clean_.at(read.text_end), block.text.end)};
      if (clean_.at(read.text_begin) >= block.text.end) break;
      if (span.empty()) continue;
      add_unplaced({cursor, span.begin}, block.confidence);
      add_line(span, &read);
      cursor = span.end;
    }
    add_unplaced({cursor, block.text.end}, block.confidence);
  }

  /// Lines of which only the text is known.
  void add_unplaced(Span span, float confidence) {
    while (!span.empty()) {
      const auto text = text_of(page_, span);
      const auto size = static_cast<std::uint32_t>(std::min(text.find('\n'), text.size()));
      const auto line = trimmed(page_.text, {span.begin, span.begin + size});
      if (!line.empty()) {
        add_line(line, nullptr);
        page_.lines.back().confidence = confidence;
      }
      span.begin += std::min<std::uint32_t>(size + 1, span.end - span.begin);
    }
  }

  void add_line(Span span, const result::Part* read) {
    Line line;
    line.text = trimmed(page_.text, span);
    if (line.text.empty()) return;
    line.placed = read != nullptr;
    if (read != nullptr) {
      line.box = read->box;
      line.confidence = read->confidence;
    }
    line.words_begin = static_cast<std::uint32_t>(page_.words.size());
    add_words(line.text);
    line.words_end = static_cast<std::uint32_t>(page_.words.size());
    page_.lines.push_back(line);
  }

  void add_words(Span line) {
    for (; word_ < reading_.words.size(); ++word_) {
      const auto& read = reading_.words[word_];
      const Span span{std::max(clean_.at(read.text_begin), line.begin), std::min(clean_.at(read.text_end), line.end)};
      if (clean_.at(read.text_begin) >= line.end) break;
      const auto word = trimmed(page_.text, span);
      if (!word.empty()) page_.words.push_back({word, read.box, read.confidence, read.language});
    }
  }

  [[nodiscard]] Places places() const {
    if (!page_.words.empty()) return Places::words;
    if (std::ranges::any_of(page_.lines, &Line::placed)) return Places::lines;
    return std::ranges::any_of(page_.blocks, &Block::placed) ? Places::blocks : Places::none;
  }

  PageModel& page_;
  const result::Reading& reading_;
  const CleanText& clean_;
  std::size_t line_ = 0, word_ = 0;  ///< of the reading, the next
};

}  // namespace

std::string_view name(Role role) noexcept {
  constexpr std::array<std::string_view, 13> names{"paragraph", "heading", "list_item", "table", "figure", "caption", "footnote",
                                                   "formula", "marginal", "running_head", "page_number", "catchword", "signature"};
  return names[static_cast<std::size_t>(role)];
}

std::string_view name(Places places) noexcept {
  constexpr std::array<std::string_view, 4> names{"none", "blocks", "lines", "words"};
  return names[static_cast<std::size_t>(places)];
}

PageModel model_of(const Page& page) {
  PageModel model;
  const auto& outcome = page.outcome;
  model.number = page.number;
  model.has_text = !page.pending && (outcome.state == State::ok || outcome.state == State::ok_fallback);
  model.markup = outcome.reading.finish_reason != result::FinishReason::none;
  model.width_px = outcome.geometry.page_width_px;
  model.height_px = outcome.geometry.page_height_px;
  model.dpi = outcome.geometry.page_dpi;
  model.languages = outcome.languages;
  model.engine = outcome.engine;
  const CleanText clean{outcome.reading.text};
  model.text = clean.text();
  model.mended = clean.mended();
  model.lines.reserve(outcome.reading.lines.size());
  model.words.reserve(outcome.reading.words.size());
  Builder{model, outcome.reading, clean}();
  return model;
}

std::string plain_text(const PageModel& page, const Block& block) {
  if (block.role == Role::table) return to_text(table_of(page, block));
  const auto text = text_of(page, block.text);
  if (!page.markup) return std::string{text};
  if (block.role == Role::heading) {
    const auto marks = static_cast<std::size_t>(heading_marks(text));
    return std::string{text.substr(marks == 0 ? 0 : marks + 1)};
  }
  return std::string{text};
}

}  // namespace pecia::merge
