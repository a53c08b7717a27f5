#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "../gaps.hpp"
#include "../line_text.hpp"
#include "pecia/base/ascii.hpp"
#include "pecia/export/pdf_messages.hpp"

namespace pecia::exporting {
namespace {

/// Of a line's pitch, the share that its letters take from ascender to descender.
constexpr double letters_of_pitch = 0.83;
/// A letter's mean width over the font's size.
constexpr double mean_letter_width = 0.5;

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return !continues(byte); }));
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(ascii_white);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(ascii_white) - begin + 1);
}

/// Every run of white space as one blank.
std::string with_single_blanks(std::string_view text) {
  std::string out;
  for (const char byte : trimmed(text)) {
    if (ascii_white.find(byte) == std::string_view::npos)
      out += byte;
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return out;
}

bool has_area(const result::Box& box) {
  return std::isfinite(box.x0) && std::isfinite(box.y0) && std::isfinite(box.x1) && std::isfinite(box.y1) && box.x1 > box.x0 &&
         box.y1 > box.y0;
}

/// Text that stands between words and has no box of its own goes with the word before it: no character is lost.
PdfLine line_of(const merge::PageModel& page, const merge::Block& block, const merge::Line& line) {
  PdfLine made;
  made.box = line.box;
  const LineText text{page, block, line};
  for (auto n = line.words_begin; n < line.words_end; ++n) {
    const auto begin = n == line.words_begin ? line.text.begin : page.words[n].text.begin;
    const auto end = n + 1 < line.words_end ? page.words[n + 1].text.begin : line.text.end;
    const auto whole = text({begin, end});
    PdfWord word{with_single_blanks(whole), page.words[n].box,
                 n + 1 < line.words_end && !whole.empty() && ascii_white.find(whole.back()) != std::string_view::npos};
    if (!has_area(word.box)) word.box = line.box;
    if (!word.text.empty()) made.words.push_back(std::move(word));
  }
  if (made.words.empty()) made.words.push_back({with_single_blanks(text(line.text)), line.box, false});
  return made;
}

/// Of a text that is valid UTF-8 and not empty.
struct Character {
  char32_t value = 0;
  std::size_t bytes = 1;
};

Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  Character first{lead < 0xE0 ? lead & 0x1FU : lead < 0xF0 ? lead & 0x0FU : lead & 0x07U, 1};
  for (; first.bytes < text.size() && continues(text[first.bytes]); ++first.bytes)
    first.value = first.value << 6 | (static_cast<unsigned char>(text[first.bytes]) & 0x3FU);
  return first;
}

/// Blanks, and characters of scripts that put none between their words (Thai, Lao; Burmese; Khmer; Chinese, Japanese, with
/// their punctuation): a row may end before and after them.
bool may_be_cut_at(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  return c == ' ' || within(0xE00, 0xEFF) || within(0x1000, 0x109F) || within(0x1780, 0x17FF) || within(0x2E80, 0x9FFF) ||
         within(0xF900, 0xFAFF) || within(0xFF00, 0xFFEF) || within(0x20000, 0x3FFFF);
}

/// Characters of the longest word.
std::size_t longest_word(std::string_view text) {
  std::size_t longest = 1, count = 0;
  while (!text.empty()) {
    const auto first = first_of(text);
    count = may_be_cut_at(first.value) ? 0 : count + 1;
    longest = std::max(longest, count);
    text.remove_prefix(first.bytes);
  }
  return longest;
}

/// Rows of at most `most` characters, no fewer than the longest word has, so that a search finds each word.
std::vector<std::string> rows_of_text(std::string_view text, std::size_t most) {
  std::vector<std::string> rows;
  while (!text.empty()) {
    std::size_t end = 0, cut = 0;
    bool after_cut = false;
    for (std::size_t count = 0; end < text.size();) {
      const auto next = first_of(text.substr(end));
      const bool at_cut = may_be_cut_at(next.value);
      if (at_cut || after_cut) cut = end;
      after_cut = at_cut;
      if (++count > most) break;
      end += next.bytes;
    }
    if (end < text.size() && cut > 0) end = cut;
    rows.push_back(with_single_blanks(text.substr(0, end)));
    text.remove_prefix(std::min(text.size(), end + (end < text.size() && text[end] == ' ' ? 1 : 0)));
  }
  return rows;
}

