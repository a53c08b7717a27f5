// Rank 0 and ranks that do not answer: nobody waits for them, and their pages are not lost.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "registry.hpp"

namespace pecia::sched {

void Registry::look_for_silent() {
  for (int rank = 1; rank < settings_.size; ++rank) {
    auto& peer_ = peer(rank);
    auto& state_ = state(rank);
    if (state_.dead || peer_.closed) continue;
    const double silent_s = (now_s_ - peer_.last_heard_s) / (peer_.heard ? 1 : 2);
    if (!state_.suspect && silent_s >= settings_.suspect_s) suspect(rank);
    // When all others have closed, a rank that stopped long before is not worth a minute.
    const double patience_s = close_said_ && state_.suspect ? std::min(settings_.silence_s, 2 * settings_.suspect_s)
                                                            : settings_.silence_s;
    if (silent_s < patience_s) continue;
    state_.dead = true;
    progress_.dead.push_back(rank);
    if (nobody_reads())
      on_failure(rank, "it does not answer, and no other rank has an engine left", ExitStatus::error);
  }
}

void Registry::suspect(int rank) {
  state(rank).suspect = true;
  for (const auto engine_class : {EngineClass::engine, EngineClass::fallback}) {
    set_load(rank, engine_class, 0);
    set_waiting(rank, engine_class, 0);
  }
  if (close_said_) return;
  warnings_.push_back(fmt::format("rank {} has not been heard of for {:.0f} s; its pages are given to others", rank,
                                  now_s_ - peer(rank).last_heard_s));
  ByteWriter message;
  message.put(Kind::suspect).put(static_cast<std::uint32_t>(rank)).put(true);
  tell_all(message.bytes());
  // What it has begun is begun anew, and counts as started once more.
  const auto begun = peer(rank).reading.size() + peer(rank).uncommitted;
  started_[static_cast<std::size_t>(level_)] -= static_cast<std::int64_t>(begun);
  if (!draining_) give_out([rank](std::uint32_t owner) { return owner == static_cast<std::uint32_t>(rank); }, rank);
}

void Registry::trust_again(int rank) {
  state(rank).suspect = false;
  if (close_said_) return;
  state(rank).dead = false;  // it gets work again, so it counts again
  std::erase(progress_.dead, rank);
  warnings_.push_back(fmt::format("rank {} is heard of again", rank));
  ByteWriter message;
  message.put(Kind::suspect).put(static_cast<std::uint32_t>(rank)).put(false);
  tell_all(message.bytes());
}

/// Pages that are not done and whose owner is such become rank 0's, or theirs who copy them already.
/// A copy is trusted to once: who has it may have lost it since, and if the page was stolen since, it may
/// have been from there.
void Registry::give_out(const std::function<bool(std::uint32_t owner)>& of, int away_from) {
  std::vector<plan::Task> tasks;
  std::vector<std::uint32_t> moves;
  std::vector<Move> revoked;
  for (std::uint32_t index = 0; index < owner_.size(); ++index) {
    if (done_[index] || owner_[index] == nobody || !of(owner_[index])) continue;
    revoked.push_back({index, moves_[index]});
    const auto copies = copies_.extract(index);
    const auto has_it = [&](const CopiedPage& copy) {
      return copy.by != away_from && !state(copy.by).suspect && copy.moves == moves_[index];
    };
    if (away_from > 0 && !copies.empty() && has_it(copies.mapped().front())) {
      owner_[index] = static_cast<std::uint32_t>(copies.mapped().front().by);
    } else {
      owner_[index] = 0;
      tasks.push_back(tasks_[index]);
    }
  }
  if (revoked.empty()) return;
  if (away_from > 0) revoke(away_from, revoked);
  std::ranges::stable_sort(tasks, std::greater{}, &plan::Task::cost_s);
  for (const auto& task : tasks) moves.push_back(++moves_[task.index]);
  ByteWriter adopt;
  adopt.put(Kind::adopt);
  encode(adopt, tasks);
  encode(adopt, moves);
  tell(0, std::move(adopt).bytes());
}

/// Nothing is to be lost, not even by a mistake in the protocol: pages that nobody has are given out
/// again.
void Registry::adopt_pages_of_nobody() {
  const auto holds_nothing = [this](std::size_t n) {
    const auto& state_ = progress_.ranks[n];
    return state_.suspect || state_.dead ||
           (peers_[n].heard && state_.unstarted + state_.held + peers_[n].uncommitted == 0);
  };
  bool nothing = !draining_ && !close_said_ && progress_.done < progress_.pages;
  for (std::size_t n = 0; nothing && n < size(); ++n) nothing = holds_nothing(n);
  if (!nothing) {
    nobody_holds_since_s_ = -1;
    return;
  }
  if (nobody_holds_since_s_ < 0) nobody_holds_since_s_ = now_s_;
  if (now_s_ - nobody_holds_since_s_ < std::max(settings_.suspect_s, 3 * settings_.heartbeat_s)) return;
  nobody_holds_since_s_ = -1;
  warnings_.push_back(fmt::format("{} pages were in nobody's hands; they are given out again. Please report this",
                                  progress_.pages - progress_.done));
  give_out([](std::uint32_t) { return true; }, -1);
}

/// A suspect may go on, and is waited for. What ranks of the fallback read does not save a job that
/// has pages for the engine.
bool Registry::nobody_reads() const {
  if (draining_ || close_said_ || progress_.done >= progress_.pages) return false;
  for (int rank = 0; rank < settings_.size; ++rank) {
    const auto& state_ = progress_.ranks[static_cast<std::size_t>(rank)];
    const bool of_use = class_of(settings_, rank) == EngineClass::engine || left_[0] == 0;
    if (of_use && !state_.benched && !state_.dead) return false;
  }
  return true;
}

/// Ranks of the engine read what is the fallback's as soon as nobody else does.
void Registry::look_for_helpers() {
  if (settings_.class_by_rank.empty() || draining_ || close_said_) return;
  bool helped = false;
  for (int rank = 0; rank < settings_.size; ++rank) {
    const auto& state_ = state(rank);
    const bool reads_on = !state_.benched && !state_.suspect && !state_.dead;
    helped = helped || (reads_on && class_of(settings_, rank) == EngineClass::fallback);
  }
  if (std::exchange(helped_, helped) == helped) return;
  tell_all(std::move(ByteWriter{}.put(Kind::helped).put(helped)).bytes());
}

}  // namespace pecia::sched
