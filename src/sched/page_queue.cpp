#include "page_queue.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace pecia::sched {
namespace {

/// A document that costs more than this share of the queue is not given away as a whole.
constexpr double whole_document_share = 0.25;

/// Pages that stand together and belong to one document.
struct Group {
  std::size_t begin, end;
  double cost_s;
};

std::vector<Group> groups_of(std::span<const plan::Task> tasks) {
  std::vector<Group> groups;
  for (std::size_t n = 0; n < tasks.size(); ++n) {
    if (groups.empty() || tasks[groups.back().begin].page.document != tasks[n].page.document)
      groups.push_back({n, n, 0});
    groups.back().end = n + 1;
    groups.back().cost_s += static_cast<double>(tasks[n].cost_s);
  }
  return groups;
}

/// Gives a thief so much of a victim's pages, as they come.
class Dealer {
 public:
  explicit Dealer(double wanted_s) : wanted_s_{wanted_s} {}

  void deal(std::span<const plan::Task> together, double cost_s) {
    const bool give = given_s_ + cost_s / 2 < wanted_s_;
    if (give) given_s_ += cost_s;
    auto& hand = give ? given_ : kept_;
    hand.insert(hand.end(), together.begin(), together.end());
  }
  void keep(std::span<const plan::Task> together) { kept_.insert(kept_.end(), together.begin(), together.end()); }

  /// The thief's, the victim's.
  [[nodiscard]] std::pair<std::vector<plan::Task>, std::vector<plan::Task>> hands() { return {std::move(given_), std::move(kept_)}; }

 private:
  double wanted_s_, given_s_ = 0;
  std::vector<plan::Task> given_, kept_;
};

}  // namespace

void PageQueue::Pages::took(const plan::Task& task) noexcept {
  cost_s = size() == 0 ? 0 : std::max(0.0, cost_s - static_cast<double>(task.cost_s));
}

void PageQueue::Pages::count_again() noexcept {
  cost_s = 0;
  for (std::size_t n = head; n < tasks.size(); ++n) cost_s += static_cast<double>(tasks[n].cost_s);
}

PageQueue::Pages* PageQueue::first_level(Level last) noexcept {
  for (std::size_t n = 0; n <= static_cast<std::size_t>(last); ++n) {
    if (levels_[n].size() > 0) return &levels_[n];
  }
  return nullptr;
}

void PageQueue::add(std::span<const plan::Task> tasks) {
  for (const auto& task : tasks) {
    auto& level = levels_.at(static_cast<std::size_t>(level_of(task)));
    level.tasks.push_back(task);
    level.cost_s += static_cast<double>(task.cost_s);
  }
}

void PageQueue::merge(std::span<const plan::Task> tasks) {
  add(tasks);
  for (auto& level : levels_) level.arrange();
}

/// The documents with the dearest pages first.
void PageQueue::Pages::arrange() {
  const auto all = std::span{tasks}.subspan(head);
  auto groups = groups_of(all);
  const auto mean_s = [](const Group& group) { return group.cost_s / static_cast<double>(group.end - group.begin); };
  std::ranges::stable_sort(groups, std::greater{}, mean_s);
  std::vector<plan::Task> arranged;
  arranged.reserve(all.size());
  for (const auto& group : groups)
    arranged.insert(arranged.end(), all.begin() + static_cast<std::ptrdiff_t>(group.begin),
                    all.begin() + static_cast<std::ptrdiff_t>(group.end));
  tasks = std::move(arranged);
  head = 0;
}

void PageQueue::put_back(const plan::Task& task) {
  auto& level = levels_.at(static_cast<std::size_t>(level_of(task)));
  if (level.head > 0)
    level.tasks[--level.head] = task;
  else
    level.tasks.insert(level.tasks.begin(), task);
  level.cost_s += static_cast<double>(task.cost_s);
}

std::optional<plan::Task> PageQueue::next(Level last) {
  auto* level = first_level(last);
  if (!level) return std::nullopt;
  const auto task = level->tasks[level->head++];
  level->took(task);
  return task;
}

std::optional<plan::Task> PageQueue::next_short(Level last) {
  auto* level = first_level(last);
  if (!level) return std::nullopt;
  const auto task = level->tasks.back();
  level->tasks.pop_back();
  level->took(task);
  return task;
}

std::vector<plan::Task> PageQueue::take(double fraction, Level last, bool at_least_one) {
  auto* level = first_level(last);
  if (!level) return {};
  const auto all = std::span{level->tasks}.subspan(level->head);
  Dealer dealer{fraction * level->cost_s};
  const auto groups = groups_of(all);
  for (std::size_t n = 0; n < groups.size(); ++n) {
    const auto& group = groups[n];
    const auto together = all.subspan(group.begin, group.end - group.begin);
    const bool open = n == 0 && groups.size() > 1 && together.size() > 1;
    if (open) {
      dealer.keep(together);
    } else if (group.cost_s <= whole_document_share * level->cost_s) {
      dealer.deal(together, group.cost_s);
    } else {
      for (std::size_t page = 0; page < together.size(); ++page)
        dealer.deal(together.subspan(page, 1), static_cast<double>(together[page].cost_s));
    }
  }
  auto [given, kept] = dealer.hands();
  if (given.empty() && at_least_one) {
    given.push_back(kept.front());
    kept.erase(kept.begin());
  }
  level->tasks = std::move(kept);
  level->head = 0;
  level->count_again();
  return given;
}

std::vector<plan::Task> PageQueue::take_one(Level last) {
  const auto task = next(last);
  return task ? std::vector{*task} : std::vector<plan::Task>{};
}

std::vector<plan::Task> PageQueue::take_all() {
  std::vector<plan::Task> all;
  for (auto& level : levels_) {
    all.insert(all.end(), level.tasks.begin() + static_cast<std::ptrdiff_t>(level.head), level.tasks.end());
    level = {};
  }
  return all;
}

std::size_t PageQueue::drop(const std::function<bool(const plan::Task&)>& unwanted) {
  std::size_t dropped = 0;
  for (auto& level : levels_) {
    level.tasks.erase(level.tasks.begin(), level.tasks.begin() + static_cast<std::ptrdiff_t>(level.head));
    level.head = 0;
    const auto gone = std::erase_if(level.tasks, unwanted);
    if (gone > 0) level.count_again();
    dropped += gone;
  }
  return dropped;
}

void PageQueue::scale(std::uint32_t document, double factor) {
  for (auto& level : levels_) {
    bool changed = false;
    for (auto& task : std::span{level.tasks}.subspan(level.head)) {
      if (task.page.document != document) continue;
      task.cost_s = plan::sane_cost_s(static_cast<float>(task.cost_s * factor));
      changed = true;
    }
    if (!changed) continue;
    level.arrange();
    level.count_again();
  }
}

std::size_t PageQueue::size() const noexcept { return size(Level::alone); }

std::size_t PageQueue::size(Level last) const noexcept {
  std::size_t pages = 0;
  for (std::size_t n = 0; n <= static_cast<std::size_t>(last); ++n) pages += levels_[n].size();
  return pages;
}

double PageQueue::cost_s(Level last) const noexcept {
  double total_s = 0;
  for (std::size_t n = 0; n <= static_cast<std::size_t>(last); ++n) total_s += levels_[n].cost_s;
  return total_s;
}

}  // namespace pecia::sched