/// Text of which only a block's place is known, in rows that fill it evenly: where in it a word stands is an estimate. No row is
/// thicker than `thickest`.
std::vector<PdfLine> rows_in(std::string_view text, const result::Box& box, double thickest = std::numeric_limits<double>::infinity()) {
  const double width = static_cast<double>(box.x1 - box.x0), height = static_cast<double>(box.y1 - box.y0);
  std::vector<std::string> paragraphs, rows;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    if (auto line = with_single_blanks(text.substr(begin, end - begin)); !line.empty()) paragraphs.push_back(std::move(line));
    begin = end + 1;
  }
  std::size_t count = 0, word = 1;
  for (const auto& line : paragraphs) {
    count += characters(line);
    word = std::max(word, longest_word(line));
  }
  if (count == 0) return {};
  const double pitch = std::sqrt(width * height / (mean_letter_width * letters_of_pitch * static_cast<double>(count)));
  const auto fitting = static_cast<std::size_t>(std::max(1.0, std::ceil(width / (mean_letter_width * letters_of_pitch * pitch))));
  for (const auto& line : paragraphs) {
    for (auto& row : rows_of_text(line, std::max(fitting, word))) rows.push_back(std::move(row));
  }
  std::size_t longest = 1;
  for (const auto& row : rows) longest = std::max(longest, characters(row));
  std::vector<PdfLine> lines;
  const double step = height / static_cast<double>(rows.size());
  for (std::size_t n = 0; n < rows.size(); ++n) {
    auto place = box;
    place.y0 = static_cast<float>(static_cast<double>(box.y0) + step * static_cast<double>(n));
    place.y1 = static_cast<float>(static_cast<double>(place.y0) + std::min(thickest, step * letters_of_pitch));
    place.x1 =
        static_cast<float>(static_cast<double>(box.x0) + width * static_cast<double>(characters(rows[n])) / static_cast<double>(longest));
    lines.push_back({place, {{std::move(rows[n]), place, false}}});
  }
  return lines;
}

/// Where lines of a block stand of which nothing more is known: between their neighbours (null: there is none), if these leave
/// room, and anywhere in the block otherwise (columns side by side, lines that run downwards).
std::vector<PdfLine> rows_between(std::string_view text, const result::Box& block, const result::Box* above, const result::Box* below) {
  constexpr float least_share = 0.5F;  // of a neighbour's height
  auto room = block;
  float height = 0;
  if (above != nullptr) {
    room.y0 = std::max(room.y0, above->y1);
    height = above->y1 - above->y0;
  }
  if (below != nullptr) {
    room.y1 = std::min(room.y1, below->y0);
    height = std::max(height, below->y1 - below->y0);
  }
  return rows_in(text, room.y1 - room.y0 > least_share * height ? room : block, static_cast<double>(height));
}

/// Lines with places stand at these, others in what they leave of the block.
void add_lines(const merge::PageModel& page, const merge::Block& block, PdfPage& made) {
  std::string waiting;
  std::uint32_t waiting_lines = 0;
  const result::Box* above = nullptr;
  const auto place_waiting = [&](const result::Box* below) {
    if (!block.placed || !has_area(block.box)) {
      made.unplaced_lines += waiting_lines;
    } else if (waiting_lines > 0) {
      for (auto& row : rows_between(waiting, block.box, above, below)) made.lines.push_back(std::move(row));
    }
    waiting.clear();
    waiting_lines = 0;
  };
  for (auto n = block.lines_begin; n < block.lines_end; ++n) {
    const auto& line = page.lines[n];
    if (line.placed && has_area(line.box)) {
      place_waiting(&line.box);
      made.lines.push_back(line_of(page, block, line));
      above = &line.box;
    } else {
      waiting += LineText{page, block, line}(line.text);
      waiting += '\n';
      ++waiting_lines;
    }
  }
  place_waiting(nullptr);
}

void add_page_text(const merge::PageModel& page, PdfPage& made) {
  for (const auto& block : page.blocks) {
    bool any_line = false;
    for (auto n = block.lines_begin; n < block.lines_end; ++n) any_line = any_line || (page.lines[n].placed && has_area(page.lines[n].box));
    if (!any_line && block.placed && has_area(block.box)) {
      for (auto& row : rows_in(plain_text(page, block), block.box)) made.lines.push_back(std::move(row));
    } else {
      add_lines(page, block, made);
    }
  }
}

/// What the run decided about the page's own text: "kept", "read", "ignored", "redo", "skipped"; empty if it has none.
std::string_view decision_of(const merge::Page& page) {
  const auto& steps = page.outcome.steps;
  const auto step = std::ranges::find_if(steps, [](const Step& one) { return one.what == "text_layer"; });
  if (step == steps.end()) return {};
  const std::string_view detail{step->detail};
  return detail.substr(0, std::min(detail.find(':'), detail.size()));
}

}  // namespace

PdfPage pdf_page_of(const merge::Book& book, std::size_t index, const PdfSettings& settings) {
  const auto& model = book.pages.at(index);
  const auto& page = book.document->pages.at(index);
  const auto decision = decision_of(page);
  PdfPage made;
  made.number = model.number;
  made.width_px = model.width_px;
  made.height_px = model.height_px;
  made.dpi = model.dpi;
  made.embedded = page.outcome.geometry.embedded;
  made.failed = !page.pending && page.outcome.state == result::State::failed;
  made.keeps_text =
      page.outcome.engine == "text_layer" || decision == "kept" || decision == "skipped" || page.outcome.reason == Reason::has_text;
  if (made.keeps_text || !model.has_text) return made;
  add_page_text(model, made);
  made.act = settings.text_layers == PdfSettings::TextLayers::replace || decision == "redo" ? PdfPage::Act::replace : PdfPage::Act::add;
  return made;
}

std::string pdf_gaps_of(const merge::Book& book) { return gaps_notice(*book.document); }

}  // namespace pecia::exporting
