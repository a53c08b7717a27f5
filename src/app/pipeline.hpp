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

#include "pecia/app/job.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/sched/scheduler.hpp"
#include "pecia/store/writer.hpp"

namespace pecia::app {

// What the threads of a rank tell its main thread.
struct Committed {
  plan::Task task;
  sched::PageEnd end;
};
struct Returned {
  plan::Task task;
};
struct Failed {
  std::string why;
};
struct Closed {
  store::Written written;
};
struct Bound {
  std::string problem;  ///< empty: corpus.h5 is in place
};
using Event = std::variant<Committed, Returned, Failed, Closed, Bound>;

struct PipelineSettings {
  const Job* job = nullptr;                  ///< outlives the pipeline
  const corpus::Manifest* manifest = nullptr;
  std::filesystem::path root;                ///< of the corpus
  const std::vector<std::vector<float>>* trace_seconds = nullptr;  ///< set: a trace, no files
  engine::EngineSettings engine;
  store::WriterSettings writer;
  int decoders = 1;
};

/// The threads of one rank: decoders (page child -> image), one engine thread, one store thread.
/// Pages go in by `start` and come out as events, each page exactly once: Committed when its record
/// is on disk, or Returned after `cancel`.
class Pipeline {
 public:
  /// Returns when the engine runs; throws what made it fail to start.
  explicit Pipeline(const PipelineSettings& settings);
  /// Cancels what is left and joins.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Whether another page would be of use now; bounded, so that a rank hoards nothing.
  [[nodiscard]] bool wants_page() const;
  void start(const plan::Task& task);
  /// From now on every record is synced as it comes: the process may be ended within a second.
  void drain();
  /// Gives back, as Returned, every page that has no outcome yet.
  void cancel();
  /// Cancels what is left, closes the journal, seals it if asked to; answers Closed.
  void close(bool seal);
  /// Rank 0: writes corpus.h5 over all shards; answers Bound.
  void bind(std::vector<std::string> shards);
  /// The next event; waits up to `max_wait`.
  [[nodiscard]] std::optional<Event> next_event(std::chrono::milliseconds max_wait);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::app
