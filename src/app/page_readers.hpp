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
#include <variant>
#include <vector>

#include "alone_gate.hpp"
#include "delayed_pages.hpp"
#include "document_languages.hpp"
#include "page_work.hpp"
#include "patience.hpp"
#include "pecia/app/job.hpp"
#include "pecia/base/queue.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/engine/retry.hpp"
#include "pecia/page/reader.hpp"
#include "text_layer.hpp"

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
  /// It waits for another attempt, and nothing is done to it meanwhile; `taken` follows, or it is taken back.
  virtual void set_aside(const PageWork&) {}
  /// That attempt is due: `read` begins it, as soon as the sink is ready for it, on any thread.
  virtual void due(const PageWork&, const std::function<void()>& read) { read(); }
  /// It has its outcome. `seconds`: of the job's engine in the last attempt, and in other readings; 0 if
  /// that did not read it.
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
  std::optional<engine::EngineSettings> boxes;  ///< of what gives words their boxes; the fallback does so where it is the same engine
  bool fallback_for_all = false;  ///< `engine` is the job's fallback: this rank has no other
  bool give_up = false;  ///< what the engine gives up may be read on other ranks: it leaves, for the schedule to decide
  int decoders = 1;
  bool tells_of_sandbox = false;  ///< warns where pages' processes are not confined: of one rank of a job
  std::function<std::unique_ptr<engine::Engine>(const engine::EngineSettings&)> make_engine =
      engine::make_engine;
  /// `page::Reader::text_layer`
  std::function<std::variant<page::TextLayer, page::Failure>(page::Reader&, const page::Source&, std::uint32_t page, bool look,
                                                             double scale_limits)>
      take_text = [](page::Reader& reader, const page::Source& source, std::uint32_t page, bool look, double scale_limits) {
        return reader.text_layer(source, page, look, scale_limits);
      };
};

