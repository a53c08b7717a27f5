#pragma once

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "page_work.hpp"
#include "pecia/base/queue.hpp"
#include "pecia/page/reader.hpp"
#include "pipeline.hpp"
#include "store_thread.hpp"

namespace pecia::app {

/// What the threads of a rank share. A page is in `to_decode` or with a decoder, then in `to_read`,
/// then in the engine; it is `left` as soon as it has an outcome or goes back, and whoever finds such
/// a page in a queue drops it.
struct Pipeline::State {
  explicit State(const PipelineSettings& settings);

  PipelineSettings settings;
  EventQueue events;
  std::shared_mutex engine_mutex;  ///< exclusive where the engine is replaced
  std::unique_ptr<engine::Engine> engine;  ///< made and ended by the engine thread
  engine::Description engine_is;
  BoundedQueue<std::shared_ptr<PageWork>> to_decode;
  BoundedQueue<std::shared_ptr<PageWork>> to_read;
  std::unordered_map<std::uint32_t, std::shared_ptr<PageWork>> inside;  ///< main thread only
  std::atomic<int> unread{0};  ///< pages inside that have no outcome yet
  std::atomic<bool> cancelled{false};
  std::mutex store_mutex;
  std::unique_ptr<StoreThread> store_thread;
  std::mutex readers_mutex;
  std::vector<page::Reader*> readers;  ///< of the decoders, to interrupt them
  std::vector<std::thread> decoders;
  std::thread reading;

  [[nodiscard]] const corpus::Document& document(const PageWork& work) const {
    return settings.manifest->document(work.task.page);
  }
  [[nodiscard]] store::PageKey key(const PageWork& work) const {
    return {document(work).id, document(work).revision, work.task.page.page};
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
  /// Into the journal, before anything is done with a page.
  void note_start(const PageWork& work);

  // ---- ways out of the pipeline: every page takes exactly one of them
  void give_back(PageWork& work);
  /// `seconds`: that the engine took.
  void end(PageWork& work, result::PageOutcome outcome, double seconds);
  /// An attempt failed: again, if the rules allow it, or for good. `by`: empty if the page did not get to an engine.
  void failed_attempt(const std::shared_ptr<PageWork>& work, const engine::Description& by,
                      engine::PageFailure failure, double seconds);
  /// From here on pages only come back. The queues are closed first: no page may enter one that
  /// nobody empties any more.
  void give_up();

  // ---- decoders
  void decode_loop();
  void decode(page::Reader& reader, const std::shared_ptr<PageWork>& work);
  [[nodiscard]] std::optional<page::ImageRequest> wanted_image(const page::PageInfo& info,
                                                               const engine::ReadOptions& options);
  void hand_to_engine(const std::shared_ptr<PageWork>& work, const page::Image& image);

  // ---- the engine thread (engine_thread.cpp)
  using InFlight = std::map<std::uint64_t, std::shared_ptr<PageWork>>;
  void engine_loop(std::promise<void>& started);
  void make_engine();
  void drop_pages();
  void read_pages();
  void submit_pages(InFlight& in_flight);
  void drop_unwanted(InFlight& in_flight);
  void finish(const std::shared_ptr<PageWork>& work, engine::Completion completion);
  [[nodiscard]] bool pages_may_come(const InFlight& in_flight) const;
};

}  // namespace pecia::app
