#include "registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "pecia/base/error.hpp"

namespace pecia::sched {
namespace {

/// So many pages in a row that failed for the engine's sake, while others read theirs, are no chance.
constexpr std::uint64_t hopeless_pages = 20;
constexpr std::size_t hopeless_documents = 4;

}  // namespace

Registry::Registry(const Settings& settings, const JobSize& job, std::span<const plan::Share> all,
                   std::deque<Outgoing>& out)
    : settings_{settings},
      job_{job},
      out_{&out},
      peers_(static_cast<std::size_t>(settings.size)),
      tasks_(job.manifest_pages),
      owner_(job.manifest_pages, nobody),
      moves_(job.manifest_pages),
      done_(job.manifest_pages),
      level_{level_from(job, Level::urgent)},
      helped_{std::ranges::count(settings.class_by_rank, EngineClass::fallback) > 0} {
  progress_.pages = job.pages;
  progress_.cost_total_s = job.cost_s;
  progress_.ranks.resize(peers_.size());
  require(all.size() <= peers_.size(), "there are more shares than ranks");
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    ByClass load_s{};
    for (const auto& task : all[rank].tasks) {
      require(task.index < tasks_.size(), "a page was planned that is not in the manifest");
      require(task.engine_class < engine_classes, "a page was planned for a class that there is not");
      load_s[task.engine_class] += static_cast<double>(task.cost_s);
      ++left_[task.engine_class];
      tasks_[task.index] = task;
      owner_[task.index] = static_cast<std::uint32_t>(rank);
    }
    for (const auto engine_class : {EngineClass::engine, EngineClass::fallback}) {
      const auto load = load_s[static_cast<std::size_t>(engine_class)];
      if (load > 0) set_load(static_cast<int>(rank), engine_class, load);
    }
  }
}

// ---- time

void Registry::on_time(double now_s) {
  if (!clock_started_) {
    clock_started_ = true;
    now_s_ = now_s;
    for (auto& peer_ : peers_) peer_.last_heard_s = now_s;
  }
  // While this rank was stopped (a suspended job, say) it heard nobody; that is not their silence.
  const double absent_s = now_s - now_s_ - settings_.heartbeat_s;
  if (absent_s > 0) {
    for (auto& peer_ : peers_) peer_.last_heard_s += absent_s;
  }
  now_s_ = now_s;
  if (now_s_ >= next_look_s_) {
    next_look_s_ = now_s_ + settings_.heartbeat_s / 2;
    look_for_silent();
    adopt_pages_of_nobody();
    find_usual_rate();
    look_for_helpers();
    serve_hungry();
    for (const auto engine_class : {EngineClass::engine, EngineClass::fallback}) rebalance(engine_class);
  }
  advance_ending();
}

// ---- messages

void Registry::tell(int to, Bytes message) {
  out_->push_back({to, std::move(message)});
}

void Registry::tell_all(const Bytes& message) {
  // A rank taken for dead may only have been stopped: it is told, and nobody waits for it.
  for (int to = 0; to < settings_.size; ++to) tell(to, message);
}

void Registry::hear(int from) {
  auto& peer_ = peer(from);
  peer_.heard = true;
  peer_.last_heard_s = now_s_;
  if (state(from).suspect) trust_again(from);
}

void Registry::on_message(int from, Kind kind, ByteReader& in) {
  require(from >= 0 && from < settings_.size, "a message came from no rank of this job");
  hear(from);
  switch (kind) {
    case Kind::report:
      on_report(from, decode_report(in));
      break;
    case Kind::ask: {
      const bool may_start = in.get<bool>();
      on_report(from, decode_report(in));
      on_ask(from, may_start);
      break;
    }
    case Kind::idle: peer(from).idle = true; break;
    case Kind::want_drain: start_drain(); break;
    case Kind::failed: {
      const auto status = decode_status(in);
      on_failure(from, in.get_text(), status);
      break;
    }
    case Kind::lost: {
      const auto why = in.get_text();
      on_engine_lost(from, why, in.get<bool>());
      break;
    }
    case Kind::closed:
      peer(from).report = decode_closed(in);
      peer(from).closed = true;
      break;
    default: throw Error{fmt::format("rank {} sent rank 0 a message of kind {}", from, static_cast<int>(kind))};
  }
  advance_ending();
}

