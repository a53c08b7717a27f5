#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/book.hpp"

namespace pecia::test {

/// A page break with tables or what looks like them, of tests/data/merge/tables.txt (tests/data/merge/TABLES.md has its form).
struct TableBreak {
  std::string name;
  bool held_out = false;      ///< was not looked at while rules and limits were chosen
  bool joins = false;         ///< the table goes on
  std::uint32_t dropped = 0;  ///< head rows that are repeated
  merge::Document document;
};

/// Places words of a drawing: a character is 24 pixels wide, a line 50 high.
class DrawnPage {
 public:
  static constexpr float character_px = 24, line_px = 50, height_px = 3500, width_px = 2480;

  /// `form`: "words" (drawn), "raw" (words with their boxes) or "html".
  explicit DrawnPage(std::string_view form) : html_{form == "html"}, raw_{form == "raw"} {
    auto& outcome = page_.outcome;
    outcome.state = result::State::ok;
    outcome.engine = html_ ? "deepseek_ocr2" : "tesseract";
    outcome.geometry.page_width_px = width_px;
    outcome.geometry.page_height_px = height_px;
    outcome.reading.confidence = .9F;
    if (html_) outcome.reading.finish_reason = result::FinishReason::stop;
  }

  /// `label X`, `skip N` (lines), `at LINE COLUMN`, `shift PX`, `box Y0 Y1` (shares of the height),
  /// `size WIDTH HEIGHT`.
  void directive(std::istringstream words) {
    std::string what;
    words >> what;
    end_block();
    if (what == "label") {
      words >> label_;
    } else if (what == "skip") {
      int lines = 0;
      words >> lines;
      y_ += static_cast<float>(lines) * line_px;
    } else if (what == "at") {
      words >> y_ >> column_;
      y_ *= line_px;
    } else if (what == "shift") {
      words >> shift_px_;
    } else if (what == "size") {
      words >> page_.outcome.geometry.page_width_px >> page_.outcome.geometry.page_height_px;
    } else if (what == "box") {
      words >> box_.y0 >> box_.y1;
      box_ = {100, box_.y0 * height_px, width_px - 100, box_.y1 * height_px};
    } else {
      throw std::runtime_error("tables.txt: unknown directive " + what);
    }
  }

  void line(std::string_view text) {
    if (text.find_first_not_of(' ') == std::string_view::npos) {
      end_block();
      y_ += line_px;
      return;
    }
    auto& reading = page_.outcome.reading;
    if (!open_) {
      if (!reading.text.empty()) reading.text += "\n\n";
      begin_ = size();
    } else {
      reading.text += '\n';
    }
    if (html_) reading.text += text;
    if (raw_) add_raw_line(std::istringstream{std::string{text}});
    if (!html_ && !raw_) add_line(text);
    open_ = true;
  }

  merge::Page finish(std::uint32_t number) {
    end_block();
    page_.number = number;
    return page_;
  }

 private:
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(page_.outcome.reading.text.size()); }

  /// Within three pixels, as no two scans are alike.
  float jitter() {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<float>((state_ >> 16U) % 7U) - 3;
  }

  void add_line(std::string_view text) {
    auto& reading = page_.outcome.reading;
    result::Part line;
    line.text_begin = size();
    line.confidence = .9F;
    line.box = {1e9F, 1e9F, 0, 0};
    std::size_t at = 0;
    const auto x = [&](std::size_t column) { return 150 + shift_px_ + (static_cast<float>(column) + column_) * character_px; };
    while ((at = text.find_first_not_of(' ', at)) != std::string_view::npos) {
      const auto end = std::min(text.find(' ', at), text.size());
      add_word(line, text.substr(at, end - at), {x(at) + jitter(), y_ + 8 + jitter(), x(end) - 6 + jitter(), y_ + 42 + jitter()});
      at = end;
    }
    line.text_end = size();
    reading.lines.push_back(line);
    y_ += line_px;
  }

  /// `x0,y0,x1,y1:word ...`
  void add_raw_line(std::istringstream words) {
    result::Part line;
    line.text_begin = size();
    line.confidence = .9F;
    line.box = {1e9F, 1e9F, 0, 0};
    char sign = ' ';
    std::string word;
    for (result::Box box; words >> box.x0 >> sign >> box.y0 >> sign >> box.x1 >> sign >> box.y1 >> sign >> word;) add_word(line, word, box);
    line.text_end = size();
    page_.outcome.reading.lines.push_back(line);
  }

