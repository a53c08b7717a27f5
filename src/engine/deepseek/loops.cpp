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
  scores_.assign(longest_period, 0);
  last_content_ = 0;
  content_.clear();
  grams_.clear();
  gram_ = 0;
  counts_.clear();
}

bool LoopDetector::push(std::int32_t id) {
  const bool structure = std::find(structure_.begin(), structure_.end(), id) != structure_.end();
  last_content_ = structure ? last_content_ + 1 : 0;
  const bool repeats = exact_or_near(id, structure);
  return (!structure && nothing_new(id)) || repeats;
}

bool LoopDetector::exact_or_near(std::int32_t id, bool structure) {
  if (recent_.size() == 2 * longest_period)
    recent_.erase(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(longest_period));
  const auto size = recent_.size();
  const auto periods = std::min(size, longest_period);
  const auto* past = recent_.data() + size;
  int found = 0;
  const auto since_content = static_cast<int>(std::min<std::size_t>(last_content_, 1U << 20));
  for (std::size_t i = 0; i < periods; ++i) {
    const auto period = static_cast<int>(i) + 1;
    const bool same = past[-period] == id;
    const int run = same ? runs_[i] + 1 : 0;
    const int score = std::max(0, scores_[i] + (structure ? 0 : same ? 1 : -near_penalty));
    runs_[i] = run;
    scores_[i] = score;
    const int covered = run + period;
    const bool enough = covered >= exact_periods * period && covered >= exact_tokens && run > 0;
    const bool content = since_content < period;
    found |= static_cast<int>(enough && (content || covered >= structure_tokens));
    found |= static_cast<int>(period >= near_period && score >= near_score);
  }
  recent_.push_back(id);
  return found != 0;
}

bool LoopDetector::nothing_new(std::int32_t id) {
  content_.push_back(id);
  if (content_.size() < gram_length) return false;
  std::uint64_t hash = 0;
  for (const auto part : content_) hash = mix(hash, part);
  content_.erase(content_.begin());
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
