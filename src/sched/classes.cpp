// Ranks of the job's engine, ranks of its fallback, and what the former give up.
#include <algorithm>
#include <utility>

#include "rank.hpp"

namespace pecia::sched {

void Scheduler::Impl::merge(const std::vector<plan::Task>& tasks) {
  std::vector<plan::Task> own, others;
  for (const auto& task : tasks) (class_of(task) == class_ ? own : others).push_back(task);
  if (!own.empty()) queue_.merge(own);
  if (!others.empty()) others_.merge(others);
}

void Scheduler::Impl::drop(const std::function<bool(const plan::Task&)>& unwanted) {
  if (queue_.size() > 0) queue_.drop(unwanted);
  if (others_.size() > 0) others_.drop(unwanted);
}

void Scheduler::Impl::take_all_away() {
  (void)queue_.take_all();
  (void)others_.take_all();
}

/// The engine of a rank has given it up: it counts as started, and is begun once more by a
/// fallback.
bool Scheduler::Impl::given_up(const plan::Task& task) const {
  const auto history = histories_.find(task.index);
  return class_of(task) == EngineClass::fallback && history != histories_.end() && history->second.given_up;
}

/// Of a page that was given up and is read anew by an engine, as its rank was lost, what was tried is gone.
const History* Scheduler::Impl::find_history(const plan::Task& task) const {
  const auto history = histories_.find(task.index);
  const bool holds = history != histories_.end() && (!history->second.given_up || given_up(task));
  return holds ? &history->second : nullptr;
}

std::string Scheduler::Impl::history_of(const plan::Task& task) const {
  const auto* history = find_history(task);
  return history ? history->said : std::string{};
}

Histories Scheduler::Impl::histories_of(std::span<const plan::Task> tasks) const {
  Histories histories;
  for (const auto& task : tasks) {
    if (const auto* history = find_history(task)) histories.emplace(task.index, *history);
  }
  return histories;
}

void Scheduler::Impl::keep(Histories histories) {
  for (auto& [index, history] : histories) histories_.insert_or_assign(index, std::move(history));
}

void Scheduler::Impl::on_given_up(std::uint32_t index, std::string history) {
  auto held = held_.extract(index);
  if (held.empty()) return;
  auto task = held.mapped().task;
  stop_holding(held.mapped());
  count_as_started(held.mapped());
  if (!held.mapped().revoked && works()) {
    task.engine_class = static_cast<std::uint8_t>(EngineClass::fallback);
    histories_.insert_or_assign(index, History{std::move(history), true});
    queue_of(EngineClass::fallback).put_back(task);
  }
  if (seeking_ == Seeking::rest && reading_ < static_cast<std::size_t>(settings_.slots))
    seeking_until_s_ = now_s_;
  seek();
}

/// There is nothing here but what ranks of the fallback should fetch.
bool Scheduler::Impl::waits_for_help() const noexcept {
  return class_ == EngineClass::engine && helped_ && works() && dry() && others_.size(level_) > 0;
}

/// A rank of the engine reads pages of the fallback itself where nobody else does: at once if there
/// is no rank for them, as many beside its own as leave the engine its part; else when it has
/// nothing else to do and they were not fetched in time.
bool Scheduler::Impl::begins_others(Level last) const noexcept {
  if (class_ != EngineClass::engine || others_.size(last) == 0) return false;
  const auto slots = static_cast<std::size_t>(settings_.slots);
  if (helped_ && settings_.stealing == Stealing::half)
    return waits_for_help() && now_s_ >= help_overdue_s() && holding() < slots;
  if (queue_.size(last) == 0) return true;
  const auto begun = std::ranges::count_if(
      held_, [](const auto& held) { return class_of(held.second.task) == EngineClass::fallback; });
  return static_cast<std::size_t>(begun) <= slots / 2;
}

/// A page that went from rank to rank so often and that no engine has begun takes long to decode: it stays where it
/// is, or idle ranks would take it from each other for ever, each as the other decodes it.
constexpr std::uint32_t most_recalls = 4;

/// Pages that were handed out here and could yet be begun there.
bool Scheduler::Impl::holds_waiting_for(int thief) const {
  return std::ranges::any_of(held_, [&](const auto& entry) {
    const auto& held = entry.second;
    return held.started_s < 0 && !held.aside && reads(thief, class_of(held.task)) && moves_of(held.task.index) < most_recalls;
  });
}

}  // namespace pecia::sched
