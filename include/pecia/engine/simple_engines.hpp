#pragma once

#include <chrono>
#include <deque>
#include <vector>

#include "pecia/engine/engine.hpp"

namespace pecia::engine {

/// Answers at once with the size of the page: for I/O tests and dry runs.
class EchoEngine final : public Engine {
 public:
  explicit EchoEngine(int capacity_pages) : capacity_pages_{capacity_pages} {}

  [[nodiscard]] page::ImageRequest wants(const page::PageInfo& page, const ReadOptions& options) const override;
  [[nodiscard]] Prepared prepare(const page::Image& image, const ReadOptions& options) const override;
  [[nodiscard]] Room room() const override;
  void submit(std::uint64_t ticket, Prepared page) override;
  [[nodiscard]] std::vector<Completion> step(std::chrono::milliseconds max_wait) override;
  void cancel(std::uint64_t ticket) override;
  [[nodiscard]] Description description() const override;

 private:
  int capacity_pages_;
  std::deque<Completion> done_;
};

/// Sleeps each page's recorded seconds: for tests and benchmarks of the schedule with many ranks.
class ReplayEngine final : public Engine {
 public:
  /// `threads` pages at once, each for `ReadOptions::replay_seconds` x `time_scale`.
  ReplayEngine(int threads, double time_scale) : threads_{threads}, time_scale_{time_scale} {}

  [[nodiscard]] page::ImageRequest wants(const page::PageInfo& page, const ReadOptions& options) const override;
  [[nodiscard]] Prepared prepare(const page::Image& image, const ReadOptions& options) const override;
  [[nodiscard]] Room room() const override;
  void submit(std::uint64_t ticket, Prepared page) override;
  [[nodiscard]] std::vector<Completion> step(std::chrono::milliseconds max_wait) override;
  void cancel(std::uint64_t ticket) override;
  [[nodiscard]] Description description() const override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Sleeping {
    std::uint64_t ticket;
    Clock::time_point until;
    double seconds;
  };
  int threads_;
  double time_scale_;
  std::vector<Sleeping> sleeping_;
};

}  // namespace pecia::engine
