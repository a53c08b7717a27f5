#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "page_readers.hpp"
#include "pipeline.hpp"
#include "store_thread.hpp"

namespace pecia::app {

/// What the threads of a rank share: from the readers pages go to the store, and the main thread is
/// told.
struct Pipeline::State final : PageSink {
  State(const PipelineSettings& settings, std::chrono::milliseconds patience);

  PipelineSettings settings;
  EventQueue events;
  std::unordered_map<std::uint32_t, std::shared_ptr<PageWork>> inside;  ///< main thread only
  std::atomic<int> unread{0};  ///< pages inside that have no outcome yet
  std::mutex store_mutex;
  engine::Description engine_is;  ///< that of the job; empty until it runs
  std::unique_ptr<StoreThread> store_thread;
  std::unique_ptr<PageReaders> readers;  ///< last member: its threads use the others

  [[nodiscard]] store::PageKey key(const PageWork& work) const {
    const auto& document = settings.reading.manifest->document(work.task.page);
    return {document.id, document.revision, work.task.page.page};
  }
  /// Made at the first call, when the engine is known or will not be.
  StoreThread& store();
  /// Does so with the store thread, if there is one yet.
  template <class Do>
  void with_store(Do act) {
    const std::lock_guard lock{store_mutex};
    if (store_thread) act(*store_thread);
  }
  /// A page that left unread is not in flight any more.
  void released(const PageWork& work) {
    with_store([&](StoreThread& store) { store.released(key(work)); });
  }

  /// By the main thread, and nobody wants it: another one may hold it yet.
  void taken_back(const PageWork& page);

  // ---- PageSink
  void ready(const engine::Description& engine) override;
  void engine_lost(const std::string& why, bool for_good) override {
    events.push(EngineLost{why, for_good});
  }
  void failed(const std::string& why, bool usage) override {
    events.push(Failed{why, usage ? sched::ExitStatus::usage : sched::ExitStatus::error});
  }
  void taken(const PageWork& page) override;
  void set_aside(const PageWork& page) override;
  void due(const PageWork& page, const std::function<void()>& read) override;
  void begun(const PageWork& page) override { events.push(Started{page.task.index}); }
  void ended(const PageWork& page, result::PageOutcome outcome, double seconds) override;
  void returned(const PageWork& page) override;
  void given_up(const PageWork& page) override;
};

}  // namespace pecia::app
