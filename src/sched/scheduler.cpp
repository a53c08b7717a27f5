#include "pecia/sched/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::sched {
namespace {

/// Committed pages are told to rank 0 in batches of at most this many.
constexpr std::size_t report_batch = 256;

void put_names(ByteWriter& out, const std::vector<std::string>& names) {
  out.put(static_cast<std::uint32_t>(names.size()));
  for (const auto& name : names) out.put_text(name);
}

std::vector<std::string> get_names(ByteReader& in) {
  std::vector<std::string> names(in.get_count(sizeof(std::uint32_t)));
  for (auto& name : names) name = in.get_text();
  return names;
}

}  // namespace

Scheduler::Scheduler(Settings settings, plan::Share share, std::uint64_t job_pages, double job_cost_s,
                     std::uint64_t manifest_pages)
    : settings_{settings}, queue_{share.tasks.begin(), share.tasks.end()}, load_s_{share.cost_s} {
  progress_.pages = job_pages;
  progress_.cost_total_s = job_cost_s;
  if (!root()) return;
  completed_.resize(manifest_pages);
  peers_.resize(static_cast<std::size_t>(settings_.size));
  progress_.rank_load_s.resize(peers_.size());
}

// ---- events

void Scheduler::on_message(int from, std::span<const std::byte> message) {
  ByteReader in{message, fmt::format("message of rank {}", from)};
  const auto kind = in.get<Kind>();
  switch (kind) {
    case Kind::heartbeat:
    case Kind::committed:
    case Kind::idle:
    case Kind::failed:
    case Kind::closed:
      require(root() && from >= 0 && from < settings_.size, "a message for rank 0 came to another rank");
      on_message_at_root(from, kind, in);
      break;
    case Kind::drain:
      start_drain();
      break;
    case Kind::close: {
      Command close{Command::Kind::close};
      close.drained = in.get<std::uint8_t>() != 0;
      queue_.clear();
      phase_ = Phase::closing;
      commands_.push_back(close);
      break;
    }
    case Kind::finish: {
      Command finish{Command::Kind::finish};
      finish.abort = in.get<std::uint8_t>() != 0;
      phase_ = Phase::finished;
      commands_.push_back(finish);
      break;
    }
    default: throw Error{fmt::format("rank {} sent a message of unknown kind {}", from, static_cast<int>(kind))};
  }
  in.expect_end();
}

void Scheduler::on_message_at_root(int from, Kind kind, ByteReader& in) {
  auto& peer = peers_[static_cast<std::size_t>(from)];
  peer.heard = true;
  peer.last_heard_s = now_s_;
  switch (kind) {
    case Kind::heartbeat: progress_.rank_load_s[static_cast<std::size_t>(from)] = in.get<double>(); break;
    case Kind::committed:
      for (auto left = in.get_count(13); left > 0; --left) {
        CommittedPage page;
        page.index = in.get<std::uint64_t>();
        page.end = in.get<PageEnd>();
        page.cost_s = in.get<float>();
        count(page);
      }
      break;
    case Kind::idle: peer.idle = true; break;
    case Kind::failed:
      failures_.push_back(fmt::format("rank {}: {}", from, in.get_text()));
      start_drain();
      break;
    case Kind::closed:
      peer.report.shards = get_names(in);
      peer.report.segments = get_names(in);
      peer.report.rows = in.get<std::uint64_t>();
      peer.closed = true;
      break;
    default: break;
  }
  advance_ending();
}

