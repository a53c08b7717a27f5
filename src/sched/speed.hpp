#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace pecia::sched {

/// How much longer a page will take. Reading times have a heavy tail: one that has taken longer than
/// expected will take half as long again, the more the longer it has taken.
[[nodiscard]] inline double expected_remaining_s(double expected_s, double elapsed_s) noexcept {
  return elapsed_s < expected_s ? expected_s - elapsed_s : elapsed_s / 2;
}

/// How fast a rank reads: expected seconds of a page for each second that it takes. The median over
/// the last pages, so that those which loop do not count, and a rank that slows down is soon known.
class Speed {
 public:
  void add(double expected_s, double taken_s) noexcept {
    if (!(expected_s > 0) || !(taken_s > 0)) return;
    ratios_[added_++ % ratios_.size()] = static_cast<float>(expected_s / taken_s);
    if (added_ > ratios_.size() && added_ % 4 != 0) return;  // one more changes little
    auto sorted = ratios_;
    const auto count = static_cast<std::ptrdiff_t>(std::min(added_, ratios_.size()));
    std::nth_element(sorted.begin(), sorted.begin() + count / 2, sorted.begin() + count);
    rate_ = static_cast<double>(sorted[static_cast<std::size_t>(count / 2)]);
  }
  /// 0: not known yet.
  [[nodiscard]] double rate() const noexcept { return rate_; }

 private:
  std::array<float, 31> ratios_{};
  std::size_t added_ = 0;
  double rate_ = 0;
};

}  // namespace pecia::sched