/// The threads that read pages: decoders (page child -> image), and one for each engine: that of
/// the job, its fallback, and that which gives words their boxes; these are made when the first page needs them. An attempt that fails is
/// followed by what the retry rules say. Every page that goes in comes out once: it is ended or
/// returned, or whoever holds it makes it leave.
///
/// A page is in `to_decode`, or in `delayed` before another attempt, or with a decoder, then in the `to_read` of its engine, then in the
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
  /// From here on no page has another attempt: those that wait for one come back, and those that were read have their outcome.
  void drain();
  /// From here on pages only come back, soon.
  void cancel();

 private:
  /// As many pages of a rank as this may wait for storage to their last attempt; they do so at the same time.
  static constexpr double most_patient = 1000;
  /// An engine and the pages that wait for it.
  struct Lane {
    enum class Use : std::uint8_t { pages, fallback, boxes };
    Lane(engine::EngineSettings engine_settings, Use what_for);
    engine::EngineSettings settings;
    Use use;
    /// It is made when a page needs it, and not all pages do.
    [[nodiscard]] bool is_helper() const noexcept { return use != Use::pages; }
    [[nodiscard]] std::string name() const;  ///< "the fallback tesseract"
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
    if (work.for_boxes) return boxes_ ? *boxes_ : *fallback_;
    return fallback_ && work.on_fallback() ? *fallback_ : engine_;
  }
  [[nodiscard]] bool has_boxes() const noexcept { return boxes_ || (fallback_ && settings_.boxes); }

  // ---- ways out: every page takes exactly one of them
  /// A page that was read, and is being read in another way, ends as read, unless it is unwanted.
  void give_back(PageWork& work);
  void end(PageWork& work, result::PageOutcome outcome, double seconds);
  /// An attempt failed: again, if the rules allow it, or for good. `engine`: empty if the page did
  /// not get to one. `in_vain`: another attempt would be.
  void failed_attempt(const Work& work, const engine::Description& engine,
                      engine::PageFailure failure, double seconds, bool in_vain = false);
  void try_again(const Work& work, const engine::NextAttempt& next);
  [[nodiscard]] engine::RetryOf retry_of(const PageWork& work) const;
  /// Nothing is begun any more that can be left.
  [[nodiscard]] bool is_ending() const;
  /// It was read, and no other reading is to begin.
  [[nodiscard]] bool needs_no_more(const PageWork& work) const { return work.best && is_ending(); }
  /// Pages whose delay is over.
  void take_up_due();
  void decode_again(const Work& work);
  /// The queues are closed first: no page may enter one that nobody empties any more.
  void give_up();

  // ---- decoders
  void decode_loop();
  void decode(page::Reader& reader, const Work& work);
  /// Nothing if the page ended with its text layer, or waits for an engine or for its document's languages.
  [[nodiscard]] std::optional<std::variant<page::Image, page::Failure>> render(page::Reader& reader, const Work& work,
                                                                               const page::Source& source,
                                                                               TextLayerPolicy policy);
  /// What the job says of the page's document; sets the options of this attempt.
  DocumentSettings choose_options(PageWork& work);
  /// Once, when the first child has said what it could not give up.
  void tell_of_sandbox(const page::Reader& reader);
  /// Whether the page has ended with the text that it brings along; what was decided is noted in it.
  [[nodiscard]] bool ends_with_its_text(page::Reader& reader, const page::Source& source, const Work& work,
                                        TextLayerPolicy policy, const page::TextSigns& signs);
  /// Nothing if the page comes again, or has left. `layer`: what was taken.
  [[nodiscard]] std::optional<LayerDecision> decide_by_its_text(page::Reader& reader, const page::Source& source, const Work& work,
                                                                TextLayerPolicy policy, page::TextLayer& layer);
  /// Whether the page gets another attempt after its text could not be taken; then it waits for it.
  [[nodiscard]] bool takes_text_again(const Work& work, const page::Failure& failure);
  void end_with_text(const Work& work, page::TextLayer layer, bool kept);
  [[nodiscard]] std::optional<page::ImageRequest> wanted_image(Lane& lane,
                                                               const page::PageInfo& info,
                                                               const engine::ReadOptions& options);
  void hand_to_engine(const Work& work, const page::Image& image);
  /// There is no engine for the page now.
  void wait_for_engine(const Work& work);

  // ---- threads that find out the languages of documents (looking.cpp)
  /// Where the job says so. False: the page comes again once they are known.
  [[nodiscard]] bool find_languages(const page::Source& source, const Work& work);
  [[nodiscard]] std::optional<engine::LanguageChoice> look_into(page::Reader& reader, const page::Source& source,
                                                                const PageWork& work, const std::vector<std::string>& said);
  /// By a thread of its own, of as many as the engine has.
  [[nodiscard]] bool begin_look(DocumentLanguages::Look look);
  void look_loop();

  // ---- the threads of the engines (engine_lane.cpp)
  void run_engine(std::promise<void>& started);
  void run_helper(Lane& lane);
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

  // ---- other readings of pages that were read poorly (other_readings.cpp)
  /// The page was read: its end, or another reading if the rules and the budget allow it. `seconds`: of the engine.
  void settle(Lane& lane, const Work& work, result::PageOutcome outcome, double seconds);
  [[nodiscard]] engine::NextAttempt other_reading(const Lane& lane, const PageWork& work,
                                                  const result::PageOutcome& best) const;
  [[nodiscard]] bool may_begin(double seconds);
  /// Counts what it took, whatever came of it; `better`: than the first one, nothing if it was broken off.
  void other_reading_ended(PageWork& work, double seconds, std::optional<bool> better);
  /// It was under way; the page ends as read, or comes back if it is unwanted.
  void drop_other_reading(PageWork& work);
  /// With the best reading.
  void end_as_read(PageWork& work);

  // ---- boxes of words that a model read (geometry.cpp)
  /// The page has its best reading: its end, or a search for its words if the job wants their boxes.
  void end_with_boxes(const Work& work);
  void take_boxes(Lane& lane, const Work& work, engine::Completion completion);
  /// As it was read; never for a fault of its text.
  void end_without_boxes(PageWork& work, std::string_view why);

  void join();

  ReadingSettings settings_;
  PageSink& sink_;
  BoundedQueue<Work> to_decode_;
  BoundedQueue<DocumentLanguages::Look> to_look_;
  DelayedPages delayed_;
  Patience storage_;  ///< of all pages
  AloneGate decoding_;
  std::mutex budget_mutex_;
  engine::ReadingBudget budget_;  ///< of other readings
  Lane engine_;
  std::unique_ptr<Lane> fallback_;  ///< if the job has one
  std::unique_ptr<Lane> boxes_;     ///< if the job wants boxes, and the fallback is another engine
  std::atomic<bool> draining_{false};
  std::atomic<bool> cancelled_{false};
  DocumentLanguages languages_{[this](const Work& work) { read(work); },
                               [this](DocumentLanguages::Look look) { return begin_look(std::move(look)); }};
  engine::LanguageSampler sampler_;
  std::atomic<bool> told_of_sandbox_{false};
  std::mutex readers_mutex_;
  std::vector<page::Reader*> readers_;  ///< of decoders and lookers, to interrupt them
  std::vector<std::thread> decoders_;
  std::mutex lookers_mutex_;
  std::vector<std::thread> lookers_;  ///< started as they are needed
};

}  // namespace pecia::app