void Scheduler::on_time(double now_s) {
  if (!clock_started_) {
    clock_started_ = true;
    next_heartbeat_s_ = now_s;
    for (auto& peer : peers_) peer.last_heard_s = now_s;
    if (draining_) grace_ends_s_ = now_s + settings_.drain_grace_s;
    now_s_ = now_s;
  }
  // While this rank was stopped (a suspended job, say) it heard nobody; that is not their silence.
  const double absent_s = now_s - now_s_ - settings_.heartbeat_s;
  if (absent_s > 0) {
    for (auto& peer : peers_) peer.last_heard_s += absent_s;
  }
  now_s_ = now_s;
  if (now_s_ >= next_heartbeat_s_ && phase_ != Phase::finished) {
    next_heartbeat_s_ = now_s_ + settings_.heartbeat_s;
    if (root()) {
      progress_.rank_load_s[0] = load_s_;
    } else {
      flush_committed();
      ByteWriter beat;
      beat.put(Kind::heartbeat).put(load_s_);
      tell(0, std::move(beat).bytes());
    }
  }
  become_idle_if_so();
  if (root()) {
    look_for_dead();
    advance_ending();
  }
}

void Scheduler::on_committed(std::uint64_t page_index, PageEnd end, float cost_s) {
  if (in_flight_ > 0) --in_flight_;
  load_s_ = std::max(0.0, load_s_ - static_cast<double>(cost_s));
  if (root()) {
    count({page_index, end, cost_s});
  } else {
    unreported_.push_back({page_index, end, cost_s});
    if (unreported_.size() >= report_batch) flush_committed();
  }
  become_idle_if_so();
}

void Scheduler::on_returned(const plan::Task& task) {
  if (in_flight_ > 0) --in_flight_;
  // Whoever gives pages back is stopping; the next job finds them unread.
  load_s_ = std::max(0.0, load_s_ - static_cast<double>(task.cost_s));
  become_idle_if_so();
}

void Scheduler::on_drain_requested() {
  if (draining_) return;
  if (root()) {
    start_drain();
    return;
  }
  ByteWriter drain;
  drain.put(Kind::drain);
  tell(0, std::move(drain).bytes());
  start_drain();
}

void Scheduler::on_failure(std::string why) {
  if (root()) {
    failures_.push_back(fmt::format("rank 0: {}", why));
  } else {
    ByteWriter failed;
    failed.put(Kind::failed).put_text(why);
    tell(0, std::move(failed).bytes());
  }
  start_drain();
}

void Scheduler::on_closed(ClosedReport report) {
  phase_ = Phase::closed;
  if (root()) {
    peers_[0].report = std::move(report);
    peers_[0].closed = true;
    advance_ending();
    return;
  }
  flush_committed();
  ByteWriter closed;
  closed.put(Kind::closed);
  put_names(closed, report.shards);
  put_names(closed, report.segments);
  closed.put(report.rows);
  tell(0, std::move(closed).bytes());
}

void Scheduler::on_bound() {
  const bool abort = !progress_.dead.empty();
  ByteWriter finish;
  finish.put(Kind::finish).put(static_cast<std::uint8_t>(abort));
  tell_all(finish.bytes());
  phase_ = Phase::finished;
  Command command{Command::Kind::finish};
  command.status = status();
  command.abort = abort;
  commands_.push_back(command);
}

// ---- what to do now

std::optional<plan::Task> Scheduler::next_page() {
  if (draining_ || queue_.empty()) return std::nullopt;
  const auto task = queue_.front();
  queue_.pop_front();
  ++in_flight_;
  return task;
}

std::optional<Command> Scheduler::next_command() {
  if (commands_.empty()) return std::nullopt;
  const auto command = commands_.front();
  commands_.pop_front();
  return command;
}

std::optional<Outgoing> Scheduler::next_outgoing() {
  if (outgoing_.empty()) return std::nullopt;
  auto message = std::move(outgoing_.front());
  outgoing_.pop_front();
  return message;
}

std::optional<std::vector<ClosedReport>> Scheduler::all_closed() {
  if (!reports_ready_ || reports_taken_) return std::nullopt;
  reports_taken_ = true;
  std::vector<ClosedReport> reports;
  for (const auto& peer : peers_) reports.push_back(peer.report);
  return reports;
}

// ---- inside

