#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "pecia/sched/types.hpp"

namespace pecia::test {
struct SchedulerProbe;
}  // namespace pecia::test

namespace pecia::sched {

/// The pages of a rank that are not started: for each level, in the order in which they are to be
/// read. Costs are in seconds as expected for the rank that holds them.
class PageQueue {
 public:
  /// Behind what is there.
  void add(std::span<const plan::Task> tasks);
  /// Among what is there, so that the documents with the dearest pages come first.
  void merge(std::span<const plan::Task> tasks);
  /// In front of what is there: a page that came back.
  void put_back(const plan::Task& task);

  /// The next page of the most urgent level that is not behind `last`.
  [[nodiscard]] std::optional<plan::Task> next(Level last);
  /// As `next`, but from the cheap end of that level.
  [[nodiscard]] std::optional<plan::Task> next_short(Level last);

  /// Takes about `fraction` of the cost of the most urgent level that is not behind `last`, the dearest
  /// first, as whoever has nothing to do should begin with the longest: whole documents after the
  /// one that is being read, and pages of one that alone is more than a quarter. `at_least_one`: even
  /// the last page.
  [[nodiscard]] std::vector<plan::Task> take(double fraction, Level last, bool at_least_one);
  /// Takes the first page only, or nothing.
  [[nodiscard]] std::vector<plan::Task> take_one(Level last);
  [[nodiscard]] std::vector<plan::Task> take_all();

  /// Drops pages for which `unwanted` holds; returns how many.
  std::size_t drop(const std::function<bool(const plan::Task&)>& unwanted);
  /// The pages of a document cost so many times as much as was thought; it moves accordingly.
  void scale(std::uint32_t document, double factor);

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] std::size_t size(Level last) const noexcept;
  [[nodiscard]] double cost_s(Level last) const noexcept;

 private:
  friend struct test::SchedulerProbe;
  /// Pages [head, end) of `tasks`, in order.
  struct Pages {
    std::vector<plan::Task> tasks;
    std::size_t head = 0;
    double cost_s = 0;
    [[nodiscard]] std::size_t size() const noexcept { return tasks.size() - head; }
    void took(const plan::Task& task) noexcept;
    void count_again() noexcept;
    void arrange();
  };

  [[nodiscard]] Pages* first_level(Level last) noexcept;
  std::array<Pages, levels> levels_;
};

}  // namespace pecia::sched
