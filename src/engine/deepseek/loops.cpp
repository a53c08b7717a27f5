#include "loops.hpp"

#include <algorithm>

namespace pecia::engine::deepseek {
namespace {

constexpr std::size_t gram_length = 4;

std::uint64_t mix(std::uint64_t hash, std::int32_t id) {
  hash = (hash ^ static_cast<std::uint32_t>(id)) * 0x9E3779B97F4A7C15;
  return hash ^ (hash >> 29);
}

}  // namespace

LoopDetector::LoopDetector(std::vector<std::int32_t> structure) : structure_{std::move(structure)} {
  clear();
}

void LoopDetector::clear() {
  recent_.clear();
  runs_.assign(longest_period, 0);
  contents_.assign(longest_period, 0);
  scores_.assign(longest_period, 0);
  last_.clear();
  grams_.clear();
  gram_ = 0;
  counts_.clear();
}

bool LoopDetector::push(std::int32_t id) {
  const bool structure = std::find(structure_.begin(), structure_.end(), id) != structure_.end();
  const bool repeats = exact_or_near(id, structure);
  return (!structure && nothing_new(id)) || repeats;
}

bool LoopDetector::exact_or_near(std::int32_t id, bool structure) {
  if (recent_.size() == 2 * longest_period)
    recent_.erase(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(longest_period));
  const auto size = recent_.size();
  const auto* past = recent_.data() + size;
  const int content = structure ? 0 : 1;
  const int counts = structure || (size > 0 && past[-1] == id) ? 0 : 1;
  const int penalty = structure ? 0 : near_penalty;
  int found = 0;
  for (std::size_t i = 0; i < std::min(size, longest_period); ++i) {
    const auto period = static_cast<int>(i) + 1;
    const bool same = past[-period] == id;
    const int run = same ? runs_[i] + 1 : 0;
    const int contents = same ? contents_[i] + content : 0;
    const int score = std::max(0, scores_[i] + (same ? counts : -penalty));
    runs_[i] = run;
    contents_[i] = contents;
    scores_[i] = score;
    const bool often = run >= (exact_periods - 1) * period;
    found |= static_cast<int>(often && (contents >= exact_content || run >= exact_tokens));
    found |= static_cast<int>(period >= near_period && score >= near_score);
  }
  recent_.push_back(id);
  return found != 0;
}

bool LoopDetector::nothing_new(std::int32_t id) {
  const auto same = [&](std::int32_t one) { return one == id; };
  if (last_.size() == gram_length && std::all_of(last_.begin(), last_.end(), same)) return false;
  if (last_.size() == gram_length) last_.erase(last_.begin());
  last_.push_back(id);
  if (last_.size() < gram_length) return false;
  std::uint64_t hash = 0;
  for (const auto part : last_) hash = mix(hash, part);
  ++counts_[hash];
  if (grams_.size() < novelty_window) {
    grams_.push_back(hash);
  } else {
    const auto oldest = counts_.find(grams_[gram_]);
    if (--oldest->second == 0) counts_.erase(oldest);
    grams_[gram_] = hash;
    gram_ = (gram_ + 1) % novelty_window;
  }
  return grams_.size() == novelty_window && counts_.size() <= novelty_least;
}

}  // namespace pecia::engine::deepseek
