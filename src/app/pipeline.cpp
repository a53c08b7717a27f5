#include "pipeline.hpp"

#include <algorithm>
#include <utility>

#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/retry.hpp"
#include "pipeline_state.hpp"

namespace pecia::app {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Decoded images that wait for the engine.
constexpr std::size_t ready_bytes = std::size_t{384} << 20;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Pipeline::State::State(const PipelineSettings& s)
    : settings{s}, to_decode{std::size_t{1} << 40}, to_read{ready_bytes} {}

StoreThread& Pipeline::State::store() {
  const std::lock_guard lock{store_mutex};
  if (!store_thread) {
    const std::shared_lock engine_lock{engine_mutex};
    const auto& job = settings.job->store;
    StoreSettings storing{settings.writer, job.sync, job.sync_interval_s, job.on_full, {}};
    storing.writer.provenance.engine = engine_is.name + " " + engine_is.version;
    storing.writer.provenance.engine_fingerprint = engine_is.fingerprint;
    store_thread = std::make_unique<StoreThread>(std::move(storing), events, [this] { return unread == 0; });
  }
  return *store_thread;
}

void Pipeline::State::give_back(PageWork& work) {
  if (!work.leave()) return;
  --unread;
  released(work);
  events.push(Returned{work.task});
}

void Pipeline::State::note_start(const PageWork& work) {
  if (work.task.alone) return;  // noted before it came here
  with_store([&](StoreThread& store) { store.started({key(work), work.task.generation, false}); });
  // Taken back meanwhile: its release came first.
  if (work.stage == PageWork::Stage::left) released(work);
}

void Pipeline::State::end(PageWork& work, result::PageOutcome outcome, double seconds) {
  if (!work.leave()) return;
  if (const auto problem = result::problem_of(outcome.reading); !problem.empty()) {
    // Read back from the journal it would be refused.
    outcome.state = result::State::failed;
    outcome.reason = Reason::engine_failed;
    outcome.detail = "the answer of the engine makes no sense: " + problem;
    outcome.reading = {};
  }
  const auto& document_of_page = document(work);
  if (outcome.state == result::State::failed)
    log::warning("{} page {}: failed({}): {}", printable(document_of_page.path), work.task.page.page,
                 name(outcome.reason), outcome.detail);
  events.push(Finished{work.task.index, seconds});
  store().put({work.task, key(work), std::move(outcome)});
  --unread;
}

void Pipeline::State::failed_attempt(const std::shared_ptr<PageWork>& work, const engine::Description& by,
                                     engine::PageFailure failure, double seconds) {
  auto& tried = work->attempts.emplace_back();
  tried.engine = by.name;
  tried.reason = failure.reason;
  tried.detail = std::move(failure.detail);
  tried.seconds = static_cast<float>(seconds_since(work->began));
  tried.rung = work->options.rung;
  if (failure.reading) {
    tried.finish_reason = failure.reading->finish_reason;
    if (work->partial.text.empty()) work->partial = std::move(*failure.reading);
  }
  const auto next = engine::next_attempt(work->attempts);
  if (!next.again) {
    end(*work, failed_outcome(*work, by), seconds);
    return;
  }
  const auto how = next.rung == tried.rung ? std::string_view{} : name(next.rung);
  log::info("{} page {}: {} ({}); trying again{}{}", printable(document(*work).path), work->task.page.page,
            name(tried.reason), tried.detail, how.empty() ? "" : ": ", how);
  work->scale_limits = next.scale_limits;
  work->options.rung = next.rung;
  work->wait_again();
  if (!to_decode.push(work)) give_back(*work);
}

void Pipeline::State::give_up() {
  to_decode.close();
  to_read.close();
  cancelled = true;
}

void Pipeline::State::decode_loop() {
  page::Reader reader;
  {
    std::lock_guard lock{readers_mutex};
    readers.push_back(&reader);
  }
  while (!to_decode.closed() || to_decode.size() > 0) {
    auto work = to_decode.pop(milliseconds{200});
    if (!work || (*work)->stage == PageWork::Stage::left) continue;
    if (cancelled) {
      give_back(**work);
      continue;
    }
    note_start(**work);
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
    end(*work, document_outcome(of), 0);
    return;
  }
  const auto said = settings_for(*settings.job, of.path);
  work->options.languages = said.languages;
  work->options.replay_seconds = work->task.cost_s;
  if (settings.trace_seconds) {
    work->options.replay_seconds =
        settings.trace_seconds->at(work->task.page.document).at(work->task.page.page - 1);
    hand_to_engine(work, page::make_image(1, 1, page::PixelFormat::gray8, 0).image);
    return;
  }
  const page::Source source{settings.root / of.path, of.format, said.password};
  const auto info = reader.info(source, work->task.page.page, work->scale_limits);
  const auto* failure = std::get_if<page::Failure>(&info);
  std::variant<page::Image, page::Failure> rendered;
  if (!failure) {
    const auto request = wanted_image(std::get<page::PageInfo>(info), work->options);
    if (!request) {
      give_back(*work);
      return;
    }
    rendered = reader.render(source, work->task.page.page, *request, work->scale_limits);
    failure = std::get_if<page::Failure>(&rendered);
  }
  if (cancelled) {
    give_back(*work);
  } else if (failure) {
    failed_attempt(work, {}, {failure->reason, failure->detail}, 0);
  } else {
    hand_to_engine(work, std::get<page::Image>(rendered));
  }
}

/// Nothing while there is no engine.
std::optional<page::ImageRequest> Pipeline::State::wanted_image(const page::PageInfo& info,
                                                                const engine::ReadOptions& options) {
  const std::shared_lock lock{engine_mutex};
  if (!engine) return std::nullopt;
  return engine->wants(info, options);
}

void Pipeline::State::hand_to_engine(const std::shared_ptr<PageWork>& work,
                                     const page::Image& image) {
  work->geometry = geometry_of(image);
  {
    const std::shared_lock lock{engine_mutex};
    if (!engine) {
      give_back(*work);
      return;
    }
    work->prepared = engine->prepare(image, work->options);
  }
  work->decode_s = seconds_since(work->began);
  const auto weight = work->prepared.bytes;
  if (!to_read.push(work, weight)) give_back(*work);
}

// ---- Pipeline

Pipeline::Pipeline(const PipelineSettings& settings, milliseconds patience)
    : state_{std::make_unique<State>(settings)} {
  auto& s = *state_;
  auto started = std::make_shared<std::promise<void>>();
  auto start = started->get_future();
  s.reading = std::thread{[&s, started] { s.engine_loop(*started); }};
  try {
    if (patience > milliseconds{0} && start.wait_for(patience) == std::future_status::ready) start.get();
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

void Pipeline::start(const plan::Task& task) {
  ++state_->unread;
  auto work = std::make_shared<PageWork>();
  work->task = task;
  state_->inside.insert_or_assign(task.index, work);
  const auto decode = [s = state_.get(), work] {
    if (!s->to_decode.push(work)) s->give_back(*work);
  };
  // Should a page that is read alone end this rank, the journal must say so, however soon that is. Of
  // others it is told when they are decoded, and they need not wait for the disk.
  if (task.alone)
    state_->store().started({state_->key(*work), task.generation, true}, decode);
  else
    decode();
}

std::vector<plan::Task> Pipeline::recall() {
  auto& s = *state_;
  std::vector<plan::Task> tasks;
  std::erase_if(s.inside, [&](const auto& entry) {
    auto& work = *entry.second;
    if (!work.leave_unless_reading()) return false;
    --s.unread;
    s.released(work);
    tasks.push_back(work.task);
    return true;
  });
  return tasks;
}

void Pipeline::take_back(std::uint32_t index) {
  const auto work = state_->inside.find(index);
  if (work == state_->inside.end()) return;
  if (work->second->leave_unless_reading()) {
    --state_->unread;
    state_->released(*work->second);
    state_->events.push(Returned{work->second->task});
  } else {
    work->second->unwanted = true;
  }
}

void Pipeline::stopping() {
  state_->with_store([](StoreThread& store) { store.stopping(); });
}

bool Pipeline::backed_up() const {
  bool backed_up = false;
  state_->with_store([&](const StoreThread& store) { backed_up = store.backed_up(); });
  return backed_up;
}

void Pipeline::set_pages_left(std::uint64_t pages) {
  state_->with_store([&](StoreThread& store) { store.set_pages_left(pages); });
}

void Pipeline::sync_at_once(bool at_once) { state_->store().sync_at_once(at_once); }

void Pipeline::cancel() {
  auto& s = *state_;
  s.give_up();
  std::lock_guard lock{s.readers_mutex};
  for (auto* reader : s.readers) reader->interrupt();
}

void Pipeline::close(bool seal) {
  cancel();
  state_->store().close(seal);
}

void Pipeline::bind(std::vector<store::LedgerFile> shards) { state_->store().bind(std::move(shards)); }

std::optional<Event> Pipeline::next_event(milliseconds max_wait) {
  auto event = state_->events.pop(max_wait);
  if (!event) return event;
  if (const auto* finished = std::get_if<Finished>(&*event)) state_->inside.erase(finished->index);
  if (const auto* returned = std::get_if<Returned>(&*event)) state_->inside.erase(returned->task.index);
  return event;
}

}  // namespace pecia::app
