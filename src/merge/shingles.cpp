#include "shingles.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace pecia::merge {
namespace {

std::vector<std::string> sorted_words(std::string_view text) {
  std::vector<std::string> words;
  for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  std::ranges::sort(words);
  return words;
}

bool has_digit(std::string_view word) {
  return std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

/// Levenshtein distance at most a third of the longer word.
bool is_similar(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  const auto most = std::max<std::size_t>(a.size() / 3, 1);
  if (a.size() - b.size() > most || a.size() < 2) return false;
  std::array<std::size_t, 65> row{};
  for (std::size_t n = 0; n <= b.size(); ++n) row[n] = n;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()] <= most;
}

/// Each is compared with at most so many, so that two texts without a common word cost no more.
constexpr std::size_t most_compared = 80;

std::size_t count_unlike(const std::vector<std::string>& words, const std::vector<std::string>& others, std::size_t& numbers) {
  const auto looked = std::min(words.size(), most_compared);
  std::size_t unlike = 0;
  for (std::size_t n = 0; n < looked; ++n) {
    const auto& word = words[n];
    const bool number = has_digit(word);
    if (word.size() < 3 && !number) continue;
    const auto end = others.begin() + static_cast<std::ptrdiff_t>(std::min(others.size(), most_compared));
    const auto similar = [&](const std::string& other) { return is_similar(word, other); };
    if (!number && std::find_if(others.begin(), end, similar) != end) continue;
    ++unlike;
    numbers += number ? 1 : 0;
  }
  return looked == 0 ? 0 : unlike * words.size() / looked;
}

}  // namespace

std::uint64_t mixed(std::uint64_t value) noexcept {
  value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCDULL;
  value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53ULL;
  return value ^ (value >> 33);
}

std::uint64_t hash_of(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return mixed(hash);
}

void Sketch::add_word(std::uint64_t hash) {
  const auto shingle = mixed(before_[0] + 3 * before_[1] + 7 * hash);
  before_ = {before_[1], hash};
  if (++words_in_row_ < 3) return;
  if (smallest_.size() == most && shingle >= smallest_.back()) return;
  const auto at = std::ranges::lower_bound(smallest_, shingle);
  if (at != smallest_.end() && *at == shingle) return;
  smallest_.insert(at, shingle);
  if (smallest_.size() > most) smallest_.pop_back();
}

std::vector<Candidate> candidates(const std::vector<std::vector<std::uint64_t>>& sketches, std::size_t least_shared,
                                  std::size_t most_pages) {
  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t page = 0;
  };
  std::vector<Entry> entries;
  for (std::uint32_t page = 0; page < sketches.size(); ++page) {
    for (const auto hash : sketches[page]) entries.push_back({hash, page});
  }
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) { return a.hash != b.hash ? a.hash < b.hash : a.page < b.page; });
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::size_t begin = 0; begin < entries.size();) {
    auto end = begin;
    while (end < entries.size() && entries[end].hash == entries[begin].hash) ++end;
    for (auto first = begin; end - begin <= most_pages && first < end; ++first) {
      for (auto second = first + 1; second < end; ++second) pairs.emplace_back(entries[first].page, entries[second].page);
    }
    begin = end;
  }
  std::ranges::sort(pairs);
  std::vector<Candidate> found;
  for (std::size_t begin = 0; begin < pairs.size();) {
    auto end = begin;
    while (end < pairs.size() && pairs[end] == pairs[begin]) ++end;
    if (end - begin >= least_shared) found.push_back({pairs[begin].first, pairs[begin].second, static_cast<std::uint32_t>(end - begin)});
    begin = end;
  }
  return found;
}

Difference difference(std::string_view a, std::string_view b) {
  const auto left = sorted_words(a), right = sorted_words(b);
  Difference result;
  if (left.empty() || right.empty()) return result;
  std::vector<std::string> only_left, only_right;
  std::ranges::set_difference(left, right, std::back_inserter(only_left));
  std::ranges::set_difference(right, left, std::back_inserter(only_right));
  result.words = left.size() + right.size();
  const auto all = static_cast<double>(result.words);
  result.common = (all - static_cast<double>(only_left.size() + only_right.size())) / all;
  const auto unlike =
      count_unlike(only_left, only_right, result.unlike_numbers) + count_unlike(only_right, only_left, result.unlike_numbers);
  result.unlike = static_cast<double>(unlike) / all;
  return result;
}

}  // namespace pecia::merge
