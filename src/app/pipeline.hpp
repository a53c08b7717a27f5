#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "page_readers.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/sched/scheduler.hpp"
#include "pecia/store/writer.hpp"

namespace pecia::app {

// What the threads of a rank tell its main thread.
/// The engine runs: pages may be started.
struct Ready {};
/// The engine has begun to read a page.
struct Started {
  std::uint32_t index;
};
/// A page has its outcome, which is on its way to the journal; `seconds`: of the engine, 0 if none
/// read it.
struct Finished {
  std::uint32_t index;
  double seconds;
};
struct Committed {
  plan::Task task;
  sched::PageEnd end;
};
/// `history`: of a page that was tried and does not have its outcome, for whoever goes on with it; else empty.
struct Returned {
  plan::Task task;
  std::string history;
};
/// It waits for its next attempt, and nothing is done to it, until that is due.
struct SetAside {
  std::uint32_t index;
};
struct Due {
  std::uint32_t index;
};
/// The engine gave it up; `history`: for whoever goes on with it.
struct GivenUp {
  std::uint32_t index;
  std::string history;
};
/// This rank cannot go on. `status`: that the run will end with; `usage` where the user can mend
/// it, `unfinished` where the disk refused what was to be written.
struct Failed {
  std::string why;
  sched::ExitStatus status = sched::ExitStatus::error;
};
/// The pages in the engine have been Returned. Not `for_good`: another engine was made.
struct EngineLost {
  std::string why;
  bool for_good;
};
struct Closed {
  store::Written written;
};
struct Bound {
  std::string problem;                                  ///< empty: corpus.h5 is in place
  std::vector<store::LedgerFile> shards;                ///< that it is made of
  sched::ExitStatus status = sched::ExitStatus::error;  ///< with a problem; as of Failed
};
using Event =
    std::variant<Ready, Started, SetAside, Due, Finished, Committed, Returned, GivenUp, Failed, EngineLost, Closed, Bound>;

struct PipelineSettings {
  ReadingSettings reading;
  store::WriterSettings writer;
};

/// The threads of one rank: those that read pages (`PageReaders`) and one that stores them.
/// Pages go in by `start`, once the engine is Ready, and come out as events, each page exactly
/// once: Committed when its record is on disk, Returned after `cancel` or `take_back`, or GivenUp;
/// those that `recall` gives back have no event.
class Pipeline {
 public:
  /// Waits for the engine for up to `patience`; throws what made it fail to start by then. An
  /// engine that takes longer says Ready or Failed.
  Pipeline(const PipelineSettings& settings, std::chrono::milliseconds patience);
  /// Cancels what is left and joins.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// `history`: of a page that was GivenUp or Returned with one, here or elsewhere; else empty.
  void start(const plan::Task& task, const std::string& history = {});
  /// All pages that were not tried; also those that wait for another attempt, where the job is to end.
  [[nodiscard]] std::vector<plan::Task> recall(bool also_tried);
  /// Gives one page back, as Returned, if it has no outcome yet.
  void take_back(std::uint32_t index);
  /// The process may be ended within a second: before all else the journal says that the pages in
  /// flight have nothing to do with it. A disk that refuses is waited for no more.
  void stopping();
  /// Outcomes wait for the disk, and no more pages should be started.
  [[nodiscard]] bool backed_up() const;
  /// For messages: how many pages this rank has left.
  void set_pages_left(std::uint64_t pages);
  /// Every record is synced as it comes: the process may be ended within a second, or others wait.
  void sync_at_once(bool at_once);
  /// Gives back, as Returned, every page that has no outcome yet.
  void cancel();
  /// Cancels what is left, closes the journal, seals it if asked to; answers Closed.
  void close(bool seal);
  /// Rank 0: writes corpus.h5 over all shards; answers Bound.
  void bind(std::vector<store::LedgerFile> shards);
  /// The next event; waits up to `max_wait`.
  [[nodiscard]] std::optional<Event> next_event(std::chrono::milliseconds max_wait);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::app
