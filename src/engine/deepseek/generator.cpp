#include "generator.hpp"

#include <ATen/DeviceAccelerator.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>

#include <algorithm>
#include <chrono>

#include "pecia/base/clock.hpp"
#include "placement.hpp"

namespace pecia::engine::deepseek {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

Generator::Generator(std::shared_ptr<const Decoder> decoder, std::int32_t eos_id,
                     SchedulerLimits limits)
    : decoder_{std::move(decoder)}, eos_id_{eos_id}, blocks_{limits.blocks}, scheduler_{limits} {
  cache_.emplace(decoder_->config, blocks_, decoder_->norm.device(), decoder_->norm.scalar_type());
}

void Generator::add(Sequence sequence) {
  const auto ticket = sequence.ticket;
  scheduler_.add(ticket, sequence.prompt_tokens, sequence.max_new_tokens);
  auto& state = states_[ticket];
  state.sequence = std::move(sequence);
  begin_anew(ticket);
}

void Generator::begin_anew(std::uint64_t ticket) {
  auto& state = states_.at(ticket);
  const auto& sequence = state.sequence;
  state.generated = {};
  if (sequence.guard)
    state.guard.emplace(sequence.guard->n, sequence.guard->window, sequence.guard->allow);
  if (sequence.loop_detection) state.loops.emplace(sequence.structure);
}

std::vector<std::uint64_t> Generator::take_admitted() { return std::exchange(admitted_, {}); }

std::vector<Finished> Generator::take_finished() { return std::exchange(finished_, {}); }

void Generator::set_prompt(std::uint64_t ticket, at::Tensor rows) {
  states_.at(ticket).prompt = std::move(rows);
  scheduler_.ready(ticket);
}

void Generator::step() {
  const auto plan = scheduler_.plan();
  for (const auto ticket : plan.overflown) {
    finished_.push_back(
        {ticket, Finished::How::no_memory, std::move(states_.at(ticket).generated)});
    states_.erase(ticket);
  }
  for (const auto ticket : plan.preempted) begin_anew(ticket);
  for (const auto ticket : plan.admitted)
    if (!states_.at(ticket).prompt.defined()) admitted_.push_back(ticket);
  if (!plan.decode.empty()) decode_step(plan.decode);
  if (!plan.prefill.empty()) prefill_step(plan.prefill);
}

void Generator::decode_step(const std::vector<std::uint64_t>& tickets) {
  const auto begin = Clock::now();
  std::vector<std::int32_t> ids;
  std::vector<Slice> slices;
  for (const auto ticket : tickets) {
    const auto& state = states_.at(ticket);
    const auto& said = state.generated.ids;
    ids.push_back(said.back());
    slices.push_back({&scheduler_.table(ticket),
                      state.sequence.prompt_tokens + static_cast<int>(said.size()) - 1, 1});
  }
  next_tokens(tickets, decode(*decoder_, *cache_, embed(*decoder_, ids), slices));
  ++figures_.decode_steps;
  figures_.decode_s += seconds_since(begin);
}

void Generator::prefill_step(const std::vector<Scheduler::Chunk>& chunks) {
  const auto begin = Clock::now();
  std::vector<at::Tensor> rows;
  std::vector<Slice> slices;
  std::vector<std::uint64_t> complete;
  std::vector<std::int64_t> last_rows;
  std::int64_t row = 0;
  for (const auto& chunk : chunks) {
    rows.push_back(states_.at(chunk.ticket).prompt.narrow(0, chunk.begin, chunk.count));
    slices.push_back({&scheduler_.table(chunk.ticket), chunk.begin, chunk.count});
    row += chunk.count;
    if (!chunk.last) continue;
    complete.push_back(chunk.ticket);
    last_rows.push_back(row - 1);
  }
  const auto hidden = decode(*decoder_, *cache_, at::cat(rows), slices);
  if (!complete.empty()) {
    const auto index =
        at::from_blob(last_rows.data(), {static_cast<std::int64_t>(last_rows.size())},
                      at::TensorOptions{}.dtype(at::kLong));
    next_tokens(complete, hidden.index_select(0, index.to(hidden.device())));
  }
  wait_for(hidden.device());
  figures_.prompt_tokens += static_cast<std::uint64_t>(row);
  figures_.prefill_s += seconds_since(begin);
}

void Generator::next_tokens(std::span<const std::uint64_t> tickets, const at::Tensor& hidden) {
  const auto logits = logits_of(*decoder_, hidden);
  if (observer_) observer_(tickets, logits);
  std::vector<std::vector<std::int32_t>> banned;
  for (const auto ticket : tickets) {
    const auto& guard = states_.at(ticket).guard;
    banned.push_back(guard ? guard->banned() : std::vector<std::int32_t>{});
  }
  const auto choices = choose(logits, banned);
  for (std::size_t i = 0; i < tickets.size(); ++i) accept(tickets[i], choices[i]);
}

void Generator::accept(std::uint64_t ticket, const Choice& choice) {
  if (choice.id < 0) return leave(ticket, Finished::How::no_numbers);
  auto& state = states_.at(ticket);
  auto& generated = state.generated;
  generated.ids.push_back(choice.id);
  generated.log_probabilities.push_back(choice.log_probability);
  scheduler_.generated(ticket);
  ++figures_.new_tokens;
  using result::FinishReason;
  generated.finish_reason = FinishReason::none;
  if (choice.id == eos_id_)
    generated.finish_reason = FinishReason::stop;
  else if (state.loops && state.loops->push(choice.id))
    generated.finish_reason = FinishReason::repeats;
  else if (static_cast<int>(generated.ids.size()) >= state.sequence.max_new_tokens)
    generated.finish_reason = FinishReason::length;
  if (generated.finish_reason != FinishReason::none) return leave(ticket, Finished::How::ended);
  if (state.guard) state.guard->push(choice.id);
}

void Generator::leave(std::uint64_t ticket, Finished::How how) {
  scheduler_.finish(ticket);
  finished_.push_back({ticket, how, std::move(states_.at(ticket).generated)});
  states_.erase(ticket);
}

void Generator::cancel(std::uint64_t ticket) {
  scheduler_.cancel(ticket);
  states_.erase(ticket);
  const auto same = [&](const auto& finished) { return finished.ticket == ticket; };
  finished_.erase(std::remove_if(finished_.begin(), finished_.end(), same), finished_.end());
  admitted_.erase(std::remove(admitted_.begin(), admitted_.end(), ticket), admitted_.end());
}

Generated Generator::give_up(std::uint64_t ticket) {
  auto generated = std::move(states_.at(ticket).generated);
  cancel(ticket);
  return generated;
}

void Generator::restart(SchedulerLimits limits) {
  scheduler_.restart(limits);
  admitted_.clear();
  for (auto& [ticket, state] : states_) begin_anew(ticket);
  blocks_ = limits.blocks;
  cache_.reset();  // first, or both would have to fit
  // Back to the driver: what ran out may be no memory of LibTorch's.
  if (!decoder_->norm.is_cpu()) at::accelerator::emptyCache();
  cache_.emplace(decoder_->config, blocks_, decoder_->norm.device(), decoder_->norm.scalar_type());
}

}  // namespace pecia::engine::deepseek
