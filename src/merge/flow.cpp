#include "flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "characters.hpp"
#include "continuation.hpp"
#include "hyphens.hpp"
#include "lines_kept.hpp"
#include "marks.hpp"
#include "words.hpp"

namespace pecia::merge {
namespace {

ChangeKind removal_of(Role role) {
  switch (role) {
    case Role::page_number:
      return ChangeKind::removed_page_number;
    case Role::catchword:
      return ChangeKind::removed_catchword;
    case Role::signature:
      return ChangeKind::removed_signature;
    default:
      return ChangeKind::removed_running_head;
  }
}

/// A paragraph may go on behind these.
bool is_passed_over(Role role) {
  return role == Role::figure || role == Role::caption || role == Role::footnote || role == Role::marginal || !is_in_flow(role);
}

/// Whose lines are lines of its setting alone.
bool is_prose(Role role) {
  return role == Role::paragraph || role == Role::heading || role == Role::caption || role == Role::footnote || role == Role::marginal ||
         role == Role::list_item;
}

/// A line of Markdown that means something by where it begins.
bool is_structured(std::string_view line) {
  if (item_mark(line).kind != ItemMark::Kind::none || line.starts_with("$$") || line.starts_with("\\[") || line.starts_with("    "))
    return true;
  return std::string_view{"|>#!<`"}.find(line.empty() ? ' ' : line.front()) != std::string_view::npos;
}

/// Where a paragraph or footnote ends so far.
struct Tail {
  std::size_t unit = 0;
  BlockAt at;
};

class Flow {
 public:
  Flow(Book& book, const MergeSettings& settings, const std::vector<PageLayout>& layouts)
      : book_{book},
        settings_{settings},
        layouts_{layouts},
        words_{settings.join_hyphens ? std::span<const PageModel>{book.pages} : std::span<const PageModel>{}},
        hyphens_{words_, settings},
        continuation_{book, layouts} {}

  void operator()() {
    for (std::uint32_t page = 0; page < book_.pages.size(); ++page) add_page(page);
  }

 private:
  void add_page(std::uint32_t page) {
    const auto& model = book_.pages[page];
    // Text is missing here, and nothing may be joined over the gap; a blank page is none.
    const bool gap = !model.has_text && (!model.text.empty() || book_.document->pages[page].outcome.state != result::State::blank);
    if (gap || book_.kind == Kind::forms) end_joining();
    verse_ = model.has_text && is_verse(model, layouts_[page]);
    std::vector<Unit> footnotes;
    footnote_in_place_.reset();
    for (std::uint32_t block = 0; block < model.blocks.size(); ++block) add_block({page, block}, footnotes);
    const auto first_footnote = book_.units.size();
    note_moved(footnotes);
    for (auto& unit : footnotes) book_.units.push_back(std::move(unit));
    if (!footnotes.empty())
      footnote_ = Tail{book_.units.size() - 1, last_block_of(page, Role::footnote)};
    else if (footnote_in_place_)
      footnote_ = Tail{*footnote_in_place_, last_block_of(page, Role::footnote)};
    else if (footnote_ && footnote_->unit >= first_footnote)
      footnote_.reset();
    if (gap) end_joining();  // part of its text may be there
  }

  /// Footnotes behind which their page's text goes on.
  void note_moved(const std::vector<Unit>& footnotes) {
    for (const auto& unit : footnotes) {
      const auto& piece = unit.pieces.front();
      const auto& blocks = book_.pages[piece.page].blocks;
      const bool passed = std::any_of(blocks.begin() + piece.block + 1, blocks.end(),
                                      [](const Block& other) { return is_in_flow(other.role) && other.role != Role::footnote; });
      if (passed)
        book_.changes.push_back({ChangeKind::moved_block, piece.page, {}, "a footnote stands behind the rest of its page, which was read behind it"});
    }
  }

  void end_joining() {
    paragraph_.reset();
    footnote_.reset();
  }

  [[nodiscard]] const Block& block(const BlockAt& at) const { return book_.pages[at.page].blocks[at.block]; }

  [[nodiscard]] BlockAt last_block_of(std::uint32_t page, Role role) const {
    const auto& blocks = book_.pages[page].blocks;
    auto n = static_cast<std::uint32_t>(blocks.size()) - 1;
    while (n > 0 && blocks[n].role != role) --n;
    return {page, n};
  }

