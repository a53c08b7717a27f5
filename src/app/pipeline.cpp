#include "pipeline.hpp"

#include <algorithm>
#include <utility>

#include "pipeline_state.hpp"

namespace pecia::app {

using std::chrono::milliseconds;

Pipeline::State::State(const PipelineSettings& s, milliseconds patience) : settings{s} {
  readers = std::make_unique<PageReaders>(settings.reading, *this, patience);
}

StoreThread& Pipeline::State::store() {
  const std::lock_guard lock{store_mutex};
  if (!store_thread) {
    const auto& job = settings.reading.job->store;
    StoreSettings storing{settings.writer, job.sync, job.sync_interval_s, job.on_full, {}};
    storing.writer.provenance.engine = engine_is.name + " " + engine_is.version;
    storing.writer.provenance.engine_fingerprint = engine_is.fingerprint;
    store_thread =
        std::make_unique<StoreThread>(std::move(storing), events, [this] { return unread == 0; });
  }
  return *store_thread;
}

void Pipeline::State::ready(const engine::Description& engine) {
  {
    const std::lock_guard lock{store_mutex};
    engine_is = engine;
  }
  (void)store();  // now that its provenance is known; pages need it from their start on
  events.push(Ready{});
}

void Pipeline::State::taken(const PageWork& page) {
  if (page.task.alone) return;  // noted before it came here
  with_store([&](StoreThread& store) { store.started({key(page), page.task.generation, false}); });
  // Taken back meanwhile: its release came first.
  if (page.stage == PageWork::Stage::left) released(page);
}

void Pipeline::State::due(const PageWork& page, const std::function<void()>& read) {
  events.push(Due{page.task.index});
  if (!page.task.alone) {
    read();
    return;
  }
  store().started({key(page), page.task.generation, true}, [this, &page, read] {  // `read` holds the page
    if (page.stage == PageWork::Stage::left) released(page);  // taken back meanwhile
    read();
  });
}

void Pipeline::State::ended(const PageWork& page, result::PageOutcome outcome, double seconds) {
  events.push(Finished{page.task.index, seconds});
  store().put({page.task, key(page), std::move(outcome)});
  --unread;
}

void Pipeline::State::returned(const PageWork& page) {
  --unread;
  released(page);
  events.push(Returned{page.task, page.attempts.empty() ? std::string{} : history_of(page, page.options.rung)});
}

void Pipeline::State::taken_back(const PageWork& page) {
  --unread;
  released(page);
  events.push(Returned{page.task, {}});
}

void Pipeline::State::set_aside(const PageWork& page) {
  released(page);
  events.push(SetAside{page.task.index});
}

void Pipeline::State::given_up(const PageWork& page) {
  --unread;
  released(page);
  events.push(GivenUp{page.task.index, history_of(page)});
}

// ---- Pipeline

Pipeline::Pipeline(const PipelineSettings& settings, milliseconds patience)
    : state_{std::make_unique<State>(settings, patience)} {}

Pipeline::~Pipeline() = default;

void Pipeline::start(const plan::Task& task, const std::string& history) {
  auto work = std::make_shared<PageWork>();
  work->task = task;
  if (!history.empty()) go_on(*work, history, state_->settings.reading.job->retries);
  ++state_->unread;
  state_->inside.insert_or_assign(task.index, work);
  const auto read = [s = state_.get(), work] { s->readers->read(work); };
  // Should a page that is read alone end this rank, the journal must say so, however soon that is.
  // Of others it is told when they are decoded, and they need not wait for the disk.
  if (task.alone)
    state_->store().started({state_->key(*work), task.generation, true}, read);
  else
    read();
}

std::vector<plan::Task> Pipeline::recall(bool also_tried) {
  auto& s = *state_;
  std::vector<plan::Task> tasks;
  std::erase_if(s.inside, [&](const auto& entry) {
    auto& work = *entry.second;
    if (also_tried ? !work.leave_unless_reading() : !work.leave_unless_tried()) return false;
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
    state_->taken_back(*work->second);
  } else {
    work->second->unwanted = true;
    // An attempt that failed just now made it wait again, and did not see that nobody wants it.
    if (work->second->leave_unless_reading()) state_->taken_back(*work->second);
  }
}

void Pipeline::stopping() {
  state_->with_store([](StoreThread& store) { store.stopping(); });
  state_->readers->drain();
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

void Pipeline::cancel() { state_->readers->cancel(); }

void Pipeline::close(bool seal) {
  cancel();
  state_->store().close(seal);
}

void Pipeline::bind(std::vector<store::LedgerFile> shards) {
  state_->store().bind(std::move(shards));
}

std::optional<Event> Pipeline::next_event(milliseconds max_wait) {
  auto event = state_->events.pop(max_wait);
  if (!event) return event;
  if (const auto* finished = std::get_if<Finished>(&*event)) state_->inside.erase(finished->index);
  if (const auto* returned = std::get_if<Returned>(&*event))
    state_->inside.erase(returned->task.index);
  if (const auto* given_up = std::get_if<GivenUp>(&*event)) state_->inside.erase(given_up->index);
  return event;
}

}  // namespace pecia::app
