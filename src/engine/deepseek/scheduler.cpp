#include "scheduler.hpp"

#include <algorithm>
#include <cmath>

#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr int first_guess_tokens = 640;  // of an answer: a printed page
constexpr double margin = 1.25, learning = 0.1;

}  // namespace

Scheduler::Scheduler(SchedulerLimits limits) : limits_{limits}, blocks_{limits.blocks} {
  require(limits.sequences > 0 && limits.chunk_tokens > 0,
          "a scheduler without sequences or chunks");
}

void Scheduler::add(Ticket ticket, int prompt_tokens, int max_new_tokens) {
  Sequence sequence;
  sequence.prompt = prompt_tokens;
  sequence.max_new = max_new_tokens;
  require(sequences_.emplace(ticket, std::move(sequence)).second,
          "two pages in flight have the same ticket");
  waiting_.push_back(ticket);
}

void Scheduler::ready(Ticket ticket) { sequences_.at(ticket).ready = true; }

void Scheduler::generated(Ticket ticket) { ++sequences_.at(ticket).generated; }

void Scheduler::finish(Ticket ticket) {
  const auto length = static_cast<double>(sequences_.at(ticket).generated);
  mean_length_ = mean_length_ == 0 ? length : (1 - learning) * mean_length_ + learning * length;
  drop(ticket);
}

void Scheduler::cancel(Ticket ticket) {
  if (sequences_.find(ticket) != sequences_.end()) drop(ticket);
}

void Scheduler::drop(Ticket ticket) {
  blocks_.release(sequences_.at(ticket).table);
  sequences_.erase(ticket);
  running_.erase(std::remove(running_.begin(), running_.end(), ticket), running_.end());
  waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), ticket), waiting_.end());
}

void Scheduler::restart(SchedulerLimits limits) {
  for (auto ticket = running_.rbegin(); ticket != running_.rend(); ++ticket) {
    auto& sequence = sequences_.at(*ticket);
    sequence.table.clear();
    back_to_start(sequence);
    waiting_.push_front(*ticket);
  }
  running_.clear();
  limits_ = limits;
  blocks_ = BlockAllocator{limits.blocks};
}

Scheduler::Plan Scheduler::plan() {
  Plan plan;
  grow_decoding(plan);
  admit(plan);
  plan_prefill(plan);
  return plan;
}

void Scheduler::grow_decoding(Plan& plan) {
  for (std::size_t i = 0; i < running_.size();) {
    const auto ticket = running_[i];
    auto& sequence = sequences_.at(ticket);
    if (sequence.generated == 0 ||
        blocks_.grow(sequence.table, sequence.prompt + sequence.generated)) {
      if (sequence.generated > 0) plan.decode.push_back(ticket);
      ++i;
    } else if (running_.size() > 1) {
      preempt_last(plan);  // this one, if it is the last
    } else {
      plan.overflown.push_back(ticket);
      drop(ticket);
    }
  }
}

void Scheduler::preempt_last(Plan& plan) {
  const auto ticket = running_.back();
  auto& sequence = sequences_.at(ticket);
  blocks_.release(sequence.table);
  back_to_start(sequence);
  running_.pop_back();
  waiting_.push_front(ticket);
  plan.preempted.push_back(ticket);
  ++preemptions_;
}

void Scheduler::back_to_start(Sequence& sequence) {
  // What it took before it will take again, and more.
  sequence.least_expected = std::max(sequence.least_expected, 2 * sequence.generated);
  sequence.prefilled = sequence.generated = 0;
}

int Scheduler::expected_blocks(const Sequence& sequence) const {
  const int guess =
      mean_length_ == 0 ? first_guess_tokens : static_cast<int>(std::ceil(mean_length_ * margin));
  const int answer = std::min(std::max({guess, sequence.least_expected, sequence.generated + 1}),
                              sequence.max_new);
  return blocks_for(sequence.prompt + answer);
}

int Scheduler::reserved() const {
  int blocks = 0;
  for (const auto ticket : running_) {
    const auto& sequence = sequences_.at(ticket);
    blocks += std::max(0, expected_blocks(sequence) - static_cast<int>(sequence.table.size()));
  }
  return blocks;
}

void Scheduler::admit(Plan& plan) {
  if (!plan.preempted.empty()) return;  // what it gave back is for those that ran out
  auto promised = reserved();
  while (!waiting_.empty() && static_cast<int>(running_.size()) < limits_.sequences) {
    const auto ticket = waiting_.front();
    auto& sequence = sequences_.at(ticket);
    const auto expected = expected_blocks(sequence);
    if (!running_.empty() && blocks_.free() - promised < expected) return;
    if (!blocks_.grow(sequence.table, sequence.prompt)) {
      if (!running_.empty()) return;
      plan.overflown.push_back(ticket);
      drop(ticket);
      continue;
    }
    promised += std::max(0, expected - static_cast<int>(sequence.table.size()));
    waiting_.pop_front();
    running_.push_back(ticket);
    plan.admitted.push_back(ticket);
  }
}

void Scheduler::plan_prefill(Plan& plan) {
  int tokens = 0;
  for (const auto ticket : running_) {
    auto& sequence = sequences_.at(ticket);
    if (!sequence.ready || sequence.prefilled == sequence.prompt) continue;
    const auto count = std::min(limits_.chunk_tokens, sequence.prompt - sequence.prefilled);
    if (tokens > 0 && tokens + count > limits_.prefill_tokens_per_step) return;
    tokens += count;
    plan.prefill.push_back(
        {ticket, sequence.prefilled, count, sequence.prefilled + count == sequence.prompt});
    sequence.prefilled += count;
  }
}

}  // namespace pecia::engine::deepseek
