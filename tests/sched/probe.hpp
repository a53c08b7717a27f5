#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "rank.hpp"

namespace pecia::test {

/// Copies a scheduler, and writes down all in it that has a say in what it will do: two schedulers
/// with the same `state` behave alike from here on. Times are relative to `now_s`.
struct SchedulerProbe {
  using Impl = sched::Scheduler::Impl;

  static sched::Scheduler copy(const sched::Scheduler& original) {
    sched::Scheduler copied{sched::Settings{}, plan::Share{}, sched::JobSize{}};
    copied.impl_ = std::make_unique<Impl>(*original.impl_);
    if (copied.impl_->registry_) copied.impl_->registry_->out_ = &copied.impl_->outbox_;
    return copied;
  }

  static Bytes state(const sched::Scheduler& scheduler, double now_s) {
    ByteWriter out;
    const auto& impl = *scheduler.impl_;
    put_pages(out, impl);
    put_thief(out, impl, now_s);
    put_victim(out, impl);
    put_ending(out, impl, now_s);
    if (impl.registry_) put_registry(out, *impl.registry_, now_s);
    return std::move(out).bytes();
  }

  /// Times that a page is in this rank's hands, not counting those that it has lent.
  static int times_held(const sched::Scheduler& scheduler, std::uint32_t index) {
    const auto& impl = *scheduler.impl_;
    const auto held = impl.held_.find(index);
    auto times = static_cast<int>(impl.uncommitted_.contains(index)) +
                 static_cast<int>(held != impl.held_.end() && !held->second.revoked);
    for (const auto* queue : {&impl.queue_, &impl.others_}) {
      for (const auto& level : queue->levels_) {
        for (std::size_t n = level.head; n < level.tasks.size(); ++n)
          times += static_cast<int>(level.tasks[n].index == index);
      }
    }
    return times;
  }
  /// A page in flight here was given to another rank to be read there, too.
  static bool lends_a_copy(const sched::Scheduler& scheduler) {
    return std::ranges::any_of(scheduler.impl_->held_, [](const auto& held) { return held.second.copied; });
  }
  static bool done(const sched::Scheduler& root, std::uint32_t index) {
    return root.impl_->registry_->done_[index];
  }

 private:
  /// Microseconds; what is long past is past.
  static void put_time(ByteWriter& out, double time_s, double now_s) {
    out.put(static_cast<std::int64_t>(std::clamp(time_s - now_s, -20.0, 1e6) * 1e6));
  }
  static void put_count(ByteWriter& out, const auto& items) {
    out.put(static_cast<std::uint32_t>(items.size()));
  }
  static void put_all(ByteWriter& out, const auto& numbers) {
    put_count(out, numbers);
    for (const auto& number : numbers) out.put(number);
  }
  template <class Map>
  static auto sorted(const Map& map) {
    std::vector<std::pair<typename Map::key_type, const typename Map::mapped_type*>> all;
    for (const auto& [key, value] : map) all.emplace_back(key, &value);
    std::ranges::sort(all, {}, [](const auto& entry) { return entry.first; });
    return all;
  }
  static void put_tasks(ByteWriter& out, std::span<const plan::Task> tasks) {
    put_count(out, tasks);
    for (const auto& task : tasks) out.put(task.index).put(task.engine_class);
  }
  static void put_moves(ByteWriter& out, const std::vector<sched::Move>& moves) {
    put_count(out, moves);
    for (const auto& move : moves) out.put(move.index).put(move.moves);
  }

  static void put_pages(ByteWriter& out, const Impl& impl) {
    for (const auto* queue : {&impl.queue_, &impl.others_}) {
      for (const auto& level : queue->levels_) put_tasks(out, std::span{level.tasks}.subspan(level.head));
    }
    put_count(out, impl.histories_);
    for (const auto& [index, history] : impl.histories_) out.put(index);
    out.put(impl.helped_);
    put_time(out, impl.waits_for_help() ? impl.unhelped_since_s_ : impl.now_s_, impl.now_s_);
    put_count(out, impl.held_);
    for (const auto& [index, held] : sorted(impl.held_)) {
      out.put(index).put(held->revoked).put(held->aside).put(held->counted).put(held->task.engine_class);
      put_time(out, held->started_s < 0 ? 1e6 : held->started_s,
               held->started_s < 0 ? 0 : impl.now_s_);
    }
    put_count(out, impl.uncommitted_);
    for (const auto& [index, read] : sorted(impl.uncommitted_)) out.put(index);
    out.put(static_cast<std::uint64_t>(impl.reading_))
        .put(static_cast<std::uint64_t>(impl.short_pages_));
    out.put(impl.engine_ready_)
        .put(impl.speed_.rate())
        .put(impl.level_)
        .put(impl.engines_lost_)
        .put(impl.benched_);
    put_all(out, impl.started_);
    put_all(out, impl.reported_started_);
    put_count(out, impl.unreported_);
    for (const auto& page : impl.unreported_) out.put(page.index).put(page.end);
    put_moves(out, impl.acquired_);
    put_count(out, impl.moves_);
    for (const auto& [index, moves] : sorted(impl.moves_)) out.put(index).put(*moves);
  }

