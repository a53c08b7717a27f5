#include "text_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "numbers.hpp"
#include "pecia/base/text.hpp"
#include "writing_direction.hpp"

namespace pecia::exporting::pdf {
namespace {

/// Coordinates are whole numbers in steps of at most this part of an inch.
constexpr double least_steps_per_inch = 250;
/// A line that is so much thicker than its thickest word runs askew: its words get baselines of their own.
constexpr double askew_share = 1.4;
/// Readers take a gap of .15 of the font's size for the end of a word (Poppler's TextOutputDev.cc, minWordSpacing).
constexpr double least_gap = 0.2;
/// To leave that gap, a word keeps at least this share of its width.
constexpr double least_kept_width = 0.6;

/// A box in the frame of a line: s along it, t across and upwards.
struct Extent {
  double s0 = 0, s1 = 0, t0 = 0, t1 = 0;
  [[nodiscard]] double thickness() const { return t1 - t0; }
  [[nodiscard]] double middle() const { return (s0 + s1) / 2; }
};

/// Page coordinates, y up, turned so that the line runs along s.
Extent extent_of(const result::Box& box, Direction direction, double steps) {
  const double x0 = static_cast<double>(box.x0) * steps, x1 = static_cast<double>(box.x1) * steps;
  const double y0 = -static_cast<double>(box.y1) * steps, y1 = -static_cast<double>(box.y0) * steps;
  switch (direction) {
    case Direction::left:
      return {-x1, -x0, -y1, -y0};
    case Direction::up:
      return {y0, y1, -x1, -x0};
    case Direction::down:
      return {-y1, -y0, x0, x1};
    case Direction::right:
      break;
  }
  return {x0, x1, y0, y1};
}

constexpr std::array<std::string_view, 4> turns{"1 0 0 1", "-1 0 0 -1", "0 -1 1 0", "0 1 -1 0"};  // as Direction

/// A point of the frame, in page coordinates with y up.
std::pair<double, double> point_of(double s, double t, Direction direction) {
  switch (direction) {
    case Direction::left:
      return {-s, -t};
    case Direction::up:
      return {-t, s};
    case Direction::down:
      return {t, -s};
    case Direction::right:
      break;
  }
  return {s, t};
}

/// The bottoms of a line's words as a straight line: t = at + slope * s, by least squares.
struct Baseline {
  double at = 0, slope = 0;
};

Baseline fitted(const std::vector<Extent>& words) {
  double s_sum = 0, t_sum = 0, ss = 0, st = 0;
  const auto count = static_cast<double>(words.size());
  for (const auto& word : words) s_sum += word.middle(), t_sum += word.t0;
  for (const auto& word : words) {
    const double s = word.middle() - s_sum / count;
    ss += s * s;
    st += s * (word.t0 - t_sum / count);
  }
  const double slope = ss > 0 ? st / ss : 0;
  return {(t_sum - slope * s_sum) / count, slope};
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

Extent surrounding(const Extent& one, const Extent& two) {
  return {std::min(one.s0, two.s0), std::max(one.s1, two.s1), std::min(one.t0, two.t0), std::max(one.t1, two.t1)};
}

/// Readers end a word where the next one is drawn to its left: both are drawn as one.
bool are_one_from_the_right(const PdfWord& one, const PdfWord& next) {
  return !one.blank_after && is_right_to_left(one.text) && is_right_to_left(next.text);
}

class Writer {
 public:
  Writer(const std::string& font_name, GlyphlessFont& font, double steps) : font_name_{font_name}, font_{font}, steps_{steps} {}

  void line(const PdfLine& line) {
    const auto direction = direction_of(line);
    const auto whole = extent_of(line.box, direction, steps_);
    std::vector<Extent> words;
    double thickest = 0;
    for (const auto& word : line.words) {
      words.push_back(extent_of(word.box, direction, steps_));
      thickest = std::max(thickest, words.back().thickness());
    }
    const bool askew = words.size() > 1 && whole.thickness() > askew_share * thickest;
    const auto size = std::max(1.0, std::round(askew ? thickest : whole.thickness()));
    const auto bottom = askew ? fitted(words) : Baseline{whole.t0, 0};
    for (std::size_t n = 0; n < words.size(); ++n) {
      auto one = line.words[n];
      for (; n + 1 < words.size() && are_one_from_the_right(one, line.words[n + 1]) && words[n + 1].s0 < words[n].s0; ++n) {
        one.text += line.words[n + 1].text;
        one.blank_after = line.words[n + 1].blank_after;
        words[n + 1] = surrounding(words[n], words[n + 1]);
      }
      if (n + 1 < words.size()) {
        if (one.blank_after)
          part(words[n], words[n + 1], least_gap * size);
        else
          join(words[n], words[n + 1]);
      }
      const double base = std::round(bottom.at + bottom.slope * words[n].middle() + glyph_descent * size);
      word(one, words[n], base, size, direction);
    }
  }

  TextContent take() { return {std::move(out_), words_}; }

 private:
  /// Leaves a gap between two words that readers take for a blank: what must be comes off the first, and where that would
  /// lose too much of it, off the second.
  static void part(Extent& word, Extent& next, double gap) {
    const double most_cut = (1 - least_kept_width) * (word.s1 - word.s0);
    if (next.s0 > word.s0) {
      word.s1 = std::min(word.s1, std::max(word.s1 - most_cut, next.s0 - gap));
      next.s0 = std::max(next.s0, word.s1 + gap);
      next.s1 = std::max(next.s1, next.s0 + gap);
    } else {  // from right to left
      word.s0 = std::max(word.s0, std::min(word.s0 + most_cut, next.s1 + gap));
    }
  }

  /// Readers take a gap between the ink of two words for a blank, and an overlap for the end of a word (Poppler's minDupBreakOverlap):
  /// where the text has no blank, the first reaches to the beginning of the second, and no further.
  static void join(Extent& word, const Extent& next) {
    if (next.s0 > word.s0)
      word.s1 = next.s0;
    else if (next.s1 < word.s0)  // from right to left
      word.s0 = next.s1;
  }

  /// Words of which only the line is known, from right to left: each gets its share of the line, so that readers, which
  /// expect characters in the order in which they are drawn, and words in that in which they are read, find both.
  void words_from_the_right(std::string_view text, Extent place, double base, double size, Direction direction) {
    const double width = (place.s1 - place.s0) / static_cast<double>(characters(text));
    while (!text.empty()) {
      const auto end = std::min(text.find(' '), text.size());
      const auto part = text.substr(0, end);
      place.s0 = place.s1 - width * static_cast<double>(characters(part));
      word({std::string{part}, {}, false}, place, base, size, direction);
      place.s1 = place.s0 - width;
      text.remove_prefix(std::min(text.size(), end + 1));
    }
  }

  void word(const PdfWord& word, const Extent& place, double base, double size, Direction direction) {
    const bool from_the_right = is_right_to_left(word.text);
    if (from_the_right && word.text.find(' ') != std::string::npos) return words_from_the_right(word.text, place, base, size, direction);
    std::size_t count = 0, blanks = 0;
    const auto codes = font_.codes(in_drawing_order(word.text), count);
    if (count == 0) return;
    if (size != size_) out_ += fmt::format("/{} {} Tf\n", font_name_, number(size, 0));
    const double s = std::round(place.s0), width = std::max(1.0, std::round(place.s1) - s);
    move_to(s, base, direction);
    const double scale = 100 * width / (static_cast<double>(count) * glyph_width * size);
    auto scale_text = number(scale, scale < 50 ? 1 : 0);
    if (scale_text == "0") scale_text = "0.1";
    if (scale_text != scale_) out_ += scale_text + " Tz";
    out_ += '(' + codes + (word.blank_after && !from_the_right ? font_.codes(" ", blanks) : "") + ")Tj\n";
    size_ = size;
    scale_ = std::move(scale_text);
    words_ += 1 + static_cast<std::uint64_t>(std::ranges::count(word.text, ' '));
  }

  void move_to(double s, double t, Direction direction) {
    if (!begun_ || direction != direction_) {
      const auto [x, y] = point_of(s, t, direction);
      out_ += fmt::format("{} {} {} Tm\n", turns[static_cast<std::size_t>(direction)], number(x, 0), number(y, 0));
    } else {
      out_ += fmt::format("{} {} Td ", number(s - s_, 0), number(t - t_, 0));
    }
    begun_ = true;
    direction_ = direction;
    s_ = s;
    t_ = t;
  }

  const std::string& font_name_;
  GlyphlessFont& font_;
  double steps_;
  std::string out_, scale_;
  std::uint64_t words_ = 0;
  bool begun_ = false;
  Direction direction_ = Direction::right;
  double s_ = 0, t_ = 0, size_ = 0;
};

}  // namespace

TextContent text_content(const PdfPage& page, const Affine& to_page, const std::string& font_name, GlyphlessFont& font) {
  const double dpi = page.dpi > 0 ? static_cast<double>(page.dpi) : least_steps_per_inch;
  const double steps = std::max(1.0, std::ceil(least_steps_per_inch / dpi));
  Writer writer{font_name, font, steps};
  for (const auto& line : page.lines) writer.line(line);
  auto content = writer.take();
  const auto matrix = Affine{1 / steps, 0, 0, -1 / steps, 0, 0} * to_page;
  content.operators = fmt::format("q {} cm BT 3 Tr\n{}ET Q\n", numbers(matrix), content.operators);
  return content;
}

void tell_of_lost_text(PdfResult& result, const GlyphlessFont& font) {
  if (font.without_code() > 0)
    result.warnings.push_back(
        fmt::format("{} characters are more different ones than a font holds: U+FFFD stands for them", font.without_code()));
  if (result.lines_without_places > 0)
    result.warnings.push_back(fmt::format("{} of pages with text cannot be found in it, since nobody knows where they stand",
                                          plural(result.lines_without_places, "line")));
}

}  // namespace pecia::exporting::pdf