void Scheduler::tell(int to, Bytes message) { outgoing_.push_back({to, std::move(message)}); }

void Scheduler::tell_all(const Bytes& message) {
  for (int to = 1; to < settings_.size; ++to) {
    // A rank taken for dead may only have been stopped: it is told, and nobody waits for it.
    tell(to, message);
  }
}

void Scheduler::start_drain() {
  if (draining_) return;
  draining_ = true;
  grace_ends_s_ = now_s_ + settings_.drain_grace_s;
  queue_.clear();
  commands_.push_back({Command::Kind::drain});
  if (root()) {
    ByteWriter drain;
    drain.put(Kind::drain);
    tell_all(drain.bytes());
  }
  become_idle_if_so();
}

void Scheduler::become_idle_if_so() {
  if (phase_ != Phase::working || !clock_started_) return;
  const bool nothing_left = queue_.empty() && in_flight_ == 0;
  const bool grace_over = draining_ && now_s_ >= grace_ends_s_;
  if (!nothing_left && !grace_over) return;
  phase_ = Phase::idle;
  if (root()) {
    peers_[0].idle = true;
    advance_ending();
    return;
  }
  flush_committed();  // before `idle`: rank 0 must know all there is when it counts
  ByteWriter idle;
  idle.put(Kind::idle);
  tell(0, std::move(idle).bytes());
}

void Scheduler::flush_committed() {
  if (unreported_.empty()) return;
  ByteWriter committed;
  committed.put(Kind::committed).put(static_cast<std::uint32_t>(unreported_.size()));
  for (const auto& page : unreported_) committed.put(page.index).put(page.end).put(page.cost_s);
  tell(0, std::move(committed).bytes());
  unreported_.clear();
}

void Scheduler::count(const CommittedPage& page) {
  require(page.index < completed_.size(), "a page was reported that is not in the manifest");
  if (completed_[page.index]) return;
  completed_[page.index] = true;
  ++progress_.done;
  progress_.cost_done_s += static_cast<double>(page.cost_s);
  if (page.end == PageEnd::failed) ++progress_.failed;
  if (page.end == PageEnd::skipped) ++progress_.skipped;
}

void Scheduler::look_for_dead() {
  if (phase_ == Phase::finished) return;
  for (std::size_t rank = 1; rank < peers_.size(); ++rank) {
    auto& peer = peers_[rank];
    const double patience_s = peer.heard ? settings_.silence_s : 2 * settings_.silence_s;
    if (peer.dead || now_s_ - peer.last_heard_s < patience_s) continue;
    peer.dead = true;
    progress_.dead.push_back(static_cast<int>(rank));
  }
}

bool Scheduler::all_live(bool Peer::* what) const {
  return std::ranges::all_of(peers_, [&](const Peer& peer) { return peer.dead || peer.*what; });
}

void Scheduler::advance_ending() {
  if (!close_said_ && all_live(&Peer::idle)) {
    close_said_ = true;
    // What a dead rank committed still lies in its journal: the next job seals it and binds.
    drained_ = progress_.done < progress_.pages || !progress_.dead.empty();
    ByteWriter close;
    close.put(Kind::close).put(static_cast<std::uint8_t>(drained_));
    tell_all(close.bytes());
    phase_ = Phase::closing;
    queue_.clear();
    Command command{Command::Kind::close};
    command.drained = drained_;
    commands_.push_back(command);
  }
  if (close_said_ && !reports_ready_ && all_live(&Peer::closed)) reports_ready_ = true;
}

ExitStatus Scheduler::status() const {
  if (!failures_.empty()) return ExitStatus::error;
  const bool all_closed = std::ranges::all_of(peers_, &Peer::closed);
  if (drained_ || !all_closed) return ExitStatus::unfinished;
  return progress_.failed > 0 || settings_.failed_before ? ExitStatus::some_failed : ExitStatus::complete;
}

}  // namespace pecia::sched
