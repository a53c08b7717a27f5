#include "placing.hpp"

#include <algorithm>
#include <utility>

namespace pecia::result::aligning {
namespace {

/// Letters that a line may have more than its boxes.
constexpr std::uint64_t slack = 2;
/// A line may have one letter of unknown place to so many that are placed.
constexpr std::uint64_t placed_to_unplaced = 3;
/// Between two words on one line of the boxes: so many times the letters that the boxes have there, and some, may be missing.
constexpr std::uint64_t most_times = 2, most_more = 10;

Box around(const Box& a, const Box& b) {
  return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

class Placer {
 public:
  Placer(const Reading& text, const Reading& boxes, std::span<const Atom> atoms, std::span<const Atom> box_atoms,
         std::span<const Match> matches)
      : text_{text}, boxes_{boxes}, atoms_{atoms}, box_atoms_{box_atoms}, matches_{matches}, box_taken_(box_atoms.size()) {
    for (const auto& match : matches) std::fill_n(box_taken_.begin() + match.box, match.boxes, true);
  }

  AlignedWords operator()() {
    for (const auto& atom : atoms_) {
      placed_.letters += atom.letters;
      if (atom.letters > 0) ++placed_.all_words;
    }
    find_lines();
    stretch_lines();
    for (const auto& line : lines_) add_line(line);
    find_words();
    for (const auto& word : words_) add_word(word);
    if (placed_.placed_letters > 0) placed_.similarity /= static_cast<double>(placed_.placed_letters);
    return std::move(placed_);
  }

 private:
  /// Atoms [begin, end) of the text on atoms [box, box_end) of one line of the boxes.
  struct Line {
    std::uint32_t begin = 0, end = 0, box = 0, box_end = 0;
    std::uint64_t placed = 0, unplaced = 0;  ///< letters
  };
  struct Word {
    std::uint32_t begin = 0, end = 0;          ///< atoms of the text
    std::uint32_t box_word = 0, box_words = 1;  ///< of `Reading::words` of the boxes
    double similar_letters = 0;
    bool shared = false;  ///< its box has other words, too
  };

  [[nodiscard]] std::uint32_t line_of(std::uint32_t box) const { return box_atoms_[box].line; }

  [[nodiscard]] static std::uint64_t letters(std::span<const Atom> atoms, std::uint32_t begin, std::uint32_t end) {
    std::uint64_t sum = 0;
    for (auto n = begin; n < end; ++n) sum += atoms[n].letters;
    return sum;
  }

  /// How many of a match's boxes lie on the line of the first: a hyphenated word stands where it begins.
  [[nodiscard]] std::uint32_t on_first_line(const Match& match) const {
    std::uint32_t count = 1;
    while (count < match.boxes && line_of(match.box + count) == line_of(match.box)) ++count;
    return count;
  }

  // ---- lines

  void find_lines() {
    for (const auto& match : matches_) {
      const Line one{match.text, match.text + match.texts, match.box, match.box + on_first_line(match),
                     letters(atoms_, match.text, match.text + match.texts), 0};
      if (has_break(match.text + 1, one.end)) continue;  // its words stand in two cells
      if (!lines_.empty() && goes_on(lines_.back(), one)) {
        auto& line = lines_.back();
        line.unplaced += letters(atoms_, line.end, one.begin);
        line.placed += one.placed;
        line.end = one.end;
        line.box = std::min(line.box, one.box);
        line.box_end = std::max(line.box_end, one.box_end);
      } else {
        lines_.push_back(one);
      }
    }
  }

  /// Whether a line end or the border of a cell stands before one of these atoms.
  [[nodiscard]] bool has_break(std::uint32_t begin, std::uint32_t end) const {
    return std::any_of(atoms_.begin() + begin, atoms_.begin() + std::max(begin, end), [](const Atom& atom) { return atom.breaks; });
  }

  [[nodiscard]] bool goes_on(const Line& line, const Line& next) const {
    if (line_of(line.box) != line_of(next.box) || has_break(line.end, next.begin + 1)) return false;
    const auto missing = letters(atoms_, line.end, next.begin);
    const auto boxed = next.box > line.box_end ? letters(box_atoms_, line.box_end, next.box) : 0;
    return missing <= most_times * boxed + most_more;
  }

  /// Words between two lines go to the line whose boxes have room for them, that is, words without a match.
  void stretch_lines() {
    for (std::size_t n = 0; n <= lines_.size(); ++n) {
      auto begin = n > 0 ? lines_[n - 1].end : 0U;
      auto end = n < lines_.size() ? lines_[n].begin : static_cast<std::uint32_t>(atoms_.size());
      if (n > 0) begin = stretch_right(lines_[n - 1], begin, end);
      if (n < lines_.size()) stretch_left(lines_[n], begin, end);
    }
  }

  std::uint32_t stretch_right(Line& line, std::uint32_t begin, std::uint32_t end) {
    std::uint64_t room = 0;
    auto last = line.box_end;
    while (last < box_atoms_.size() && !box_taken_[last] && line_of(last) == line_of(line.box)) room += box_atoms_[last++].letters;
    auto at = begin;
    while (at < end && !atoms_[at].breaks && takes(line, room, letters(atoms_, begin, at + 1))) ++at;
    if (room > 0 && at > begin) line.box_end = last;
    line.unplaced += letters(atoms_, begin, at);
    line.end = at;
    return at;
  }

  void stretch_left(Line& line, std::uint32_t begin, std::uint32_t end) {
    std::uint64_t room = 0;
    auto first = line.box;
    while (first > 0 && !box_taken_[first - 1] && line_of(first - 1) == line_of(line.box)) room += box_atoms_[--first].letters;
    auto at = end;
    while (at > begin && !atoms_[at].breaks && takes(line, room, letters(atoms_, at - 1, end))) --at;
    if (room > 0 && at < end) line.box = first;
    line.unplaced += letters(atoms_, at, end);
    line.begin = at;
  }

  [[nodiscard]] static bool takes(const Line& line, std::uint64_t room, std::uint64_t more) {
    return more <= std::max(room + slack, line.placed / placed_to_unplaced) && line.unplaced + more <= line.placed;
  }

  void add_line(const Line& line) {
    if (line.unplaced > line.placed) return;
    auto part = part_of(line.begin, line.end);
    part.text_begin = atoms_[line.begin].marks_begin;
    part.text_end = atoms_[line.end - 1].marks_end;
    part.box = boxes_.words[box_atoms_[line.box].word].box;
    for (auto box = line.box; box < line.box_end; ++box) part.box = around(part.box, boxes_.words[box_atoms_[box].word].box);
    placed_.lines.push_back(part);
  }

  // ---- words

  void find_words() {
    for (const auto& line : lines_) {
      if (line.unplaced > line.placed) continue;
      auto match = std::ranges::lower_bound(matches_, line.begin, {}, &Match::text);
      for (; match != matches_.end() && match->text < line.end; ++match) {
        if (match->text + match->texts <= line.end) add_match(*match, line);  // else its words stand in two cells
      }
    }
    // What a box has besides is not the word's.
    for (auto& word : words_) {
      if (word.box_words == 1 && !is_most_of_box(word)) word.shared = true;
    }
  }

  void add_match(const Match& match, const Line& line) {
    const auto boxes = on_first_line(match);
    Word word{match.text, match.text + match.texts, box_atoms_[match.box].word, 1, 0, false};
    word.box_words = box_atoms_[match.box + boxes - 1].word - word.box_word + 1;
    word.similar_letters = static_cast<double>(match.similarity) * static_cast<double>(letters(atoms_, word.begin, word.end));
    if (!words_.empty()) {
      auto& last = words_.back();
      const bool same_box = last.box_words == 1 && word.box_words == 1 && last.box_word == word.box_word;
      const bool adjacent = last.end == word.begin && !atoms_[word.begin].breaks;
      if (same_box && last.begin >= line.begin && (adjacent || is_glued(last.end - 1, word.end))) {  // characters of one word
        last.end = word.end;
        last.similar_letters += word.similar_letters;
        return;
      }
      if (same_box) last.shared = word.shared = true;
    }
    words_.push_back(word);
  }

  /// Whether nothing stands between these atoms.
  [[nodiscard]] bool is_glued(std::uint32_t begin, std::uint32_t end) const {
    return std::all_of(atoms_.begin() + begin + 1, atoms_.begin() + std::max(end, begin + 1), [](const Atom& atom) { return atom.glued; });
  }

  [[nodiscard]] bool is_most_of_box(const Word& word) const {
    const auto first = std::ranges::lower_bound(box_atoms_, word.box_word, {}, &Atom::word);
    std::uint64_t all = 0, count = 0;
    for (auto atom = first; atom != box_atoms_.end() && atom->word == word.box_word; ++atom, ++count) all += atom->letters;
    return count == 1 || 2 * letters(atoms_, word.begin, word.end) >= all;
  }

  void add_word(const Word& word) {
    if (word.shared) return;
    auto part = part_of(word.begin, word.end);
    part.box = boxes_.words[word.box_word].box;
    for (auto n = word.box_word; n < word.box_word + word.box_words; ++n) part.box = around(part.box, boxes_.words[n].box);
    placed_.words.push_back(part);
    placed_.placed_letters += letters(atoms_, word.begin, word.end);
    placed_.similarity += word.similar_letters;
    for (auto n = word.begin; n < word.end; ++n) placed_.placed_words += atoms_[n].letters > 0 ? 1U : 0U;
  }

  [[nodiscard]] Part part_of(std::uint32_t begin, std::uint32_t end) const {
    Part part;
    part.text_begin = atoms_[begin].begin;
    part.text_end = atoms_[end - 1].end;
    const auto block = atoms_[begin].block;
    part.confidence = block == none ? text_.confidence : text_.blocks[block].confidence;
    return part;
  }

  const Reading& text_;
  const Reading& boxes_;
  std::span<const Atom> atoms_, box_atoms_;
  std::span<const Match> matches_;
  std::vector<bool> box_taken_;
  std::vector<Line> lines_;
  std::vector<Word> words_;
  AlignedWords placed_;
};

}  // namespace

AlignedWords place(const Reading& text, const Reading& boxes, std::span<const Atom> text_atoms, std::span<const Atom> box_atoms,
                   std::span<const Match> matches) {
  return Placer{text, boxes, text_atoms, box_atoms, matches}();
}

}  // namespace pecia::result::aligning
