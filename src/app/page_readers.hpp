#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "page_work.hpp"
#include "pecia/app/job.hpp"
#include "pecia/base/queue.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/page/reader.hpp"

namespace pecia::app {

/// What becomes of pages; called from the threads that read them.
class PageSink {
 public:
  virtual ~PageSink() = default;
  /// The engine runs: pages may come.
  virtual void ready(const engine::Description& engine) = 0;
  /// The pages in the engine have been returned. Not `for_good`: another is made.
  virtual void engine_lost(const std::string& why, bool for_good) = 0;
  /// No page can be read any more. `usage`: the user can mend it.
  virtual void failed(const std::string& why, bool usage) = 0;
  /// A decoder takes the page, which may meanwhile have been taken back.
  virtual void taken(const PageWork& page) = 0;
  /// An engine has begun to read it; so again for every attempt.
  virtual void begun(const PageWork& page) = 0;
  /// It has its outcome. `seconds`: of the job's engine in the last attempt, 0 if that did not read
  /// it.
  virtual void ended(const PageWork& page, result::PageOutcome outcome, double seconds) = 0;
  /// It was not read, for no fault of its own.
  virtual void returned(const PageWork& page) = 0;
  /// The engine gave it up, and a rank with the fallback is to read it; `ReadingSettings::give_up` only.
  virtual void given_up(const PageWork& page) { returned(page); }
};

struct ReadingSettings {
  const Job* job = nullptr;  ///< outlives the readers
  const corpus::Manifest* manifest = nullptr;
  std::filesystem::path root;                                      ///< of the corpus
  const std::vector<std::vector<float>>* trace_seconds = nullptr;  ///< set: a trace, no files
  engine::EngineSettings engine;
  std::optional<engine::EngineSettings> fallback;
  bool fallback_for_all = false;  ///< `engine` is the job's fallback: this rank has no other
  bool give_up = false;  ///< what the engine gives up may be read on other ranks: it leaves, for the schedule to decide
  int decoders = 1;
  std::function<std::unique_ptr<engine::Engine>(const engine::EngineSettings&)> make_engine =
      engine::make_engine;
};

/// The threads that read pages: decoders (page child -> image), and one for each engine: that of
/// the job, and its fallback, which is made when the first page needs it. An attempt that fails is
/// followed by what the retry rules say. Every page that goes in comes out once: it is ended or
/// returned, or whoever holds it makes it leave.
///
/// A page is in `to_decode` or with a decoder, then in the `to_read` of its engine, then in the
/// engine; whoever finds one in a queue that has left drops it. What waits decoded is bounded in
/// bytes.
class PageReaders {
 public:
  using Work = std::shared_ptr<PageWork>;

  /// Waits for the engine for up to `patience`; throws what made it fail to start by then. An
  /// engine that takes longer is told to the sink.
  PageReaders(const ReadingSettings& settings, PageSink& sink, std::chrono::milliseconds patience);
  /// Returns what is left and joins.
  ~PageReaders();
  PageReaders(const PageReaders&) = delete;
  PageReaders& operator=(const PageReaders&) = delete;

  void read(const Work& work);
  /// From here on pages only come back, soon.
  void cancel();

 private:
  /// An engine and the pages that wait for it.
  struct Lane {
    Lane(engine::EngineSettings engine_settings, bool fallback);
    engine::EngineSettings settings;
    bool is_fallback;
    std::shared_mutex mutex;                 ///< exclusive where the engine is replaced
    std::unique_ptr<engine::Engine> engine;  ///< made and ended by the lane's thread
    engine::Description is;
    BoundedQueue<Work> to_read;  ///< decoded
    BoundedQueue<Work>
        waiting;       ///< for an engine that does not run yet: to be decoded once it does
    std::string lost;  ///< why there is no engine any more; the lane's thread only
    std::thread thread;
  };
  using InFlight = std::map<std::uint64_t, Work>;

  [[nodiscard]] const corpus::Document& document(const PageWork& work) const {
    return settings_.manifest->document(work.task.page);
  }
  [[nodiscard]] static engine::Description description(Lane& lane);
  [[nodiscard]] Lane& lane_of(const PageWork& work) {
    return fallback_ && work.on_fallback() ? *fallback_ : engine_;
  }

  // ---- ways out: every page takes exactly one of them
  void give_back(PageWork& work);
  void end(PageWork& work, result::PageOutcome outcome, double seconds);
  /// An attempt failed: again, if the rules allow it, or for good. `engine`: empty if the page did
  /// not get to one.
  void failed_attempt(const Work& work, const engine::Description& engine,
                      engine::PageFailure failure, double seconds);
  void decode_again(const Work& work);
  /// The queues are closed first: no page may enter one that nobody empties any more.
  void give_up();

  // ---- decoders
  void decode_loop();
  void decode(page::Reader& reader, const Work& work);
  /// What the job says of the page's document; sets the options of this attempt.
  DocumentSettings choose_options(PageWork& work);
  [[nodiscard]] std::optional<page::ImageRequest> wanted_image(Lane& lane,
                                                               const page::PageInfo& info,
                                                               const engine::ReadOptions& options);
  void hand_to_engine(const Work& work, const page::Image& image);
  /// There is no engine for the page now.
  void wait_for_engine(const Work& work);

  // ---- the threads of the engines (engine_lane.cpp)
  void run_engine(std::promise<void>& started);
  void run_fallback();
  void make_engine(Lane& lane);
  void end_engine(Lane& lane);
  void lose(Lane& lane, const std::string& why, bool for_good);
  void read_until_lost(Lane& lane);
  void read_pages(Lane& lane);
  [[nodiscard]] bool pages_may_come(const Lane& lane, const InFlight& in_flight) const;
  void submit_pages(Lane& lane, InFlight& in_flight);
  void drop_unwanted(Lane& lane, InFlight& in_flight);
  void finish(Lane& lane, const Work& work, engine::Completion completion);
  void leave_lane(Lane& lane, const Work& work);
  void drop_pages(Lane& lane);

  void join();

  ReadingSettings settings_;
  PageSink& sink_;
  BoundedQueue<Work> to_decode_;
  Lane engine_;
  std::unique_ptr<Lane> fallback_;  ///< if the job has one
  std::atomic<bool> cancelled_{false};
  std::mutex readers_mutex_;
  std::vector<page::Reader*> readers_;  ///< of the decoders, to interrupt them
  std::vector<std::thread> decoders_;
};

}  // namespace pecia::app
