#include "visible_words.hpp"

#include <algorithm>
#include <array>

#include "fold.hpp"

namespace pecia::result::aligning {
namespace {

/// Tags that models write. Between cells and lines a word cannot go on.
constexpr std::array<std::string_view, 17> tags_between_lines{"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "br",
                                                              "p",     "div",   "ul",    "ol",    "li", "h1", "h2", "h3"};
constexpr std::array<std::string_view, 15> tags_within_lines{"b",    "i",   "u",    "s",    "sup",  "sub",  "em", "strong",
                                                             "span", "del", "code", "font", "mark", "small", "center"};
constexpr std::size_t longest_tag = 200, longest_formula = 4000;

struct Entity {
  std::string_view name;
  char32_t value;
};
constexpr std::array<Entity, 7> entities{
    {{"&amp;", U'&'}, {"&lt;", U'<'}, {"&gt;", U'>'}, {"&quot;", U'"'}, {"&#39;", U'\''}, {"&apos;", U'\''}, {"&nbsp;", 0xA0}}};

bool is_in(std::string_view name, const auto& names) { return std::ranges::find(names, name) != names.end(); }

/// How many bytes at the beginning of `text` end with `end`, which begins behind `opening`; 0 if it does not come.
std::size_t up_to(std::string_view text, std::size_t opening, std::string_view end, std::size_t longest) {
  const auto at = text.substr(0, longest).find(end, opening);
  return at == std::string_view::npos ? 0 : at + end.size();
}

struct Markup {
  std::size_t bytes = 0;  ///< 0: the text begins with none
  bool breaks = false;
  bool has_content = false;  ///< a formula or a picture: no mere mark
};

Markup tag_at(std::string_view text) {
  const auto bytes = up_to(text, 1, ">", longest_tag);
  if (bytes == 0) return {};
  auto name = text.substr(1, bytes - 2);
  if (name.find_first_of("<\n") != std::string_view::npos) return {};
  if (name.starts_with('/')) name.remove_prefix(1);
  std::string lower;
  for (const char c : name) {
    if (c == ' ' || c == '/') break;
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  if (is_in(lower, tags_between_lines)) return {bytes, true};
  return is_in(lower, tags_within_lines) ? Markup{bytes, false} : Markup{};
}

/// `$x$`, but no sums of money: it does not begin or end with a blank, no digit follows, and it lies within a line.
std::size_t dollars_at(std::string_view text) {
  if (text.starts_with("$$")) return up_to(text, 2, "$$", longest_formula);
  if (text.size() < 3 || text[1] == ' ') return 0;
  const auto line = text.substr(0, text.find('\n'));
  const auto bytes = up_to(line, 2, "$", longest_formula);
  if (bytes == 0 || line[bytes - 2] == ' ') return 0;
  const bool digit_follows = bytes < line.size() && line[bytes] >= '0' && line[bytes] <= '9';
  return digit_follows ? 0 : bytes;
}

Markup markup_at(std::string_view text) {
  switch (text.front()) {
    case '<': return tag_at(text);
    case '$': return {dollars_at(text), false, true};
    case '\\':
      if (text.starts_with("\\(")) return {up_to(text, 2, "\\)", longest_formula), false, true};
      if (text.starts_with("\\[")) return {up_to(text, 2, "\\]", longest_formula), true, true};
      return {};
    case '!':
      if (const auto label = text.starts_with("![") ? up_to(text, 2, "](", longest_tag) : 0; label > 0)
        return {up_to(text, label, ")", label + longest_tag), true, true};
      return {};
    default: return {};
  }
}

/// Marks of a heading, of an entry of a list, and of a quotation, with the blank behind them.
std::size_t line_mark_at(std::string_view text) {
  const auto marks = std::min(text.find_first_not_of('#'), text.size());
  if (marks >= 1 && marks <= 6 && marks < text.size() && text[marks] == ' ') return marks + 1;
  const bool entry = text.starts_with("- ") || text.starts_with("* ") || text.starts_with("+ ") || text.starts_with("> ");
  return entry ? 2 : 0;
}

bool is_emphasis(char c) { return c == '*' || c == '_' || c == '`' || c == '~'; }

/// Takes a stretch of text apart.
class Splitter {
 public:
  Splitter(const std::string& text, bool markup, std::vector<Atom>& atoms) : text_{text}, markup_{markup}, atoms_{atoms} {}

  void operator()(std::size_t begin, std::size_t end, std::uint32_t block) {
    block_ = block;
    at_ = begin;
    breaks_ = true;
    first_ = atoms_.size();
    marks_from_ = none;
    bool line_begins = true;
    while (at_ < end) {
      const auto rest = std::string_view{text_}.substr(at_, end - at_);
      if (markup_ && skips(rest, line_begins)) continue;
      auto c = first_of(rest);
      if (markup_ && c.value == U'&') c = entity_or(rest, c);
      line_begins = line_begins && is_space(c.value);
      if (is_space(c.value)) {
        finish();
        glued_ = false;
        if (rest.front() == '\n') {
          breaks_ = line_begins = true;
          marks_from_ = none;
        }
      } else {
        take(c);
      }
      at_ += c.bytes;
    }
    finish();
    glued_ = false;
  }

 private:
  bool skips(std::string_view rest, bool line_begins) {
    auto found = markup_at(rest);
    if (found.bytes == 0 && line_begins) found.bytes = line_mark_at(rest);
    if (found.bytes == 0) return false;
    finish();
    glued_ = false;
    breaks_ = breaks_ || found.breaks;
    const auto at = static_cast<std::uint32_t>(at_);
    at_ += found.bytes;
    if (found.has_content)
      marks_from_ = none;
    else if (atoms_.size() > first_ && atoms_.back().marks_end == at)
      atoms_.back().marks_end = static_cast<std::uint32_t>(at_);
    else
      marks_from_ = std::min(marks_from_, at);
    return true;
  }

  [[nodiscard]] static CodePoint entity_or(std::string_view rest, CodePoint otherwise) {
    const auto entity = std::ranges::find_if(entities, [&](const Entity& e) { return rest.starts_with(e.name); });
    return entity == entities.end() ? otherwise : CodePoint{entity->value, entity->name.size()};
  }

  void take(CodePoint c) {
    const bool alone = stands_alone(c.value);
    if (alone) finish();
    if (!open_) {
      open_ = true;
      atom_ = {};
      atom_.begin = static_cast<std::uint32_t>(at_);
    }
    atom_.end = static_cast<std::uint32_t>(at_ + c.bytes);
    const auto before = atom_.folded.size();
    fold_into(atom_.folded, c.value);
    if (atom_.folded.size() > before) ++atom_.letters;
    if (alone) finish();
  }

  void finish() {
    if (!open_) return;
    open_ = false;
    atom_.marks_begin = std::min(marks_from_, atom_.begin);
    atom_.marks_end = atom_.end;
    if (markup_) {
      while (atom_.begin < atom_.end && is_emphasis(text_[atom_.begin])) ++atom_.begin;
      while (atom_.begin < atom_.end && is_emphasis(text_[atom_.end - 1])) --atom_.end;
    }
    if (atom_.begin == atom_.end) return;
    if (atom_.folded.size() > most_compared) atom_.folded.resize(most_compared);
    atom_.bag = bag_of(atom_.folded);
    atom_.block = block_;
    atom_.breaks = breaks_;
    atom_.glued = glued_ && !breaks_;
    breaks_ = false;
    glued_ = true;
    marks_from_ = none;
    atoms_.push_back(std::move(atom_));
  }

  const std::string& text_;
  bool markup_;
  std::vector<Atom>& atoms_;
  std::uint32_t block_ = none;
  std::size_t at_ = 0, first_ = 0;   ///< of the text; of the stretch's atoms
  std::uint32_t marks_from_ = none;  ///< where the marks before the next atom begin
  Atom atom_ = {};
  bool open_ = false, breaks_ = true, glued_ = false;
};

}  // namespace

std::uint64_t bag_of(std::u32string_view letters) noexcept {
  std::uint64_t bag = 0;
  for (const auto letter : letters) bag |= std::uint64_t{1} << ((static_cast<std::uint64_t>(letter) * 0x9E37'79B9'7F4A'7C15U) >> 58U);
  return bag;
}

std::vector<Atom> visible_atoms(const Reading& text) {
  std::vector<Atom> atoms;
  Splitter split{text.text, text.finish_reason != FinishReason::none, atoms};
  std::size_t cursor = 0;
  for (std::uint32_t n = 0; n < text.blocks.size(); ++n) {
    const auto& block = text.blocks[n];
    const std::size_t begin = std::max<std::size_t>(block.text_begin, cursor), end = std::max<std::size_t>(block.text_end, begin);
    split(cursor, begin, none);
    const bool has_words = block.kind == BlockKind::text || block.kind == BlockKind::table;
    if (has_words) split(begin, end, n);
    cursor = end;
  }
  split(cursor, text.text.size(), none);
  return atoms;
}

std::vector<Atom> boxed_atoms(const Reading& boxes) {
  std::vector<Atom> atoms;
  Splitter split{boxes.text, false, atoms};
  std::size_t line = 0;
  std::uint32_t cursor = 0;
  for (std::uint32_t n = 0; n < boxes.words.size(); ++n) {
    const auto& word = boxes.words[n];
    if (word.text_begin < cursor || word.text_begin >= word.text_end) continue;
    cursor = word.text_end;
    while (line < boxes.lines.size() && boxes.lines[line].text_end <= word.text_begin) ++line;
    const bool inside = line < boxes.lines.size() && boxes.lines[line].text_begin <= word.text_begin;
    const auto first = atoms.size();
    split(word.text_begin, word.text_end, none);
    for (auto at = first; at < atoms.size(); ++at) {
      atoms[at].word = n;
      atoms[at].line = static_cast<std::uint32_t>(inside ? line : boxes.lines.size() + n);
    }
  }
  return atoms;
}

}  // namespace pecia::result::aligning