  void add_word(result::Part& line, std::string_view text, result::Box box) {
    auto& reading = page_.outcome.reading;
    if (size() > line.text_begin) reading.text += ' ';
    result::Part word{box, size(), 0, .9F};
    reading.text += text;
    word.text_end = size();
    reading.words.push_back(word);
    line.box = {std::min(line.box.x0, box.x0), std::min(line.box.y0, box.y0), std::max(line.box.x1, box.x1), std::max(line.box.y1, box.y1)};
  }

  void end_block() {
    if (!open_) return;
    auto& reading = page_.outcome.reading;
    result::Block block;
    block.text_begin = begin_;
    block.text_end = size();
    block.confidence = .9F;
    block.label = label_;
    block.box = box_;
    block.unparsed = html_ && box_.y1 == 0;  // then its place is not known
    if (reading.text.substr(begin_).starts_with("<table")) block.kind = result::BlockKind::table;
    for (const auto& line : reading.lines) {
      if (line.text_begin < begin_) continue;
      if (block.box.y1 == 0) block.box = line.box;
      block.box = {std::min(block.box.x0, line.box.x0), std::min(block.box.y0, line.box.y0), std::max(block.box.x1, line.box.x1),
                   std::max(block.box.y1, line.box.y1)};
    }
    reading.blocks.push_back(block);
    label_.clear();
    box_ = {};
    open_ = false;
  }

  bool html_, raw_;
  merge::Page page_;
  std::string label_;
  result::Box box_;
  float y_ = 100, column_ = 0, shift_px_ = 0;
  std::uint32_t begin_ = 0, state_ = 1;
  bool open_ = false;
};

inline std::vector<TableBreak> load_table_breaks(const std::string& path) {
  std::ifstream in{path};
  if (!in) throw std::runtime_error("cannot open " + path);
  std::vector<TableBreak> breaks;
  std::vector<DrawnPage> pages;
  const auto end_case = [&] {
    for (auto& page : pages)
      breaks.back().document.pages.push_back(page.finish(static_cast<std::uint32_t>(breaks.back().document.pages.size() + 1)));
    pages.clear();
  };
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("//")) continue;
    if (line.starts_with("=== ")) {
      if (!breaks.empty()) end_case();
      breaks.emplace_back();
      std::istringstream words{line.substr(4)};
      words >> breaks.back().name;
      for (std::string word; words >> word;) {
        if (word == "joined") breaks.back().joins = true;
        if (word == "held-out") breaks.back().held_out = true;
        if (word.starts_with("dropped=")) breaks.back().dropped = static_cast<std::uint32_t>(std::stoul(word.substr(8)));
      }
    } else if (line.starts_with("--- ")) {
      pages.emplace_back(std::string_view{line}.substr(4));
    } else if (line.starts_with("%")) {
      pages.back().directive(std::istringstream{line.substr(1)});
    } else if (!pages.empty()) {
      pages.back().line(line);
    }
  }
  if (!breaks.empty()) end_case();
  return breaks;
}

struct TableScore {
  std::size_t right = 0, wrong = 0, missed = 0;
  std::string problems;  ///< names of what was wrong, missed, or joined with other head rows dropped
  [[nodiscard]] double precision() const {
    return right + wrong == 0 ? 0 : static_cast<double>(right) / static_cast<double>(right + wrong);
  }
  [[nodiscard]] double recall() const { return right + missed == 0 ? 0 : static_cast<double>(right) / static_cast<double>(right + missed); }
};

/// Whether tables that go on over a page break are joined, and no others, by `merge::bind`.
inline TableScore score_table_breaks(const std::vector<TableBreak>& breaks, bool held_out) {
  TableScore score;
  for (const auto& one : breaks) {
    if (one.held_out != held_out) continue;
    const auto book = merge::bind(one.document);
    const auto joined = std::ranges::any_of(book.units, [](const merge::Unit& unit) {
      return unit.role == merge::Role::table && unit.pieces.front().page != unit.pieces.back().page;
    });
    const auto dropped = static_cast<std::uint32_t>(std::ranges::count_if(
        book.changes, [](const merge::Change& change) { return change.kind == merge::ChangeKind::dropped_head_row; }));
    if (joined && one.joins) ++score.right;
    if (joined && !one.joins) ++score.wrong;
    if (!joined && one.joins) ++score.missed;
    if (joined != one.joins) score.problems += one.name + (joined ? " is joined; " : " is not joined; ");
    if (joined && one.joins && dropped != one.dropped) score.problems += one.name + ": other head rows dropped; ";
  }
  return score;
}

}  // namespace pecia::test
