#include "sound_matches.hpp"

#include <algorithm>

namespace pecia::result::aligning {
namespace {

/// Letters that agree, less those that do not, in a run that is no chance.
constexpr double enough = 8;
/// In a short stretch, such as a page number, so much of it will do.
constexpr double enough_share = 0.5;
/// Between two matches of a run: words that have none.
constexpr std::uint32_t longest_gap = 2;

bool is_alike(const Match& match) { return match.similarity > alike; }

std::uint32_t gap(std::uint32_t end, std::uint32_t begin) { return begin > end ? begin - end : 0; }

bool follows(const Match& before, const Match& next, std::uint32_t most) {
  return next.text >= before.text + before.texts && next.box >= before.box + before.boxes &&
         gap(before.text + before.texts, next.text) <= most && gap(before.box + before.boxes, next.box) <= most;
}

std::uint32_t letters_of(std::span<const Atom> atoms, std::uint32_t first, std::uint32_t count) {
  std::uint32_t letters = 0;
  for (auto n = first; n < first + count; ++n) letters += atoms[n].letters;
  return letters;
}

/// Without what is not alike and does not stand between two neighbours that are.
std::vector<Match> between_likes(std::span<const Match> run, std::span<const Atom> boxes) {
  std::vector<Match> kept;
  for (std::size_t n = 0; n < run.size(); ++n) {
    const auto& match = run[n];
    const bool held = n > 0 && n + 1 < run.size() && is_alike(run[n - 1]) && is_alike(run[n + 1]) && follows(run[n - 1], match, 0) &&
                      follows(match, run[n + 1], 0);
    const auto line = boxes[match.box].line;
    const bool on_line = held && (boxes[run[n - 1].box + run[n - 1].boxes - 1].line == line || boxes[run[n + 1].box].line == line);
    if (is_alike(match) || on_line) kept.push_back(match);
  }
  return kept;
}

}  // namespace

Occurrences::Occurrences(std::span<const Atom> text, std::span<const Atom> boxes) {
  for (const auto& atom : text) ++counts_[atom.folded].text;
  for (const auto& atom : boxes) ++counts_[atom.folded].boxes;
}

bool Occurrences::is_unmistakable(const Atom& word) const {
  if (word.letters < long_word) return false;
  const auto found = counts_.find(word.folded);
  return found != counts_.end() && found->second.text == 1 && found->second.boxes == 1;
}

std::vector<Match> sound_matches(std::span<const Match> matches, std::span<const Atom> text, std::span<const Atom> boxes,
                                 const Occurrences& occurrences, std::uint64_t letters) {
  const auto needed = std::min(enough, enough_share * static_cast<double>(letters));
  std::vector<Match> sound;
  for (std::size_t begin = 0; begin < matches.size();) {
    auto end = begin + 1;
    while (end < matches.size() && follows(matches[end - 1], matches[end], longest_gap)) ++end;
    const auto run = matches.subspan(begin, end - begin);
    begin = end;
    double agree = 0;
    bool unmistakable = false;
    for (const auto& match : run) {
      if (!is_alike(match)) continue;
      agree += letters_of(text, match.text, match.texts) * (2.0 * static_cast<double>(match.similarity) - 1);
      unmistakable = unmistakable || (match.texts == 1 && match.boxes == 1 && occurrences.is_unmistakable(text[match.text]) &&
                                      text[match.text].folded == boxes[match.box].folded);
    }
    if (agree <= 0 || (agree < needed && !unmistakable)) continue;
    std::ranges::copy(between_likes(run, boxes), std::back_inserter(sound));
  }
  return sound;
}

}  // namespace pecia::result::aligning
