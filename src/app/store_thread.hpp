#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "pecia/base/queue.hpp"
#include "pipeline.hpp"
#include "storage_wait.hpp"

namespace pecia::app {

/// What the threads of a rank tell its main thread, in order.
class EventQueue {
 public:
  void push(Event event) { queue_.push(std::move(event)); }
  std::optional<Event> pop(std::chrono::milliseconds max_wait) { return queue_.pop(max_wait); }

 private:
  BoundedQueue<Event> queue_{std::size_t{1} << 40};  ///< bounded by the pages in flight
};

/// An outcome to be recorded.
struct ToStore {
  plan::Task task;
  store::PageKey key;
  result::PageOutcome outcome;
};

struct StoreSettings {
  store::WriterSettings writer;
  Sync sync = Sync::interval;
  double sync_interval_s = 2;
  OnFull on_full = OnFull::drain;
  StorageWait wait;
};

/// The thread that does all writing of a rank: journal, shards, and on rank 0 corpus.h5. A page is
/// Committed once the fsync of its record has returned. What the disk refuses is kept and tried again
/// (`OnFull::wait`), or the thread reports Failed once, with `unfinished`, and what could not be saved
/// elsewhere comes back as Returned.
class StoreThread {
 public:
  /// `quiet`: whether no outcome is to be expected soon, so that a sync costs nobody anything.
  StoreThread(StoreSettings settings, EventQueue& events, std::function<bool()> quiet);
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  void put(ToStore page);
  /// A page is begun; `then`: called once the journal knows of it.
  void started(const store::InFlightPage& page, std::function<void()> then = {}) {
    jobs_.push(Begun{page, std::move(then)});
  }
  void released(const store::PageKey& key) { jobs_.push(GivenBack{key}); }
  /// Before all that is waiting: nothing counts as in flight from now on, and no disk is waited for.
  void stopping();
  void sync_at_once(bool at_once) noexcept { at_once_ = at_once; }
  void close(bool seal) { jobs_.push(Close{seal}); }
  void bind(std::vector<store::LedgerFile> shards) { jobs_.push(Bind{std::move(shards)}); }
  /// More outcomes wait for their fsync than should: no new pages.
  [[nodiscard]] bool backed_up() const noexcept { return uncommitted_ >= 2 * sync_at_pages_; }
  /// For messages: how many pages this rank has still to write.
  void set_pages_left(std::uint64_t pages) noexcept { pages_left_ = pages; }

 private:
  struct Begun {
    store::InFlightPage page;
    std::function<void()> then;
  };
  struct GivenBack {
    store::PageKey key;
  };
  struct Wake {};
  struct Close {
    bool seal;
  };
  struct Bind {
    std::vector<store::LedgerFile> shards;
  };
  using Job = std::variant<ToStore, Begun, GivenBack, Wake, Close, Bind>;
  using Act = std::function<void()>;

  void loop();
  void handle(ToStore page);
  void handle(const Begun& begun);
  void handle(const GivenBack& given_back);
  void handle(Wake) {}
  void handle(const Close& request);
  void handle(const Bind& request);
  void release_all_if_stopping();
  void sync();
  void sync_if_due();
  void commit();

  // ---- failures
  /// Nothing if it worked.
  static std::optional<Failed> failure_of(const Act& act);
  /// Whether it worked; if not, it is tried again later, or this thread has failed.
  bool stored(const Act& act);
  /// Tries until it works or the run stops.
  std::optional<Failed> persist(const Act& act);
  /// Whether `failure` is of the disk, and to be waited for; says so.
  bool wait_for(const Failed& failure);
  [[nodiscard]] bool asked_to_stop() const;
  [[nodiscard]] std::string room_needed() const;
  void fail(Failed failure);
  void tell(Event page);

  StoreSettings settings_;
  std::size_t sync_at_pages_;
  EventQueue& events_;
  std::function<bool()> quiet_;
  store::Writer writer_;
  StorageWait wait_;
  std::atomic<bool> at_once_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> uncommitted_{0};
  std::atomic<std::uint64_t> pages_left_{0};
  BoundedQueue<Job> jobs_{std::size_t{1} << 40};
  std::vector<Committed> unsynced_;
  std::chrono::steady_clock::time_point last_sync_ = std::chrono::steady_clock::now();
  bool all_released_ = false;
  bool failed_ = false;
  bool closed_ = false;
  std::thread thread_;  ///< last member: it uses the others
};

}  // namespace pecia::app
