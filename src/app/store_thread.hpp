#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "pecia/base/queue.hpp"
#include "pipeline.hpp"

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

/// A page that begins; `then`: called once the journal knows of it.
struct ToBegin {
  plan::Task task;
  store::PageKey key;
  std::function<void()> then;
};

/// The thread that does all writing of a rank: journal, shards, and on rank 0 corpus.h5. A page is
/// Committed once the fsync of its record has returned. After a failure to write it reports Failed
/// once, and what it did not commit comes back as Returned.
class StoreThread {
 public:
  /// `quiet`: whether no outcome is to be expected soon, so that a sync costs nobody anything.
  StoreThread(store::WriterSettings settings, Sync sync, double sync_interval_s, EventQueue& events,
              std::function<bool()> quiet);
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  void put(ToStore page) { jobs_.push(std::move(page)); }
  void begin(ToBegin page) { jobs_.push(std::move(page)); }
  /// A page that began comes back unread: should this rank die, it was not for that.
  void release(const store::PageKey& key) { jobs_.push(Release{key}); }
  /// All that began: whatever ends this rank from now on comes from outside.
  void release_all() { jobs_.push(ReleaseAll{}); }
  void sync_at_once(bool at_once) noexcept { at_once_ = at_once; }
  void close(bool seal) { jobs_.push(Close{seal}); }
  void bind(std::vector<store::LedgerFile> shards) { jobs_.push(Bind{std::move(shards)}); }

 private:
  struct Release {
    store::PageKey key;
  };
  struct ReleaseAll {};
  struct Close {
    bool seal;
  };
  struct Bind {
    std::vector<store::LedgerFile> shards;
  };
  using Job = std::variant<ToStore, ToBegin, Release, ReleaseAll, Close, Bind>;

  void loop();
  void handle(Job job);
  void append(ToStore page);
  void begin_page(const ToBegin& page);
  /// What is to be noted of pages in flight.
  void note(const std::function<void()>& act);
  void sync();
  void sync_if_due();
  void close_writer(bool seal);
  void bind_corpus(const std::vector<store::LedgerFile>& shards);
  void fail(const std::string& why);

  store::WriterSettings settings_;
  Sync sync_mode_;
  double sync_interval_s_;
  EventQueue& events_;
  std::function<bool()> quiet_;
  store::Writer writer_;
  std::atomic<bool> at_once_{false};
  BoundedQueue<Job> jobs_{std::size_t{1} << 40};
  std::vector<Committed> unsynced_;
  std::chrono::steady_clock::time_point last_sync_ = std::chrono::steady_clock::now();
  bool failed_ = false;
  bool closed_ = false;
  std::thread thread_;  ///< last member: it uses the others
};

}  // namespace pecia::app
