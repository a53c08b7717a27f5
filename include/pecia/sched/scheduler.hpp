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
    finish,  ///< all live ranks closed: leave with `status`; `abort`: by Communicator::abort
  };
  Kind kind;
  ExitStatus status = ExitStatus::complete;  ///< of `finish`, meaningful on rank 0
  bool abort = false;                        ///< of `finish`: a rank is dead, so MPI_Finalize would hang
  bool drained = false;                      ///< of `close`: the run is not complete
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
///   every rank -> 0: heartbeat(load), committed(pages), drain, failed(why), closed(report)
///   0 -> every rank: drain, close(drained), finish
/// Rank 0 holds one bit per completed page. When every page is completed, or a drain was asked for
/// and every live rank is idle or its grace is over, rank 0 says `close`. When all live ranks have
/// closed, rank 0 gets `all_closed()`, binds the results, and calls `bound()`; then all `finish`.
///
/// Seam for stealing: `next_page` takes from `queue_`, which only this class touches; a thief's
/// request and a victim's grant are further messages, and a granted page stays in `lent_` until
/// acknowledged.
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

  [[nodiscard]] bool draining() const noexcept;
  [[nodiscard]] const Progress& progress() const noexcept { return progress_; }
  /// Why ranks failed (rank 0): "rank 3: no space left ...".
  [[nodiscard]] const std::vector<std::string>& failures() const noexcept { return failures_; }
  [[nodiscard]] std::size_t unstarted() const noexcept { return queue_.size(); }

 private:
  Settings settings_;
  std::deque<plan::Task> queue_;
  Progress progress_;
  std::vector<std::string> failures_;
  // (the implementation adds its state here)
};

}  // namespace pecia::sched
