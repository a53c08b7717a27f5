#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/ids.hpp"
#include "pecia/plan/partition.hpp"

namespace pecia::sched {

struct Settings {
  int rank = 0;
  int size = 1;
  double heartbeat_s = 1;     ///< every rank tells rank 0 that often that it is alive, and its load
  double silence_s = 60;      ///< a rank unheard of for so long is taken for dead
  double drain_grace_s = 60;  ///< for pages in flight once a drain was asked for
  bool failed_before = false; ///< rank 0: a page of the run that is not in this job has failed
};

/// How a page ended, as far as the schedule cares.
enum class PageEnd : std::uint8_t { good, failed, skipped };

/// The exit statuses of the command line (design.md).
enum class ExitStatus : int { complete = 0, error = 1, some_failed = 3, unfinished = 75 };

/// What a rank has written, told to rank 0 with `closed` because folder listings may be stale.
struct ClosedReport {
  std::vector<std::string> shards;    ///< file names of shards sealed by this rank in this job
  std::vector<std::string> segments;  ///< journal segments left unsealed
  std::uint64_t rows = 0;             ///< records committed by this rank in this job
};

/// Progress over all ranks; complete on rank 0 only.
struct Progress {
  std::uint64_t pages = 0;  ///< of this job, i.e. not done when it began
  std::uint64_t done = 0, failed = 0, skipped = 0;  ///< `done` counts all that are committed
  double cost_done_s = 0, cost_total_s = 0;         ///< estimated cost
  std::vector<double> rank_load_s;  ///< last reported estimated cost left, by rank
  std::vector<int> dead;            ///< ranks taken for dead
};

/// What the owner of a Scheduler is told to do; in order.
struct Command {
  enum class Kind {
    drain,   ///< start no page; give back what is not started; after the grace give back the rest
    close,   ///< no page will come: commit and close the journal, then call `closed`
    finish,  ///< all live ranks closed: leave with `status`; `abort`: rank 0 by Communicator::abort
  };
  Kind kind;
  ExitStatus status = ExitStatus::complete;  ///< of `finish`, meaningful on rank 0
  bool abort = false;  ///< of `finish`: a rank is dead, so MPI_Finalize would hang: rank 0 aborts
  bool drained = false;  ///< of `close`: pages are left, or a rank is dead: not for this job to bind
};

struct Outgoing {
  int to = 0;
  Bytes bytes;
};

/// The page queue, completion accounting, draining and ending of one rank, as a state machine: it
/// never blocks, sleeps, starts a thread or reads a clock. The same code runs under MPI, as threads,
/// and in virtual time.
///
/// Protocol (messages are private to this class):
///   every rank -> 0: heartbeat(load), committed(pages), idle, drain, failed(why), closed(report)
///   0 -> every rank: drain, close(drained), finish(status, abort)
/// A rank is idle when nothing is unstarted and nothing in flight, or when it drains and its grace is
/// over. Rank 0 holds one bit per completed page. When all live ranks are idle it says `close`; when
/// all live ranks have closed it gets `all_closed`, binds the results and calls `on_bound`; then all
/// `finish`. Rank 0 alone finishes with the status of the run. A rank that was silent for `silence_s`
/// (twice that before its first word) is dead: what it commits still counts, and nobody waits for it;
/// the end is then an abort, and the status `unfinished` unless the rank had closed its journal. Time
/// in which rank 0 itself was stopped is nobody's silence.
///
/// Seam for stealing: pages leave `queue_` in `next_page` alone. A thief's request and a victim's
/// grant are two further messages; a granted page stays lent until acknowledged, and a rank with a
/// request under way is not idle.
class Scheduler {
 public:
  /// `share`: the pages of this rank, in order. `total_pages`, `total_cost_s`: of this job, over all
  /// ranks. `page_indices` are positions in the manifest (Manifest::index), so `manifest_pages`
  /// bounds them.
  Scheduler(Settings settings, plan::Share share, std::uint64_t job_pages, double job_cost_s,
            std::uint64_t manifest_pages);

  // ---- events
  /// Throws `Error` if the message is malformed.
  void on_message(int from, std::span<const std::byte> message);
  void on_time(double now_s);
  /// The journal has this page on disk. `page_index`: Manifest::index. A page reported twice counts once.
  void on_committed(std::uint64_t page_index, PageEnd end, float cost_s);
  /// A page that was handed out comes back unread (drain).
  void on_returned(const plan::Task& task);
  /// A signal asked this rank to stop: drains all ranks.
  void on_drain_requested();
  /// This rank cannot go on (disk full, say): drains all ranks; rank 0 will exit with 1 and say why.
  void on_failure(std::string why);
  /// This rank's journal is closed (answer to Command::close).
  void on_closed(ClosedReport report);
  /// Rank 0 only: what had to be done after all ranks closed is done (answer to `all_closed`).
  void on_bound();

  // ---- what to do now
  /// The next page to read, or nothing (queue empty, or draining).
  [[nodiscard]] std::optional<plan::Task> next_page();
  [[nodiscard]] std::optional<Command> next_command();
  [[nodiscard]] std::optional<Outgoing> next_outgoing();
  /// Rank 0, once: every live rank has closed; their reports. The owner binds and calls `on_bound`.
  [[nodiscard]] std::optional<std::vector<ClosedReport>> all_closed();

  [[nodiscard]] bool draining() const noexcept { return draining_; }
  [[nodiscard]] const Progress& progress() const noexcept { return progress_; }
  /// Why ranks failed (rank 0): "rank 3: no space left ...".
  [[nodiscard]] const std::vector<std::string>& failures() const noexcept { return failures_; }
  [[nodiscard]] std::size_t unstarted() const noexcept { return queue_.size(); }
  /// Handed out by `next_page` and neither committed nor returned.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  enum class Kind : std::uint8_t { heartbeat = 1, committed, idle, drain, failed, closed, close, finish };
  enum class Phase { working, idle, closing, closed, finished };
  /// Rank 0's view of a rank.
  struct Peer {
    double last_heard_s = 0;
    bool heard = false, idle = false, closed = false, dead = false;
    ClosedReport report;
  };
  struct CommittedPage {
    std::uint64_t index = 0;
    PageEnd end = PageEnd::good;
    float cost_s = 0;
  };

  void tell(int to, Bytes message);
  void tell_all(const Bytes& message);
  void start_drain();
  void become_idle_if_so();
  void flush_committed();
  void count(const CommittedPage& page);
  void on_message_at_root(int from, Kind kind, ByteReader& in);
  void look_for_dead();
  void advance_ending();
  [[nodiscard]] bool all_live(bool Peer::* what) const;
  [[nodiscard]] ExitStatus status() const;
  [[nodiscard]] bool root() const noexcept { return settings_.rank == 0; }

  Settings settings_;
  std::deque<plan::Task> queue_;
  Progress progress_;
  std::vector<std::string> failures_;
  double now_s_ = 0;
  bool clock_started_ = false;
  double next_heartbeat_s_ = 0;
  double grace_ends_s_ = 0;
  double load_s_ = 0;  ///< estimated cost of what this rank has left
  std::size_t in_flight_ = 0;
  bool draining_ = false;
  Phase phase_ = Phase::working;
  std::vector<CommittedPage> unreported_;
  std::deque<Command> commands_;
  std::deque<Outgoing> outgoing_;
  // rank 0 only
  std::vector<bool> completed_;  ///< by position in the manifest
  std::vector<Peer> peers_;
  bool close_said_ = false, reports_ready_ = false, reports_taken_ = false;
  bool drained_ = false;  ///< as said with `close`
};

}  // namespace pecia::sched
