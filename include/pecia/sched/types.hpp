#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/corpus/priority.hpp"
#include "pecia/plan/partition.hpp"

namespace pecia::sched {

/// What a rank that has nothing left takes from others. All but `half` are there to be compared with.
enum class Stealing : std::uint8_t {
  half,  ///< half of the victim's remaining cost
  page,  ///< one page of rank 0's, whenever one could start: a central queue
  off,
};

/// The order in which pages are read: by priority, and last those that are read alone.
enum class Level : std::uint8_t { urgent = 0, normal = 1, low = 2, alone = 3 };
constexpr std::size_t levels = corpus::priorities + 1;
[[nodiscard]] constexpr Level level_of(const plan::Task& task) noexcept {
  return task.alone ? Level::alone : static_cast<Level>(task.priority);
}

/// Where not every rank reads every page: ranks and pages are of the job's engine or of its fallback.
/// A rank of the engine reads pages of the fallback only while no rank of the fallback takes them.
enum class EngineClass : std::uint8_t { engine = 0, fallback = 1 };
constexpr std::size_t engine_classes = 2;
[[nodiscard]] constexpr EngineClass class_of(const plan::Task& task) noexcept {
  return static_cast<EngineClass>(task.engine_class);
}

struct Settings {
  int rank = 0;
  int size = 1;
  int slots = 1;     ///< pages that the engine reads at once
  int prefetch = 2;  ///< pages beyond that which are handed out, so that the next is decoded in time
  double heartbeat_s = 1;      ///< every rank reports to rank 0 that often
  double suspect_s = 5;        ///< the pages of a rank unheard of for so long are given to others
  double silence_s = 60;       ///< a rank unheard of for so long is taken for dead
  double drain_grace_s = 60;   ///< for pages in flight once a drain was asked for
  bool failed_before = false;  ///< rank 0: a page of the run that is not in this job has failed
  Stealing stealing = Stealing::half;
  bool calibrate = true;    ///< finished pages of a document say what its others will cost
  bool backup = true;       ///< read pages twice where a rank lags, once nothing is unstarted
  bool short_first = true;  ///< begin with short pages, until the speed of the rank is known
  std::uint32_t seed = 1;   ///< of the random back-off
  std::vector<EngineClass> class_by_rank = {};  ///< empty: every rank reads every page
};

/// Of a rank of this job; all are of the engine where ranks have no classes.
[[nodiscard]] inline EngineClass class_of(const Settings& settings, int rank) noexcept {
  return settings.class_by_rank.empty() ? EngineClass::engine : settings.class_by_rank[static_cast<std::size_t>(rank)];
}

/// How much a job is.
struct JobSize {
  std::uint64_t pages = 0;           ///< not done when it began
  double cost_s = 0;                 ///< estimated, of them
  std::array<std::uint64_t, levels> by_level{};      ///< of `pages`
  std::uint64_t manifest_pages = 0;  ///< bounds Task::index
};

/// The level after `level` that has pages, or the same one; `low`, i.e. all priorities, if none of them
/// comes after it; `alone` if there are no pages but those.
[[nodiscard]] constexpr Level level_from(const JobSize& job, Level level) noexcept {
  std::size_t at = static_cast<std::size_t>(level);
  while (at < levels && job.by_level[at] == 0) ++at;
  if (at == static_cast<std::size_t>(Level::alone)) return Level::alone;
  for (std::size_t later = at + 1; later < corpus::priorities; ++later) {
    if (job.by_level[later] > 0) return static_cast<Level>(at);
  }
  return Level::low;
}

/// How a page ended, as far as the schedule cares. `engine_failed`: failed, and perhaps not for its
/// own sake.
enum class PageEnd : std::uint8_t { good, failed, skipped, engine_failed };

/// The exit statuses of the command line (design.md).
enum class ExitStatus : int { complete = 0, error = 1, usage = 2, some_failed = 3, unfinished = 75 };

/// A file that a rank has written: its name without folder.
struct WrittenFile {
  std::string name;
  std::uint64_t rows = 0, bytes = 0;
};

/// What a rank has written, told to rank 0 with `closed` because folder listings may be stale.
struct ClosedReport {
  std::vector<WrittenFile> shards;    ///< sealed by this rank in this job
  std::vector<WrittenFile> segments;  ///< of its journal, left unsealed
  std::uint64_t rows = 0;             ///< records committed by this rank in this job
};

/// A rank as rank 0 last heard of it.
struct RankState {
  double load_s = 0;      ///< expected time for what it has not started
  double throughput = 0;  ///< expected seconds of pages read in a second; 0: not known yet
  std::uint32_t unstarted = 0, held = 0;  ///< pages in its queue, and handed to its engine
  std::uint64_t done = 0, failed = 0;
  std::uint64_t memory_bytes = 0;
  std::uint32_t engines_lost = 0;
  bool benched = false;  ///< gets no pages: its engine was lost for good, or fails everything
  bool suspect = false;  ///< does not answer
  bool dead = false;
};

/// Progress over all ranks; complete on rank 0 only.
struct Progress {
  std::uint64_t pages = 0;  ///< of this job, i.e. not done when it began
  std::uint64_t done = 0, failed = 0, skipped = 0;  ///< `done` counts all that are committed
  std::uint64_t duplicates = 0;                     ///< records of pages that were done already
  double cost_done_s = 0, cost_total_s = 0;         ///< estimated cost
  double first_started_s = 0;  ///< when rank 0 began its first page; the owner's clock, as the next
  double last_done_s = 0;  ///< when the last page was known to be committed; the owner's clock
  std::uint64_t steals = 0, stolen_pages = 0, copies = 0;
  std::uint64_t messages = 0;    ///< sent and received by rank 0, without heartbeats
  std::uint64_t heartbeats = 0;  ///< at most one per rank and `heartbeat_s`
  std::vector<RankState> ranks;
  std::vector<int> dead;  ///< ranks taken for dead
};

/// A page that was read, for the cost model.
struct FinishedPage {
  std::uint32_t index = 0;
  double seconds = 0;  ///< > 0; that a rank of usual speed would have taken
};

/// What the owner of a Scheduler is told to do; in order.
struct Command {
  enum class Kind {
    drain,   ///< start no page; give back what is not started; after the grace give back the rest
    recall,  ///< give back (`on_returned`) what no engine has begun, then call `on_recalled`
    cancel,  ///< give back `page`, if it has no outcome yet: it is somebody else's
    close,   ///< no page will come: commit and close the journal, then call `on_closed`
    finish,  ///< all live ranks closed: leave with `status`; `abort`: rank 0 by Communicator::abort
  };
  Kind kind;
  ExitStatus status = ExitStatus::complete;  ///< of `finish`, meaningful on rank 0
  bool abort = false;  ///< of `finish`: a rank is dead, so MPI_Finalize would hang: rank 0 aborts
  bool drained = false;  ///< of `close`: pages are left, or a rank is dead: not for this job to bind
  std::uint32_t page = 0;  ///< of `cancel`: Task::index
};

struct Outgoing {
  int to = 0;
  Bytes bytes;
};

}  // namespace pecia::sched
