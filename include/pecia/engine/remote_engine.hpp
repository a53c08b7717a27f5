#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "pecia/child/child.hpp"
#include "pecia/engine/engine.hpp"

namespace pecia::engine {

struct RemoteSettings {
  child::Program program;      ///< speaks the protocol of src/engine/protocol.hpp, through `serve`
  int workers = 1;
  double watchdog_s = 300;     ///< CPU seconds a page may take, or seconds a worker may sleep over it
  page::ImageRequest request;  ///< what it wants of every page
};

/// An engine whose pages are read by worker processes, one page at a time each. A worker that dies,
/// hangs or talks nonsense costs its page this attempt, and is replaced; the others go on.
class RemoteEngine final : public Engine {
 public:
  /// Waits for the first worker's hello. Throws `UsageError` with what the worker says the user must
  /// mend, `Error` if workers die at their start again and again.
  explicit RemoteEngine(RemoteSettings settings);
  ~RemoteEngine() override;

  [[nodiscard]] page::ImageRequest wants(const page::PageInfo& page, const ReadOptions& options) const override;
  [[nodiscard]] Prepared prepare(const page::Image& image, const ReadOptions& options) const override;
  [[nodiscard]] Room room() const override;
  void submit(std::uint64_t ticket, Prepared page) override;
  [[nodiscard]] std::vector<Completion> step(std::chrono::milliseconds max_wait) override;
  void cancel(std::uint64_t ticket) override;
  [[nodiscard]] Description description() const override;

  /// Process ids of the workers, for tests that kill them.
  [[nodiscard]] std::vector<pid_t> worker_pids() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The other side: reads pages for the process that started this one, until it closes the socket.
/// `engine` reads in this process; `problem` as in protocol::Hello. Returns the exit status.
[[nodiscard]] int serve(child::Parent& parent, Engine& engine, const std::string& problem);

}  // namespace pecia::engine
