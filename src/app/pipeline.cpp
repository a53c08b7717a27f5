#include "pipeline.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <thread>
#include <utility>

#include "page_work.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/queue.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/retry.hpp"
#include "pecia/page/reader.hpp"
#include "store_thread.hpp"

namespace pecia::app {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Decoded images that wait for the engine.
constexpr std::size_t ready_bytes = std::size_t{384} << 20;
constexpr milliseconds idle_wait{20};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

struct Pipeline::State {
  explicit State(const PipelineSettings& s)
      : settings{s}, to_decode{std::size_t{1} << 40}, to_read{ready_bytes} {}

  PipelineSettings settings;
  EventQueue events;
  std::unique_ptr<engine::Engine> engine;  ///< made and ended by the engine thread
  engine::Description engine_is;
  BoundedQueue<std::shared_ptr<PageWork>> to_decode;
  BoundedQueue<std::shared_ptr<PageWork>> to_read;
  std::atomic<int> unread{0};  ///< pages inside that have no outcome yet
  std::atomic<bool> cancelled{false};
  std::unique_ptr<StoreThread> store;
  std::mutex readers_mutex;
  std::vector<page::Reader*> readers;  ///< of the decoders, to interrupt them
  std::vector<std::thread> decoders;
  std::thread reading;

  [[nodiscard]] const corpus::Document& document(const PageWork& work) const {
    return settings.manifest->document(work.task.page);
  }

  // ---- ways out of the pipeline: every page takes exactly one of them
  void give_back(const PageWork& work) {
    --unread;
    events.push(Returned{work.task});
  }
  void end(const PageWork& work, result::PageOutcome outcome) {
    const auto& document_of_page = document(work);
    if (outcome.state == result::State::failed)
      log::warning("{} page {}: failed({}): {}", printable(document_of_page.path),
                   work.task.page.page, name(outcome.reason), outcome.detail);
    store->put({work.task, {document_of_page.id, document_of_page.revision, work.task.page.page},
                std::move(outcome)});
    --unread;
  }
  /// An attempt failed: again, if the rules allow it, or for good.
  void failed_attempt(const std::shared_ptr<PageWork>& work, std::string engine_name, Reason reason,
                      std::string detail) {
    const auto seconds = static_cast<float>(seconds_since(work->began));
    work->attempts.push_back({std::move(engine_name), reason, std::move(detail), seconds});
    const auto next = engine::next_attempt(work->attempts);
    if (!next.again) {
      end(*work, failed_outcome(*work));
      return;
    }
    log::info("{} page {}: {} ({}); trying again", printable(document(*work).path),
              work->task.page.page, name(reason), work->attempts.back().detail);
    work->scale_limits = next.scale_limits;
    if (!to_decode.push(work)) give_back(*work);
  }

  /// From here on pages only come back. The queues are closed first: no page may enter one that
  /// nobody empties any more.
  void give_up() {
    to_decode.close();
    to_read.close();
    cancelled = true;
  }