void Registry::on_report(int from, Report report) {
  auto& peer_ = peer(from);
  auto& state_ = state(from);
  on_acquired(from, report.acquired);
  for (const auto& page : report.copied) on_copied(page);
  for (const auto& page : report.done) {
    count(from, page);
    judge(from, page);
  }
  const bool newly_benched = report.benched && !state_.benched;
  if (newly_benched)
    warnings_.push_back(fmt::format("rank {} gets no more pages; others read those that it has left", from));
  state_.throughput = report.rate * report.slots;
  state_.unstarted = report.unstarted;
  state_.held = report.held;
  state_.memory_bytes = report.memory_bytes;
  state_.engines_lost = report.engines_lost;
  state_.benched = report.benched;
  if (newly_benched && nobody_reads())
    on_failure(from, "pages fail in its engine, and no other rank has one left", ExitStatus::error);
  peer_.rate = report.rate;
  peer_.slots = report.slots;
  peer_.uncommitted = report.uncommitted;
  peer_.reading = std::move(report.reading);
  peer_.reported_s = now_s_;
  for (std::size_t n = 0; n < started_.size(); ++n) {
    started_[n] += std::int64_t{report.started[n]} - std::int64_t{peer_.started[n]};
    peer_.started[n] = report.started[n];
  }
  for (const auto engine_class : {EngineClass::engine, EngineClass::fallback}) {
    set_load(from, engine_class, report.load_s[static_cast<std::size_t>(engine_class)]);
    set_waiting(from, engine_class, report.waiting_s[static_cast<std::size_t>(engine_class)]);
  }
  advance_level();
}

void Registry::on_acquired(int from, const std::vector<Move>& pages) {
  if (pages.empty()) return;
  std::vector<Move> done;
  for (const auto& page : pages) {
    require(page.index < owner_.size(), "a page was stolen that is not in the manifest");
    if (done_[page.index]) done.push_back({page.index, any_moves});
    if (page.moves < moves_[page.index]) continue;
    moves_[page.index] = page.moves;
    owner_[page.index] = static_cast<std::uint32_t>(from);
  }
  ++progress_.steals;
  progress_.stolen_pages += pages.size();
  if (!done.empty()) revoke(from, done);
}

void Registry::on_copied(const CopiedPage& page) {
  require(page.index < done_.size() && page.by >= 0 && page.by < settings_.size, "a copy of no page, or for no rank");
  note_copy(page);
  if (done_[page.index]) revoke(page.by, {{page.index, any_moves}});
}

void Registry::revoke(int from, const std::vector<Move>& pages) {
  ByteWriter message;
  message.put(Kind::revoke);
  encode(message, pages);
  tell(from, std::move(message).bytes());
}

void Registry::count_received(int from, Kind kind) {
  // At most one report per heartbeat is one; more of them are messages like others.
  if (kind == Kind::report && now_s_ - peer(from).counted_heartbeat_s >= 0.9 * settings_.heartbeat_s) {
    peer(from).counted_heartbeat_s = now_s_;
    ++progress_.heartbeats;
  } else {
    ++progress_.messages;
  }
}

void Registry::count(int from, const DonePage& page) {
  require(page.index < done_.size(), "a page was reported that is not in the manifest");
  ++state(from).done;
  if (page.seconds > 0 && class_of(settings_, from) == EngineClass::engine) {
    const double rate = peer(from).rate;
    const double speed = rate > 0 && usual_rate_ > 0 ? rate / usual_rate_ : 1;
    finished_.push_back({page.index, static_cast<double>(page.seconds) * speed});
  }
  if (done_[page.index]) {
    ++progress_.duplicates;
    return;
  }
  done_[page.index] = true;
  if (auto& left = left_[tasks_[page.index].engine_class]; left > 0) --left;
  ++progress_.done;
  ++done_by_level_[static_cast<std::size_t>(level_of(tasks_[page.index]))];
  progress_.last_done_s = now_s_;
  progress_.cost_done_s += static_cast<double>(tasks_[page.index].cost_s);
  if (page.end == PageEnd::failed || page.end == PageEnd::engine_failed) ++progress_.failed;
  if (page.end == PageEnd::skipped) ++progress_.skipped;
  // Whoever else has it in hand need not go on.
  std::vector<int> others;
  if (const auto copies = copies_.extract(page.index)) {
    for (const auto& copy : copies.mapped()) others.push_back(copy.by);
  }
  if (owner_[page.index] != nobody) others.push_back(static_cast<int>(owner_[page.index]));
  for (const auto other : others) {
    if (other != from) revoke(other, {{page.index, any_moves}});
  }
}

/// A rank on which everything fails while others read theirs is to get nothing more. Pages of a few
/// documents alone prove nothing: they stand together, and each may be the engine's undoing.
void Registry::judge(int from, const DonePage& page) {
  auto& state_ = state(from);
  auto& peer_ = peer(from);
  if (page.end == PageEnd::failed) return;  // the document's own fault
  if (class_of(settings_, from) != class_of(tasks_[page.index])) return;  // an engine had given it up before
  if (page.end != PageEnd::engine_failed) {
    peer_.failed_in_row = 0;
    peer_.failed_documents.clear();
    ++peer_.good;
    return;
  }
  ++state_.failed;
  ++peer_.failed_in_row;
  peer_.failed_documents.insert(tasks_[page.index].page.document);
  const auto good_elsewhere = progress_.done - progress_.failed - std::min(peer_.good, progress_.done - progress_.failed);
  if (peer_.failed_in_row < hopeless_pages || peer_.failed_documents.size() < hopeless_documents || state_.benched ||
      good_elsewhere < hopeless_pages)
    return;
  warnings_.push_back(fmt::format("rank {}: the last {} pages all failed in its engine, while other ranks read theirs. "
                                  "Look at its host, then read them again: --retry engine_failed,engine_crashed,engine_lost",
                                  from, peer_.failed_in_row));
  ByteWriter bench;
  bench.put(Kind::bench);
  tell(from, std::move(bench).bytes());
}

