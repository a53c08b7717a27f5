#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "pecia/engine/remote_engine.hpp"
#include "protocol.hpp"
#include "worker.hpp"

namespace pecia::engine {

/// The workers of a RemoteEngine and its pages: waiting here, with a worker, or done.
struct RemoteEngine::State {
  struct Waiting {
    std::uint64_t ticket = 0;
    Prepared page;
  };

  RemoteSettings settings;
  Description description;
  std::vector<Worker> workers;
  std::deque<Waiting> waiting;
  std::vector<Completion> done;
  Worker::Clock::time_point last_poll = Worker::Clock::now();
  int failed_starts = 0;                          ///< in a row
  int restarts = 0;                               ///< of continuous workers
  std::uint64_t numbers = 0;                      ///< given to pages so far
  /// Of a page that was with a continuous worker when it died.
  struct Suspect {
    int deaths = 0;
    std::size_t most_together = 0;  ///< pages that a worker may have with it, itself included
  };
  std::unordered_map<std::uint64_t, Suspect> suspects;  ///< by ticket

  void start(Worker& worker);
  /// Hears what workers say, waiting up to `max_wait` for it, looks at watchdogs and hands out
  /// pages.
  void poll_workers(std::chrono::milliseconds max_wait);
  void dispatch();
  /// How many pages more the worker may have, as far as those that it has, or that wait, want others beside them.
  [[nodiscard]] std::size_t places(const Worker& worker) const;
  /// A page that is to be read alone waits or is with a worker: nobody else may come.
  [[nodiscard]] bool one_is_alone() const;

 private:
  // ---- workers that end
  /// Ends a worker; its pages fail for `reason`.
  void replace(Worker& worker, Reason reason, const std::string& why);
  void fail_pages(Worker& worker, Reason reason, const std::string& detail);
  void give_up_where_vain(const Worker& worker, const std::string& why, const std::string& how);

  // ---- pages that go to workers
  /// Pages that a worker may have at once if this is one of them.
  [[nodiscard]] std::size_t most_together(const Waiting& page) const;
  [[nodiscard]] bool one_alone_waits() const;
  [[nodiscard]] bool may_take_next(const Worker& worker) const;
  [[nodiscard]] std::deque<Waiting>::iterator next_for(const Worker& worker);
  void give_page(Worker& worker);

  // ---- what workers say
  /// What a continuous worker logs, into our log: of its model and memory, which are the rank's.
  void pass_on_log(Worker& worker) const;
  /// One message; false: there was none, or the worker is another now.
  bool receive(Worker& worker);
  void on(Worker& worker, protocol::Hello& hello);
  void on(Worker& worker, const protocol::Loading& loading);
  void on(Worker& worker, const protocol::Update& update);
  void on(Worker& worker, Completion& completion);
  void on(Worker& worker, const protocol::Dropped& dropped);
  void on(Worker& worker, const protocol::Lost& lost);
};

}  // namespace pecia::engine