  void decode_loop();
  void decode(page::Reader& reader, const std::shared_ptr<PageWork>& work);
  void hand_to_engine(const std::shared_ptr<PageWork>& work, const page::Image& image);
  void engine_loop(std::promise<void>& started);
  void read_pages();
  void finish(const std::shared_ptr<PageWork>& work, engine::Completion completion);
};

void Pipeline::State::decode_loop() {
  page::Reader reader;
  {
    std::lock_guard lock{readers_mutex};
    readers.push_back(&reader);
  }
  while (!to_decode.closed() || to_decode.size() > 0) {
    auto work = to_decode.pop(milliseconds{200});
    if (!work) continue;
    if (cancelled) {
      give_back(**work);
      continue;
    }
    (*work)->began = Clock::now();
    try {
      decode(reader, *work);
    } catch (const std::exception& error) {
      events.push(Failed{error.what()});
      give_up();
      give_back(**work);
    }
  }
  std::lock_guard lock{readers_mutex};
  std::erase(readers, &reader);
}

void Pipeline::State::decode(page::Reader& reader, const std::shared_ptr<PageWork>& work) {
  const auto& of = document(*work);
  if (of.problem != Reason::none) {
    end(*work, document_outcome(of));
    return;
  }
  const auto said = settings_for(*settings.job, of.path);
  work->options.languages = said.languages;
  work->options.replay_seconds = work->task.cost_s;
  if (settings.trace_seconds) {
    work->options.replay_seconds =
        (*settings.trace_seconds)[work->task.page.document][work->task.page.page - 1];
    hand_to_engine(work, page::make_image(1, 1, page::PixelFormat::gray8, 0).image);
    return;
  }
  const page::Source source{settings.root / of.path, of.format, said.password};
  const auto info = reader.info(source, work->task.page.page, work->scale_limits);
  const auto* failure = std::get_if<page::Failure>(&info);
  std::variant<page::Image, page::Failure> rendered;
  if (!failure) {
    const auto request = engine->wants(std::get<page::PageInfo>(info), work->options);
    rendered = reader.render(source, work->task.page.page, request, work->scale_limits);
    failure = std::get_if<page::Failure>(&rendered);
  }
  if (cancelled) {
    give_back(*work);
  } else if (failure) {
    failed_attempt(work, "", failure->reason, failure->detail);
  } else {
    hand_to_engine(work, std::get<page::Image>(rendered));
  }
}

void Pipeline::State::hand_to_engine(const std::shared_ptr<PageWork>& work,
                                     const page::Image& image) {
  work->geometry = geometry_of(image);
  work->prepared = engine->prepare(image, work->options);
  work->decode_s = seconds_since(work->began);
  const auto weight = work->prepared.bytes;
  if (!to_read.push(work, weight)) give_back(*work);
}

void Pipeline::State::engine_loop(std::promise<void>& started) {
  try {
    engine = engine::make_engine(settings.engine);
    engine_is = engine->description();
    started.set_value();
  } catch (...) {
    started.set_exception(std::current_exception());
    return;
  }
  read_pages();
}

void Pipeline::State::read_pages() {
  std::map<std::uint64_t, std::shared_ptr<PageWork>> in_flight;
  try {
    while (!cancelled && !(to_read.closed() && to_read.size() == 0 && in_flight.empty())) {
      while (engine->room().pages > 0) {
        auto work = to_read.pop(in_flight.empty() ? idle_wait : milliseconds{0});
        if (!work) break;
        const auto ticket = settings.manifest->index((*work)->task.page);
        in_flight.emplace(ticket, *work);
        engine->submit(ticket, std::exchange((*work)->prepared, {}));
      }
      if (in_flight.empty()) continue;
      for (auto& completion : engine->step(idle_wait)) {
        auto node = in_flight.extract(completion.ticket);
        if (!node.empty()) finish(node.mapped(), std::move(completion));
      }
    }
  } catch (const std::exception& error) {
    events.push(Failed{fmt::format("the engine is lost: {}", error.what())});
    give_up();
  }
  for (const auto& [ticket, work] : in_flight) {
    engine->cancel(ticket);
    give_back(*work);
  }
  while (auto work = to_read.pop(milliseconds{0})) give_back(**work);
}

void Pipeline::State::finish(const std::shared_ptr<PageWork>& work, engine::Completion completion) {
  if (auto* failure = std::get_if<engine::PageFailure>(&completion.result)) {
    failed_attempt(work, engine_is.name, failure->reason, std::move(failure->detail));
    return;
  }
  auto outcome = outcome_of(*work, engine_is.name,
                            static_cast<float>(work->decode_s + completion.seconds));
  if (auto* read = std::get_if<result::Reading>(&completion.result)) {
    outcome.state = result::State::ok;
    outcome.reading = std::move(*read);
  } else {
    outcome.state = result::State::blank;
  }
  end(*work, std::move(outcome));
}

Pipeline::Pipeline(const PipelineSettings& settings) : state_{std::make_unique<State>(settings)} {
  auto& s = *state_;
  std::promise<void> started;
  s.reading = std::thread{[&s, &started] { s.engine_loop(started); }};
  try {
    started.get_future().get();
    auto writer = settings.writer;
    writer.provenance.engine = s.engine_is.name + " " + s.engine_is.version;
    writer.provenance.engine_fingerprint = s.engine_is.fingerprint;
    s.store = std::make_unique<StoreThread>(
        std::move(writer), settings.job->store.sync, settings.job->store.sync_interval_s, s.events,
        [&s] { return s.unread == 0; });
    for (int n = 0; n < settings.decoders; ++n)
      s.decoders.emplace_back([&s] { s.decode_loop(); });
  } catch (...) {
    s.give_up();
    s.reading.join();
    for (auto& thread : s.decoders) thread.join();
    throw;
  }
}

Pipeline::~Pipeline() {
  cancel();
  for (auto& thread : state_->decoders) thread.join();
  state_->reading.join();
}

bool Pipeline::wants_page() const {
  // Enough that no worker waits for its next page, and that a rank holds little it cannot start.
  const auto& s = *state_;
  return !s.cancelled && s.unread < 2 * s.settings.engine.threads + s.settings.decoders + 2;
}

void Pipeline::start(const plan::Task& task) {
  ++state_->unread;
  auto work = std::make_shared<PageWork>();
  work->task = task;
  if (!state_->to_decode.push(work)) state_->give_back(*work);
}

void Pipeline::drain() { state_->store->sync_at_once(); }

void Pipeline::cancel() {
  auto& s = *state_;
  s.give_up();
  std::lock_guard lock{s.readers_mutex};
  for (auto* reader : s.readers) reader->interrupt();
}

void Pipeline::close(bool seal) {
  cancel();
  state_->store->close(seal);
}

void Pipeline::bind(std::vector<std::string> shards) { state_->store->bind(std::move(shards)); }

std::optional<Event> Pipeline::next_event(milliseconds max_wait) {
  return state_->events.pop(max_wait);
}

}  // namespace pecia::app
