#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "merge/drawn_books.hpp"
#include "pecia/merge/book.hpp"

namespace pecia::test {

struct Score {
  int wanted = 0, found = 0, right = 0;
  std::vector<std::string> wrong;  ///< for a person
  [[nodiscard]] double precision() const { return found == 0 ? 1 : static_cast<double>(right) / found; }
  [[nodiscard]] double recall() const { return wanted == 0 ? 1 : static_cast<double>(right) / wanted; }
  void count(bool is, bool taken, const std::string& where) {
    wanted += static_cast<int>(is);
    found += static_cast<int>(taken);
    right += static_cast<int>(is && taken);
    if (is != taken) wrong.push_back((is ? "missed: " : "wrong: ") + where);
  }
};
using Scores = std::map<std::string, Score>;

/// Compares a book that was put together with the truth about its lines.
class Judge {
 public:
  Judge(const DrawnBook& drawn, const merge::Book& book, Scores& scores) : drawn_{drawn}, book_{book}, scores_{scores} {
    for (const auto& unit : book.units) {
      std::uint32_t before = 0;
      for (const auto& piece : unit.pieces) {
        joints_[{piece.page, piece.text.begin}] = {piece.joint, piece.joint != merge::Joint::first && before != piece.page};
        before = piece.page;
      }
    }
  }

  void operator()() {
    for (std::uint32_t page = 0; page < drawn_.lines.size(); ++page) {
      first_of_page_ = true;
      judge_roles(page);
      for (std::uint32_t n = 0; n < drawn_.lines[page].size(); ++n) judge_joint(page, n);
    }
  }

  [[nodiscard]] int breaks() const { return breaks_; }

 private:
  struct Seen {
    merge::Joint joint = merge::Joint::first;
    bool over_break = false;
  };

  [[nodiscard]] std::string where(std::uint32_t page, const std::string& text) const {
    return drawn_.name + " page " + std::to_string(page + 1) + ": " + text;
  }

  void judge_roles(std::uint32_t page) {
    const auto& model = book_.pages[page];
    for (const auto& block : model.blocks) {
      for (auto n = block.lines_begin; n < block.lines_end; ++n) {
        const auto text = std::string{merge::text_of(model, model.lines[n].text)};
        const auto label = label_of(page, text, n);
        if (label == ' ') continue;
        const auto role = [&](const char* name, std::string_view labels, merge::Role wanted) {
          scores_[name].count(labels.find(label) != std::string_view::npos, block.role == wanted, where(page, text));
        };
        role("running heads", "H", merge::Role::running_head);
        role("page numbers", "N", merge::Role::page_number);
        role("catchwords", "C", merge::Role::catchword);
        role("signatures", "S", merge::Role::signature);
        if (std::string_view{"?-="}.find(label) != std::string_view::npos) continue;
        role("headings", "Tt", merge::Role::heading);
        role("footnotes", "Ff_", merge::Role::footnote);
      }
    }
  }

  /// Lines may have been put in another order.
  [[nodiscard]] char label_of(std::uint32_t page, const std::string& text, std::uint32_t n) const {
    const auto& lines = drawn_.lines[page];
    if (n < lines.size() && lines[n].text == text) return lines[n].label;
    const auto found = std::ranges::find(lines, text, &DrawnLine::text);
    return found == lines.end() ? ' ' : found->label;
  }

  void judge_joint(std::uint32_t page, std::uint32_t n) {
    const auto& line = drawn_.lines[page][n];
    if (std::string_view{"HNCSFKf_"}.find(line.label) != std::string_view::npos) return;
    const auto begin = begin_of(page, n);
    const auto seen = joints_.contains({page, begin}) ? joints_[{page, begin}] : Seen{};
    const bool first = first_of_page_;
    first_of_page_ = false;
    if (std::string_view{"?Tt"}.find(line.label) != std::string_view::npos && !(first && line.label == 'T')) return;
    scores_["hyphens"].count(line.label == '-', seen.joint == merge::Joint::hyphen, where(page, line.text));
    scores_["hyphens that stay"].count(line.label == '=', seen.joint == merge::Joint::kept_hyphen, where(page, line.text));
    const bool goes_on = std::string_view{".-="}.find(line.label) != std::string_view::npos;
    if (first && page > 0) {
      scores_["paragraphs"].count(goes_on, seen.over_break, where(page, line.text));
      if (line.label == '-') scores_["hyphens over pages"].count(true, seen.joint == merge::Joint::hyphen, where(page, line.text));
      ++breaks_;
    }
    if (line.label == 'V' && !first)
      scores_["lines of verse"].count(true, seen.joint == merge::Joint::line || seen.joint == merge::Joint::first, where(page, line.text));
  }

  [[nodiscard]] std::uint32_t begin_of(std::uint32_t page, std::uint32_t n) const {
    const auto& text = drawn_.document.pages[page].outcome.reading.text;
    std::size_t at = 0;
    for (std::uint32_t before = 0; before < n; ++before) at = text.find('\n', at) + 1 + (text[text.find('\n', at) + 1] == '\n' ? 1 : 0);
    return static_cast<std::uint32_t>(at);
  }

  const DrawnBook& drawn_;
  const merge::Book& book_;
  Scores& scores_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Seen> joints_;
  bool first_of_page_ = true;
  int breaks_ = 0;  ///< pages whose first line of text was judged
};

/// Puts all books together and judges them; returns the number of page breaks that were judged.
inline int score_books(const std::vector<DrawnBook>& books, bool held_out, Scores& scores, const merge::MergeSettings& settings = {}) {
  int breaks = 0;
  for (const auto& drawn : books) {
    if (drawn.held_out != held_out) continue;
    const auto book = merge::bind(drawn.document, settings);
    Judge judge{drawn, book, scores};
    judge();
    breaks += judge.breaks();
    scores["characters explained"].count(true, book.balance.unexplained == 0, drawn.name);
  }
  return breaks;
}

}  // namespace pecia::test