  void add_block(const BlockAt& at, std::vector<Unit>& footnotes) {
    const auto& it = block(at);
    if (!is_in_flow(it.role) && settings_.remove_running_heads) {
      book_.changes.push_back(
          {removal_of(it.role), at.page, it.text, it.evidence.empty() ? fmt::format("the engine calls it '{}'", it.label) : it.evidence});
      return;
    }
    const bool keeps = verse_ || keeps_lines(book_.pages[at.page], layouts_[at.page], it);
    const bool runs_on = !keeps && it.lines_begin < it.lines_end && has_plain_lines(at);
    const bool plain = it.role == Role::paragraph && runs_on;
    if (it.role == Role::footnote) {
      const bool first = footnotes.empty() && !footnote_in_place_;
      if (first && goes_on_in_footnote(at)) return;
      if (settings_.order_columns) return footnotes.push_back(unit_of(at, keeps));
      book_.units.push_back(unit_of(at, keeps));
      footnote_in_place_ = book_.units.size() - 1;
      return;
    }
    if (plain && is_scrap(at)) {
      book_.units.push_back(unit_of(at, keeps));
      return;
    }
    if (plain && goes_on_in(at)) return;
    if (it.role == Role::heading && settings_.join_paragraphs && belongs_to_number(at)) return;
    book_.units.push_back(unit_of(at, keeps));
    if (plain || (it.role == Role::list_item && runs_on))  // an item may go on like a paragraph, but none begins another
      paragraph_ = Tail{book_.units.size() - 1, at};
    else if (!is_passed_over(it.role))
      paragraph_.reset();
  }

  /// A letter or two alone in a line: dust, a mark of the printer. Paragraphs go on past it. The number of a section is none,
  /// nor is what its page has alone.
  [[nodiscard]] bool is_scrap(const BlockAt& at) const {
    const auto& it = block(at);
    const auto text = text_of(book_.pages[at.page], it.text);
    return it.lines_end - it.lines_begin == 1 && text.size() <= 4 && count_letters(text) <= 3 && !ends_sentence(text) &&
           !is_number_of_next(at) && !is_alone(at);
  }

  [[nodiscard]] bool is_alone(const BlockAt& at) const {
    return std::ranges::count_if(book_.pages[at.page].blocks, [](const Block& other) { return is_in_flow(other.role); }) == 1;
  }

  /// A number with points in it, or before what does not go on in lower case.
  [[nodiscard]] bool is_number_of_next(const BlockAt& at) const {
    const auto& page = book_.pages[at.page];
    const auto& it = block(at);
    const auto depth = heading_number(std::string{text_of(page, it.text)} + " x").depth;
    if (depth != 1 || at.block + 1 >= page.blocks.size()) return depth >= 2;
    return !is_lower(first_character(without_opening_marks(text_of(page, page.blocks[at.block + 1].text))).code);
  }

  [[nodiscard]] bool has_plain_lines(const BlockAt& at) const {
    const auto& page = book_.pages[at.page];
    if (!page.markup) return true;
    const auto& it = block(at);
    return std::none_of(page.lines.begin() + it.lines_begin, page.lines.begin() + it.lines_end,
                        [&](const Line& line) { return is_structured(text_of(page, line.text)); });
  }

  [[nodiscard]] Unit unit_of(const BlockAt& at, bool keeps) {
    const auto& it = block(at);
    Unit unit{it.role, it.level, {}};
    append(unit, at, Joint::first, keeps);
    return unit;
  }

  /// All lines of a block, the first by this joint.
  void append(Unit& unit, const BlockAt& at, Joint first, bool keeps) {
    const auto& page = book_.pages[at.page];
    const auto& it = block(at);
    if (it.lines_begin == it.lines_end || (page.markup && (keeps || !is_prose(it.role) || !has_plain_lines(at)))) {
      unit.pieces.push_back({at.page, at.block, it.text, first});
      return;
    }
    for (auto n = it.lines_begin; n < it.lines_end; ++n) {
      auto joint = first;
      if (n > it.lines_begin) {
        const auto next = text_of(page, page.lines[n].text);
        const bool item = it.role == Role::list_item && item_mark(next).kind != ItemMark::Kind::none;
        joint = keeps || item || !is_prose(it.role) ? Joint::line : joint_of(unit, at.page, text_of(page, page.lines[n - 1].text), next);
      }
      unit.pieces.push_back({at.page, at.block, page.lines[n].text, joint});
    }
  }

