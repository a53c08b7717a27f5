#include "ngram_guard.hpp"

#include <algorithm>

namespace pecia::engine::deepseek {
namespace {

constexpr std::uint64_t base = 0x9E3779B97F4A7C15;

}  // namespace

NgramGuard::NgramGuard(int n, int window, std::vector<std::int32_t> allow)
    : n_{static_cast<std::size_t>(std::max(n, 0))},
      window_{static_cast<std::size_t>(std::max(window, 0))},
      active_{n >= 2 && window >= n},
      allow_{std::move(allow)} {
  std::sort(allow_.begin(), allow_.end());
  for (std::size_t i = 1; i < n_; ++i) power_ *= base;
  clear();
}

void NgramGuard::clear() {
  ids_.clear();
  prefixes_.assign(1, 0);
  grams_.clear();
}

void NgramGuard::push(std::int32_t id) {
  if (!active_) return;
  ids_.push_back(id);
  // Odd summands: ids 0 would otherwise be invisible at the front.
  prefixes_.push_back(prefixes_.back() * base +
                      2 * static_cast<std::uint64_t>(static_cast<std::uint32_t>(id)) + 1);
  if (ids_.size() >= n_) remember(ids_.size() - n_);
  if (ids_.size() > window_) forget(ids_.size() - window_ - 1);
}

std::vector<std::int32_t> NgramGuard::banned() const {
  std::vector<std::int32_t> ids;
  if (!active_ || ids_.size() < n_) return ids;
  const auto last = ids_.size() - (n_ - 1);
  const auto bucket = grams_.find(hash_at(last));
  if (bucket == grams_.end()) return ids;
  for (const auto& gram : bucket->second) {
    if (!equal(gram.latest, last)) continue;
    for (const auto& next : gram.next)
      if (!std::binary_search(allow_.begin(), allow_.end(), next.id)) ids.push_back(next.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

bool NgramGuard::equal(std::size_t a, std::size_t b) const {
  const auto* ids = ids_.data();
  return std::equal(ids + a, ids + a + (n_ - 1), ids + b);
}

std::uint64_t NgramGuard::hash_at(std::size_t begin) const {
  return prefixes_[begin + n_ - 1] - prefixes_[begin] * power_;
}

void NgramGuard::remember(std::size_t begin) {
  auto& bucket = grams_[hash_at(begin)];
  auto gram = std::find_if(bucket.begin(), bucket.end(),
                           [&](const Gram& g) { return equal(g.latest, begin); });
  if (gram == bucket.end()) gram = bucket.insert(bucket.end(), Gram{begin, {}});
  gram->latest = begin;
  const auto id = ids_[begin + n_ - 1];
  const auto next = std::find_if(gram->next.begin(), gram->next.end(),
                                 [&](const Gram::Next& x) { return x.id == id; });
  if (next == gram->next.end())
    gram->next.push_back({id, 1});
  else
    ++next->count;
}

void NgramGuard::forget(std::size_t begin) {
  const auto bucket = grams_.find(hash_at(begin));
  auto& all = bucket->second;
  const auto gram =
      std::find_if(all.begin(), all.end(), [&](const Gram& g) { return equal(g.latest, begin); });
  const auto id = ids_[begin + n_ - 1];
  const auto next = std::find_if(gram->next.begin(), gram->next.end(),
                                 [&](const Gram::Next& x) { return x.id == id; });
  if (--next->count == 0) gram->next.erase(next);
  if (gram->next.empty()) all.erase(gram);
  if (all.empty()) grams_.erase(bucket);
}

}  // namespace pecia::engine::deepseek
