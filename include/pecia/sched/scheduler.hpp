#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/sched/types.hpp"

namespace pecia::test {
struct SchedulerProbe;  // copies schedulers and compares what is in them: tests/sched/probe.hpp
}  // namespace pecia::test

namespace pecia::sched {

/// The page queue, stealing, completion accounting, draining and ending of one rank, as a state
/// machine: it never blocks, sleeps, starts a thread or reads a clock. The same code runs under MPI,
/// as threads, and in virtual time (simulation.hpp).
///
/// A page is unstarted (in the queue), handed out (waiting for the engine, then reading), read but not
/// committed, committed. Rank 0 knows of every page whose it is and whether it is done; what it
/// knows of the others comes with their heartbeats.
///
/// Stealing: a rank with nothing unstarted asks rank 0, which names up to 32 ranks that have work, the
/// richest first, and reckons with what will be taken, so that hundreds of thieves do not meet at one
/// victim. The thief requests; the victim grants the dearest documents it has not begun, so many that
/// both end at one time, or calls pages back from before its engine, or refuses and names others.
/// Granted pages stay lent until accepted, which is when rank 0 is told of them. After a few refusals
/// a thief rests for a random time. Ranks that are well ahead are told to take from one that lags. A
/// rank that does not answer for `suspect_s` is suspect: its pages join rank 0's queue, from where
/// they are stolen, and what was lent to it returns. Each page carries how often it changed hands, so
/// that of reports that cross the latest counts.
///
/// Once nothing is unstarted, a rank gives whoever asks a copy of a page that it will probably need
/// longer for; for ranks that do not answer, rank 0 does. Whoever commits first wins, and the other is
/// told to stop.
///
/// Classes (`Settings::class_by_rank`): a rank of the fallback reads, steals and copies pages of its class
/// only: what rules gave it, and what engines gave up. The latter wait on the rank that gave them up,
/// and are stolen from there. Ranks of the engine leave pages of the fallback to those ranks, unless
/// rank 0 says that there is none left, or nothing else is to be read and nobody fetches them for
/// `suspect_s`. A page whose rank is lost is read anew, by the engine first.
///
/// Priorities: pages of a level start once all pages of the levels before have started anywhere.
///
/// Pages that are read alone (`Task::alone`: they may kill their rank) start once all others are
/// committed anywhere, each when nothing else is in flight on its rank, and the next one there only
/// after its commit. They are stolen like others, but never copied and never called back.
///
/// Ending: rank 0 says `close` when every page is done, or when all live ranks that drain are idle; when
/// all live ranks have closed it gets `all_closed`, binds the results and calls `on_bound`; then all
/// `finish`. Rank 0 alone finishes with the status of the run. A rank that was silent for `silence_s`
/// (twice that before its first word) is dead: what it commits still counts, and nobody waits for it;
/// the end is then an abort, and the status `unfinished` unless the rank had closed its journal. Time
/// in which rank 0 itself was stopped is nobody's silence.
class Scheduler {
 public:
  /// `share`: the pages of this rank, in order. `all`: rank 0 only, the shares of all ranks (those of
  /// a rank that is alone may be left out).
  Scheduler(const Settings& settings, const plan::Share& share, const JobSize& job,
            std::span<const plan::Share> all = {});
  ~Scheduler();
  Scheduler(Scheduler&&) noexcept;

  // ---- events
  /// Throws `Error` if the message is malformed.
  void on_message(int from, std::span<const std::byte> message);
  void on_time(double now_s);
  /// The engine has begun to read a page.
  void on_started(std::uint32_t index);
  /// The engine is done with a page; `seconds`: that reading took, 0 if the page needed no reading.
  void on_finished(std::uint32_t index, double seconds);
  /// The journal has this page on disk. A page reported twice counts once.
  void on_committed(std::uint32_t index, PageEnd end);
  /// A page waits for its next attempt, until `on_due` or `on_started`: others are handed out meanwhile. It is not
  /// called back.
  void on_set_aside(std::uint32_t index);
  void on_due(std::uint32_t index);
  /// A page that was handed out comes back unread; it is read later, here or elsewhere, unless this
  /// rank drains (then by the next job). `history`: of attempts that failed, for whoever begins it.
  void on_returned(const plan::Task& task, std::string history = {});
  /// The engine of a rank with class `engine` has given the page up: from now on it is of class
  /// `fallback`, and whoever begins it gets `history`, which is for the owner alone.
  void on_given_up(std::uint32_t index, std::string history);
  /// All that `recall` was to give back has been given back.
  void on_recalled();
  /// The engine was lost; pages in it come back by `on_returned`. `for_good`: this rank reads no more.
  void on_engine_lost(const std::string& why, bool for_good);
  /// A signal asked this rank to stop: drains all ranks.
  void on_drain_requested();
  /// This rank cannot go on (disk full, say): drains all ranks; rank 0 will exit with `status` and say
  /// why.
  void on_failure(const std::string& why, ExitStatus status = ExitStatus::error);
  /// This rank's journal is closed (answer to Command::close).
  void on_closed(const ClosedReport& report);
  /// Rank 0 only: what had to be done after all ranks closed is done (answer to `all_closed`).
  void on_bound();
  /// For the heartbeat.
  void set_memory_bytes(std::uint64_t bytes);

  // ---- what to do now
  /// The next page to hand out; nothing if enough are handed out, none is left, or this rank drains.
  [[nodiscard]] std::optional<plan::Task> next_page();
  /// Of a page that `next_page` handed out: what was said when it was given up or came back, else empty.
  [[nodiscard]] std::string history_of(const plan::Task& task) const;
  [[nodiscard]] std::optional<Command> next_command();
  [[nodiscard]] std::optional<Outgoing> next_outgoing();
  /// Rank 0, once: every live rank has closed; their reports. The owner binds and calls `on_bound`.
  [[nodiscard]] std::optional<std::vector<ClosedReport>> all_closed();
  /// Rank 0: pages that were read anywhere since the last call.
  [[nodiscard]] std::vector<FinishedPage> take_finished();
  /// When `on_time` has to be called again at the latest.
  [[nodiscard]] double next_time_s() const;

  [[nodiscard]] bool draining() const noexcept;
  /// There is nothing left to begin now: others wait for what this rank commits.
  [[nodiscard]] bool dry() const noexcept;
  [[nodiscard]] const Progress& progress() const noexcept;
  /// Why ranks failed or were benched (rank 0): "rank 3: no space left ...".
  [[nodiscard]] const std::vector<std::string>& failures() const noexcept;
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept;
  [[nodiscard]] std::size_t unstarted() const noexcept;
  /// Handed out by `next_page` and neither committed nor returned.
  [[nodiscard]] std::size_t in_flight() const noexcept;

 private:
  friend struct test::SchedulerProbe;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pecia::sched