  static void put_thief(ByteWriter& out, const Impl& impl, double now_s) {
    out.put(impl.seeking_)
        .put(impl.asked_rank_)
        .put(impl.refusals_)
        .put(impl.rest_s_)
        .put(impl.dry_);
    put_time(
        out,
        impl.seeking_ == Impl::Seeking::nothing ? 0 : std::max(impl.seeking_until_s_, impl.now_s_),
        now_s);
    std::uint64_t random = 0;
    static_assert(sizeof random == sizeof impl.random_);
    std::memcpy(&random, &impl.random_, sizeof random);
    out.put(random);
    put_all(out, impl.victims_);
    put_count(out, impl.accepting_);
    for (const auto& [victim, number] : impl.accepting_) out.put(victim).put(number);
  }

  static void put_victim(ByteWriter& out, const Impl& impl) {
    out.put(static_cast<std::uint32_t>(impl.lent_.size()))
        .put(impl.next_loan_)
        .put(impl.recalling_);
    for (const auto& loan : impl.lent_) {
      out.put(loan.number).put(loan.thief);
      put_tasks(out, loan.tasks);
    }
    put_count(out, impl.reclaimed_);
    for (const auto& [number, pages] : impl.reclaimed_) {
      out.put(number);
      put_moves(out, pages);
    }
    put_count(out, impl.pending_);
    for (const auto& request : impl.pending_)
      out.put(request.thief).put(request.load_s).put(request.may_start);
    put_all(out, impl.known_rich_);
    put_all(out, impl.suspects_);
  }

  static void put_ending(ByteWriter& out, const Impl& impl, double now_s) {
    out.put(impl.phase_).put(impl.draining_).put(impl.clock_started_);
    put_time(out, impl.next_heartbeat_s_, now_s);
    put_time(out, impl.draining_ ? impl.grace_ends_s_ : now_s, now_s);
    put_time(out, impl.now_s_, now_s);
  }

  static void put_registry(ByteWriter& out, const sched::Registry& registry, double now_s) {
    put_all(out, registry.owner_);
    put_all(out, registry.moves_);
    for (const bool done : registry.done_) out.put(done);
    put_all(out, registry.started_);
    out.put(registry.level_).put(registry.progress_.done).put(registry.helped_);
    for (std::size_t rank = 0; rank < registry.peers_.size(); ++rank)
      put_peer(out, registry, rank, now_s);
    put_count(out, registry.copies_);
    for (const auto& [index, copies] : sorted(registry.copies_)) {
      put_count(out, *copies);
      for (const auto& copy : *copies) out.put(index).put(copy.by).put(copy.moves);
    }
    put_count(out, registry.candidates_);
    for (const auto& candidate : registry.candidates_)
      out.put(candidate.remaining_s).put(candidate.index).put(candidate.rank).put(candidate.engine_class);
    put_time(out, std::max(registry.candidates_listed_s_, now_s - 1), now_s);
    put_all(out, registry.hungry_);
    put_time(out, registry.nobody_holds_since_s_ < 0 ? now_s - 19 : registry.nobody_holds_since_s_,
             now_s);
    put_time(out, registry.next_look_s_, now_s);
    for (const bool flag : {registry.draining_, registry.close_said_, registry.reports_ready_,
                            registry.reports_taken_, registry.drained_})
      out.put(flag);
    out.put(static_cast<std::uint64_t>(registry.failures_.size()));
  }

  static void put_peer(ByteWriter& out, const sched::Registry& registry, std::size_t rank,
                       double now_s) {
    const auto& peer = registry.peers_[rank];
    const auto& state = registry.progress_.ranks[rank];
    put_time(out, state.dead ? now_s : peer.last_heard_s, now_s);
    put_time(out, peer.reading.empty() ? now_s : peer.reported_s, now_s);
    put_all(out, peer.listed_waiting_s);
    out.put(peer.rate)
        .put(peer.slots)
        .put(peer.uncommitted)
        .put(peer.failed_in_row);
    put_all(out, peer.started);
    put_count(out, peer.reading);
    for (const auto& page : peer.reading) out.put(page.index).put(page.elapsed_s).put(page.engine_class);
    for (const bool flag :
         {peer.heard, peer.idle, peer.closed, state.benched, state.suspect, state.dead})
      out.put(flag);
    put_all(out, peer.load_s);
    out.put(state.throughput).put(state.unstarted).put(state.held);
  }
};

}  // namespace pecia::test