  /// Between two lines of running text; a hyphen that falls out is taken off the last piece. `page`: of the second line.
  Joint joint_of(Unit& unit, std::uint32_t page, std::string_view line, std::string_view next) {
    auto& last = unit.pieces.back();
    const auto verdict = settings_.join_hyphens ? hyphens_.judge(line, next, book_.pages[last.page].languages) : HyphenVerdict{};
    if (verdict.fate == HyphenVerdict::Fate::none)
      return is_unspaced(last_character(line).code) && is_unspaced(first_character(next).code) ? Joint::adjacent : Joint::space;
    const bool dropped = verdict.fate == HyphenVerdict::Fate::dropped;
    const Span hyphen{last.text.end - verdict.bytes, last.text.end};
    auto evidence = fmt::format("{}: {}", dropped ? "dropped" : "kept", verdict.evidence);
    if (page != last.page) evidence += fmt::format("; it goes on on page {}", book_.pages[page].number);
    book_.changes.push_back({ChangeKind::joined_hyphen, last.page, dropped ? hyphen : Span{}, std::move(evidence)});
    if (dropped) last.text.end = hyphen.begin;
    return dropped ? Joint::hyphen : Joint::kept_hyphen;
  }

  /// Adds the words of a heading to its number, which stands beside them in a block of its own.
  bool belongs_to_number(const BlockAt& at) {
    if (book_.units.empty() || book_.units.back().role != Role::heading || book_.units.back().pieces.size() != 1) return false;
    const auto& number = book_.units.back().pieces.front();
    if (number.page != at.page || count_letters(text_of(book_.pages[at.page], number.text)) > 0) return false;
    append(book_.units.back(), at, Joint::space, false);
    book_.changes.push_back({ChangeKind::joined_paragraph, at.page, {}, "the number of the heading stands before it in a block of its own"});
    return true;
  }

  /// Adds the block to the paragraph before it, if that goes on in it.
  bool goes_on_in(const BlockAt& at) {
    if (!settings_.join_paragraphs || !paragraph_ || !book_.pages[at.page].has_text) return false;
    const auto tail = *paragraph_;
    const auto& page = book_.pages[tail.at.page];
    const auto line = text_of(page, page.lines[block(tail.at).lines_end - 1].text);
    const auto next = text_of(book_.pages[at.page], book_.pages[at.page].lines[block(at).lines_begin].text);
    const bool hyphenated = hyphens_.judge(line, next, page.languages).fate != HyphenVerdict::Fate::none;
    const auto evidence = continuation_.evidence(tail.at, at, hyphenated);
    if (evidence.empty()) return false;
    join(tail, at, evidence);
    paragraph_ = Tail{tail.unit, at};
    return true;
  }

  bool goes_on_in_footnote(const BlockAt& at) {
    if (!settings_.join_paragraphs || !footnote_ || footnote_->at.page + 1 != at.page || block(at).lines_begin == block(at).lines_end)
      return false;
    const auto tail = *footnote_;
    const auto& page = book_.pages[at.page];
    if (block(tail.at).lines_begin == block(tail.at).lines_end) return false;
    const auto first = text_of(page, page.lines[block(at).lines_begin].text);
    if (!footnote_mark(first).empty() || ends_sentence(text_of(book_.pages[tail.at.page], block(tail.at).text))) return false;
    join(tail, at, "the last footnote is not at its end, and this one has no mark");
    footnote_ = Tail{tail.unit, at};
    return true;
  }

  void join(const Tail& tail, const BlockAt& at, const std::string& evidence) {
    auto& unit = book_.units[tail.unit];
    const auto& page = book_.pages[tail.at.page];
    const auto line = text_of(page, page.lines[block(tail.at).lines_end - 1].text);
    const auto next = text_of(book_.pages[at.page], book_.pages[at.page].lines[block(at).lines_begin].text);
    const auto joint = joint_of(unit, at.page, line, next);
    append(unit, at, joint, false);
    book_.changes.push_back({ChangeKind::joined_paragraph, at.page, {}, evidence});
  }

  Book& book_;
  const MergeSettings& settings_;
  const std::vector<PageLayout>& layouts_;
  WordList words_;
  Hyphens hyphens_;
  Continuation continuation_;
  std::optional<Tail> paragraph_, footnote_;
  std::optional<std::size_t> footnote_in_place_;  ///< the unit of the page's last one, where blocks keep their order
  bool verse_ = false;
};

}  // namespace

void flow_units(Book& book, const MergeSettings& settings, const std::vector<PageLayout>& layouts) { Flow{book, settings, layouts}(); }

}  // namespace pecia::merge
