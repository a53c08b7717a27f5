#pragma once

#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "pecia/merge/document.hpp"

namespace pecia::test {

/// A line of a drawn book and what it is: tests/data/merge/README.md has the letters.
struct DrawnLine {
  char label = '?';
  std::string text;
};

/// A document with the truth about its lines, of each page in the order of its reading.
struct DrawnBook {
  std::string name;
  bool held_out = false;
  merge::Document document;
  std::vector<std::vector<DrawnLine>> lines;
};

/// Reads books as tests/data/merge has them. Where a line has no box, it stands where it stands in the file: a letter is
/// 20 px wide, a line 50 px high.
class DrawnBookReader {
 public:
  /// `placed`: with boxes, as an engine gives them; else with text alone.
  explicit DrawnBookReader(bool placed = true) : placed_{placed} {}

  std::vector<DrawnBook> read(std::istream& in) {
    std::string line;
    while (std::getline(in, line)) {
      if (line.starts_with('#')) continue;
      if (line.starts_with("book "))
        begin_book(line);
      else if (line.starts_with("page"))
        begin_page(line);
      else if (!books_.empty())
        add_line(line);
    }
    end_page();
    return std::move(books_);
  }

 private:
  static constexpr float letter_px = 20, pitch_px = 50, left_px = 200, top_px = 150;

  void begin_book(const std::string& line) {
    end_page();
    std::istringstream words{line};
    std::string key, value;
    DrawnBook book;
    words >> key >> book.name;
    while (words >> key >> value) {
      if (key == "language") language_ = value;
      if (key == "set") book.held_out = value == "held";
      if (key == "measure") measure_ = std::stof(value);
    }
    book.document.path = book.name;
    books_.push_back(std::move(book));
  }

  void begin_page(const std::string& line) {
    end_page();
    auto& book = books_.back();
    merge::Page page;
    page.number = static_cast<std::uint32_t>(book.document.pages.size()) + 1;
    auto& outcome = page.outcome;
    outcome.state = line == "page failed" ? result::State::failed : line == "page blank" ? result::State::blank : result::State::ok;
    outcome.engine = "tesseract";
    outcome.languages = language_;
    outcome.geometry.page_width_px = 2 * left_px + letter_px * measure_;
    outcome.geometry.page_height_px = 1400;
    if (unsigned width = 0, height = 0; std::sscanf(line.c_str(), "page %ux%u", &width, &height) == 2) {
      outcome.geometry.page_width_px = static_cast<float>(width);
      outcome.geometry.page_height_px = static_cast<float>(height);
    }
    outcome.geometry.page_dpi = 300;
    book.document.pages.push_back(std::move(page));
    book.lines.emplace_back();
    row_ = 0;
    open_ = true;
  }

  void add_line(const std::string& line) {
    if (line.empty()) {
      ++row_;
      return;
    }
    auto& book = books_.back();
    auto& reading = book.document.pages.back().outcome.reading;
    const char label = line[0], joint = line[1];
    if (joint == '&') --row_;  // in the row of the line before
    auto text = line.substr(std::min<std::size_t>(3, line.size()));
    const auto box = box_of(text);
    ++row_;
    const auto& before = book.lines.back();
    const bool first_verse = label == 'V' && !before.empty() && before.back().label != 'V';
    const bool new_block = reading.blocks.empty() || first_verse || joint == '|' || joint == '&' || (joint != '+' && begins_block(label));
    if (!reading.text.empty()) reading.text += new_block ? "\n\n" : "\n";
    const auto begin = static_cast<std::uint32_t>(reading.text.size());
    reading.text += text;
    const auto end = static_cast<std::uint32_t>(reading.text.size());
    if (new_block) reading.blocks.push_back({{box, begin, end, .9F}});
    auto& block = reading.blocks.back();
    block.text_end = end;
    block.box = {std::min(block.box.x0, box.x0), std::min(block.box.y0, box.y0), std::max(block.box.x1, box.x1),
                 std::max(block.box.y1, box.y1)};
    if (placed_) reading.lines.push_back({box, begin, end, .9F});
    book.lines.back().push_back({label, text});
  }

  static bool begins_block(char label) { return std::string_view{"PHNCSFTIK"}.find(label) != std::string_view::npos; }

  /// Takes what says where the line stands off the text.
  result::Box box_of(std::string& text) const {
    result::Box box;
    int bytes = 0;
    if (std::sscanf(text.c_str(), "[%f %f %f %f] %n", &box.x0, &box.y0, &box.x1, &box.y1, &bytes) == 4) {
      text.erase(0, static_cast<std::size_t>(bytes));
      return box;
    }
    const auto indent = static_cast<float>(text.find_first_not_of(' '));
    text.erase(0, text.find_first_not_of(' '));
    float size = 1;
    if (std::sscanf(text.c_str(), "{%f}%n", &size, &bytes) == 1) text.erase(0, static_cast<std::size_t>(bytes));
    float length = 0;
    for (const char c : text) length += (static_cast<unsigned char>(c) & 0xC0) == 0x80 ? 0.F : 1.F;
    // Lines of text are set to the measure.
    const auto end = indent + length >= .9F * measure_ && size == 1 ? measure_ : indent + size * length;
    const auto base = top_px + pitch_px * static_cast<float>(row_);
    return {left_px + letter_px * indent, base - 40 * size, left_px + letter_px * end, base};
  }

  void end_page() {
    if (!open_) return;
    open_ = false;
    if (!placed_) books_.back().document.pages.back().outcome.reading.blocks.clear();
  }

  bool placed_;
  std::vector<DrawnBook> books_;
  std::string language_ = "eng";
  float measure_ = 50;
  int row_ = 0;
  bool open_ = false;
};

inline std::vector<DrawnBook> read_drawn_books(const std::string& path, bool placed = true) {
  std::ifstream in{path};
  if (!in) throw std::runtime_error{"cannot open " + path};
  return DrawnBookReader{placed}.read(in);
}

/// Of a text as a file has it.
inline std::vector<DrawnBook> draw_books(const std::string& text, bool placed = true) {
  std::istringstream in{text};
  return DrawnBookReader{placed}.read(in);
}

}  // namespace pecia::test
