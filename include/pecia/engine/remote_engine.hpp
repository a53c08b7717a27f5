#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "pecia/child/child.hpp"
#include "pecia/engine/engine.hpp"

namespace pecia::engine {

struct RemoteSettings {
  child::Program program;  ///< speaks the protocol of src/engine/protocol.hpp, through `serve`
  int workers = 1;
  /// CPU seconds a page may take, or seconds a worker may sleep over it. Of a continuous worker:
  /// seconds that it may say nothing; it watches over its pages itself.
  double watchdog_s = 300;
  std::optional<double> start_silence_s;  ///< of a continuous worker, until its hello; not set: `watchdog_s`
  page::ImageRequest request;  ///< what it wants of every page
  /// Workers that have many pages at once, as many as they say (`serve_continuous`).
  bool continuous = false;
  /// Asked while the first worker starts: nobody waits for it any more.
  std::function<bool()> abandoned;
  int restarts = 3;  ///< of continuous workers, as long as the engine lives
  /// Handed to the first worker, which is told so by one more argument: "channel".
  std::shared_ptr<UniqueFd> channel;
};

/// An engine whose pages are read by worker processes. A worker that dies, hangs or talks nonsense
/// costs the pages it had this attempt, and is replaced; the others go on. Of several pages that a
/// continuous worker had, one may have been its death: they fail with `engine_lost`, and are tried
/// half as many at once; after a second death, or a hang, each alone. A page that is to be read alone
/// (`ReadOptions::alone`) has no other beside it in any worker.
class RemoteEngine final : public Engine {
 public:
  /// Waits for the first worker's hello, however long it says that it loads. Throws `UsageError`
  /// with what the worker says the user must mend, `Error` if workers die at their start again and
  /// again.
  explicit RemoteEngine(RemoteSettings settings);
  ~RemoteEngine() override;

  [[nodiscard]] page::ImageRequest wants(const page::PageInfo& page,
                                         const ReadOptions& options) const override;
  /// Copies nothing: the image's memfd is handed on.
  [[nodiscard]] Prepared prepare(const page::Image& image,
                                 const ReadOptions& options) const override;
  [[nodiscard]] Room room() const override;
  void submit(std::uint64_t ticket, Prepared page) override;
  /// Throws `LostForGood` when continuous workers were replaced more than `restarts` times.
  [[nodiscard]] std::vector<Completion> step(std::chrono::milliseconds max_wait) override;
  void cancel(std::uint64_t ticket) override;
  [[nodiscard]] Description description() const override;

  /// Process ids of the workers, for tests that kill them.
  [[nodiscard]] std::vector<pid_t> worker_pids() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::engine
