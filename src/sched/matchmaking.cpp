// Rank 0 brings together who has nothing and who has work.
#include <algorithm>
#include <cmath>

#include "registry.hpp"
#include "speed.hpp"

namespace pecia::sched {
namespace {

constexpr std::size_t offered_ranks = 32;
/// Rates are relative to the estimate; a rank that has read nothing yet is taken for the nominal one.
constexpr double nominal_rate = 1;
constexpr double stopped_s = 1e9;
constexpr double list_candidates_every_s = 0.1;
constexpr double worth_listing = 0.01;

}  // namespace

void Registry::set_load(int rank, EngineClass engine_class, double load_s) {
  auto& state_ = state(rank);
  auto& peer_ = peer(rank);
  const auto of = static_cast<std::size_t>(engine_class);
  peer_.load_s[of] = load_s;
  if (engine_class == class_of(settings_, rank)) state_.load_s = load_s;
  list(rich_[of], peer_.listed_load_s[of], state_.suspect ? 0 : load_s, rank);
}

void Registry::set_waiting(int rank, EngineClass engine_class, double waiting_s) {
  const auto of = static_cast<std::size_t>(engine_class);
  list(waiting_[of], peer(rank).listed_waiting_s[of], state(rank).suspect ? 0 : waiting_s, rank);
}

/// Small changes are not worth a move: every rank tells of one at each heartbeat.
void Registry::list(Rich& rich, double& listed_s, double now_s, int rank) {
  if (now_s > 0 && std::abs(now_s - listed_s) < worth_listing * listed_s) return;
  if (listed_s > 0) rich.erase({listed_s, rank});
  if (now_s > 0) rich.emplace(now_s, rank);
  listed_s = now_s;
}

std::vector<std::uint32_t> Registry::richest(const Rich& rich, int but) const {
  std::vector<std::uint32_t> ranks;
  for (const auto& [load_s, rank] : rich) {
    if (rank != but) ranks.push_back(static_cast<std::uint32_t>(rank));
    if (ranks.size() == offered_ranks) break;
  }
  return ranks;
}

/// The thief will very likely take its part, so that both end at one time; the next that asks is to
/// hear of somebody else.
void Registry::reckon_with_theft(int victim, int thief, EngineClass engine_class) {
  const auto throughput = [this](int rank) {
    const auto known = state(rank).throughput;
    return known > 0 ? known : nominal_rate * peer(rank).slots;
  };
  const double thief_share = throughput(thief) / (throughput(thief) + throughput(victim));
  const auto load_s = [&](int rank) { return peer(rank).load_s[static_cast<std::size_t>(engine_class)]; };
  const double ahead_s = load_s(victim) - load_s(thief);
  if (ahead_s <= 0) return;
  set_load(victim, engine_class, load_s(victim) - ahead_s * thief_share);
  set_load(thief, engine_class, load_s(thief) + ahead_s * (1 - thief_share));
}

void Registry::on_ask(int from, bool may_start) {
  if (draining_ || close_said_) return;
  hungry_.erase(from);
  if (answer(from, may_start)) return;
  if (may_start) hungry_.insert(from);
  ByteWriter nothing;
  nothing.put(Kind::offer);
  encode(nothing, std::vector<std::uint32_t>{});
  tell(from, std::move(nothing).bytes());
}

/// `may_start`: a slot of its engine is free. False: there is nothing for it.
bool Registry::answer(int from, bool may_start) {
  for (const auto engine_class : {EngineClass::engine, EngineClass::fallback}) {
    if (reads(from, engine_class) && answer_with_pages(from, engine_class, may_start)) return true;
  }
  return may_start && answer_with_a_copy(from);
}

bool Registry::answer_with_pages(int from, EngineClass engine_class, bool may_start) {
  const auto of = static_cast<std::size_t>(engine_class);
  ByteWriter answer;
  answer.put(Kind::offer);
  if (auto victims = richest(rich_[of], from); !victims.empty()) {
    encode(answer, victims);
    reckon_with_theft(static_cast<int>(victims.front()), from, engine_class);
  } else if (!may_start) {
    return false;
  } else if (auto waiting = richest(waiting_[of], from); !waiting.empty()) {
    encode(answer, waiting);
    set_waiting(static_cast<int>(waiting.front()), engine_class, 0);
  } else {
    return false;
  }
  tell(from, std::move(answer).bytes());
  return true;
}

bool Registry::answer_with_a_copy(int from) {
  const auto* page = page_to_copy(from);
  if (!page) return false;
  offered_s_[page->index] = now_s_;
  ByteWriter answer;
  if (page->remaining_s >= stopped_s) {
    note_copy({page->index, from, moves_[page->index]});
    answer.put(Kind::copy);
    plan::encode(answer, tasks_[page->index]);
    answer.put(moves_[page->index]);
    encode(answer, Histories{});
  } else {  // its rank knows better whether it still reads that page
    answer.put(Kind::offer);
    encode(answer, std::vector{static_cast<std::uint32_t>(page->rank)});
  }
  tell(from, std::move(answer).bytes());
  return true;
}

/// Who found nothing asks again only after a while; work that has turned up since is offered to it.
void Registry::serve_hungry() {
  if (draining_ || close_said_) return;
  std::size_t in_vain = 0;  // a fast rank may be of use where a slow one is not
  for (auto at = hungry_.begin(); at != hungry_.end() && in_vain < offered_ranks;) {
    const auto& state_ = state(*at);
    const bool gone = state_.suspect || state_.dead || state_.benched;
    if (gone || answer(*at, true)) {
      at = hungry_.erase(at);
    } else {
      ++in_vain;
      ++at;
    }
  }
}

/// Pages that take far longer than foreseen hold up the dear pages behind them. Ranks that are well
/// ahead take some of those early: when only cheap pages are left, an unforeseen one costs little.
void Registry::rebalance(EngineClass engine_class) {
  const auto of = static_cast<std::size_t>(engine_class);
  const auto& rich = rich_[of];
  if (draining_ || close_said_ || settings_.stealing != Stealing::half || rich.size() < 2) return;
  double total_s = 0, unstarted = 0;
  int ranks = 0;
  const auto load_s = [&](int rank) { return peer(rank).load_s[of]; };
  const auto works = [&](int rank) {
    const auto& state_ = state(rank);
    return !state_.suspect && !state_.dead && !state_.benched && state_.throughput > 0 &&
           class_of(settings_, rank) == engine_class;
  };
  for (int rank = 0; rank < settings_.size; ++rank) {
    if (!works(rank)) continue;
    total_s += load_s(rank);
    unstarted += state(rank).unstarted;
    ++ranks;
  }
  if (ranks < 2 || unstarted < 1) return;
  const double mean_s = total_s / ranks;
  // Each theft costs messages, of which there may be the more the fewer pages a rank has.
  const double pages = static_cast<double>(progress_.pages) / ranks;
  const double tolerated_share = std::clamp(pages / 2000, 0.1, 0.5);
  const double tolerated_pages = std::clamp(pages / 64, 2.0, 16.0);
  const double too_much_s = mean_s + std::max(tolerated_share * mean_s, tolerated_pages * total_s / unstarted);
  if (rich.begin()->first < too_much_s) return;
  std::vector<std::pair<double, int>> poor;
  for (int rank = 0; rank < settings_.size; ++rank) {
    if (works(rank) && load_s(rank) < mean_s) poor.emplace_back(load_s(rank), rank);
  }
  std::ranges::sort(poor);
  for (const auto& [least_s, thief] : poor) {
    if (rich.empty()) return;
    const int victim = rich.begin()->second;
    const double most_s = load_s(victim);
    if (most_s < too_much_s || least_s > mean_s) return;
    ByteWriter offer;
    offer.put(Kind::offer);
    encode(offer, std::vector{static_cast<std::uint32_t>(victim)});
    tell(thief, std::move(offer).bytes());
    reckon_with_theft(victim, thief, engine_class);
  }
}

void Registry::list_candidates() {
  candidates_.clear();
  candidates_listed_s_ = now_s_;
  for (int rank = 0; rank < settings_.size; ++rank) {
    const auto& peer_ = peer(rank);
    const bool stopped = state(rank).suspect || (rank != 0 && now_s_ - peer_.last_heard_s > 2.5 * settings_.heartbeat_s);
    for (const auto& page : peer_.reading) {
      if (page.index >= tasks_.size() || done_[page.index] || tasks_[page.index].alone || copies_.contains(page.index))
        continue;
      const double rate = peer_.rate > 0 ? peer_.rate : nominal_rate;
      const double expected_s = static_cast<double>(tasks_[page.index].cost_s) / rate;
      const double elapsed_s = static_cast<double>(page.elapsed_s) + now_s_ - peer_.reported_s;
      const double remaining_s = expected_remaining_s(expected_s, elapsed_s);
      // Of a page that a stopped rank has in hand only what was planned is known here.
      const auto engine_class = stopped ? class_of(tasks_[page.index]) : page.engine_class;
      candidates_.push_back({stopped ? stopped_s + remaining_s : remaining_s, page.index, rank, engine_class});
    }
  }
  std::ranges::sort(candidates_, {}, &Candidate::remaining_s);
}

/// A page in flight that the thief would probably finish before its rank does; null if there is none.
const Registry::Candidate* Registry::page_to_copy(int thief) {
  if (!settings_.backup || level_ < Level::low) return nullptr;
  if (now_s_ - candidates_listed_s_ >= list_candidates_every_s) list_candidates();
  const double rate = peer(thief).rate > 0 ? peer(thief).rate : nominal_rate;
  for (auto at = candidates_.rbegin(); at != candidates_.rend(); ++at) {
    if (at->rank == thief || done_[at->index] || copies_.contains(at->index) || !reads(thief, at->engine_class)) continue;
    const auto offered = offered_s_.find(at->index);
    if (offered != offered_s_.end() && now_s_ - offered->second < settings_.heartbeat_s) continue;
    if (at->remaining_s > static_cast<double>(tasks_[at->index].cost_s) / rate) return &*at;
  }
  return nullptr;
}

void Registry::note_copy(const CopiedPage& page) {
  if (!done_[page.index]) copies_[page.index].push_back(page);
  ++progress_.copies;
}

}  // namespace pecia::sched