void Registry::on_engine_lost(int from, const std::string& why, bool for_good) {
  warnings_.push_back(fmt::format("rank {}: the engine was lost{}: {}", from, for_good ? " for good" : "", why));
  if (!for_good) return;
  state(from).benched = true;
  if (nobody_reads())
    on_failure(from, fmt::format("the engine was lost, and no other rank has one left: {}", why), ExitStatus::error);
}

void Registry::advance_level() {
  const auto all_started = [&] {
    std::int64_t started = 0, done = 0, pages = 0;
    for (std::size_t n = 0; n <= static_cast<std::size_t>(level_); ++n) {
      started += started_[n];
      done += static_cast<std::int64_t>(done_by_level_[n]);
      pages += static_cast<std::int64_t>(job_.by_level[n]);
    }
    return started >= pages || done >= pages;
  };
  const auto before = level_;
  while (level_ < Level::low && all_started())
    level_ = level_from(job_, static_cast<Level>(static_cast<int>(level_) + 1));
  if (level_ == Level::low && only_alone_left()) level_ = Level::alone;
  if (level_ == before) return;
  ByteWriter level;
  level.put(Kind::level).put(level_);
  tell_all(level.bytes());
}

/// What may end a rank, and with it the step, is begun when nothing else can be lost by that.
bool Registry::only_alone_left() const {
  constexpr auto alone = static_cast<std::size_t>(Level::alone);
  const auto others = [](const auto& by_level) { return std::accumulate(by_level.begin(), by_level.end() - 1, std::uint64_t{0}); };
  return job_.by_level[alone] > 0 && others(done_by_level_) >= others(job_.by_level);
}

void Registry::find_usual_rate() {
  std::vector<double> rates;
  for (int rank = 0; rank < settings_.size; ++rank) {
    if (peer(rank).rate > 0 && class_of(settings_, rank) == EngineClass::engine) rates.push_back(peer(rank).rate);
  }
  if (rates.empty()) return;
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::ranges::nth_element(rates, middle);
  usual_rate_ = *middle;
}

// ---- ending

void Registry::on_failure(int rank, const std::string& why, ExitStatus status) {
  if (failures_.empty()) failure_status_ = status;
  failures_.push_back(fmt::format("rank {}: {}", rank, why));
  start_drain();
  advance_ending();
}

void Registry::start_drain() {
  if (draining_) return;
  draining_ = true;
  ByteWriter drain;
  drain.put(Kind::drain);
  tell_all(drain.bytes());
}

void Registry::advance_ending() {
  const auto all = [&](bool Peer::* what, bool but_suspects) {
    for (std::size_t n = 0; n < size(); ++n) {
      const auto& state_ = progress_.ranks[n];
      if (!state_.dead && !(but_suspects && state_.suspect) && !(peers_[n].*what)) return false;
    }
    return true;
  };
  const bool all_done = progress_.done >= progress_.pages;
  if (clock_started_ && !close_said_ && (all_done || (draining_ && all(&Peer::idle, true)))) {
    close_said_ = true;
    // What a dead rank committed still lies in its journal: the next job seals it and binds.
    const bool all_answer = std::ranges::none_of(progress_.ranks, &RankState::suspect) && progress_.dead.empty();
    drained_ = !all_done || !all_answer;
    ByteWriter close;
    close.put(Kind::close).put(drained_);
    tell_all(close.bytes());
  }
  if (close_said_ && !reports_ready_ && all(&Peer::closed, false)) reports_ready_ = true;
}

std::optional<std::vector<ClosedReport>> Registry::all_closed() {
  if (!reports_ready_ || reports_taken_) return std::nullopt;
  reports_taken_ = true;
  std::vector<ClosedReport> reports;
  for (const auto& peer_ : peers_) reports.push_back(peer_.report);
  return reports;
}

void Registry::on_bound() {
  ByteWriter finish;
  finish.put(Kind::finish).put(!progress_.dead.empty());
  tell_all(finish.bytes());
}

ExitStatus Registry::status() const {
  if (!failures_.empty()) return failure_status_;
  const bool everyone_closed = std::ranges::all_of(peers_, &Peer::closed);
  if (drained_ || !everyone_closed) return ExitStatus::unfinished;
  return progress_.failed > 0 || settings_.failed_before ? ExitStatus::some_failed : ExitStatus::complete;
}

}  // namespace pecia::sched
