#include "store_thread.hpp"

#include "pecia/base/log.hpp"

namespace pecia::app {
namespace {

constexpr std::chrono::milliseconds quiet_wait{50};
constexpr std::size_t max_corpus_sources = 512;

sched::PageEnd end_of(const result::PageOutcome& outcome) {
  const bool engines_fault = outcome.reason == Reason::engine_crashed || outcome.reason == Reason::engine_failed;
  switch (outcome.state) {
    case result::State::failed: return engines_fault ? sched::PageEnd::engine_failed : sched::PageEnd::failed;
    case result::State::skipped: return sched::PageEnd::skipped;
    default: return sched::PageEnd::good;
  }
}

}  // namespace

StoreThread::StoreThread(store::WriterSettings settings, Sync sync, double sync_interval_s,
                         EventQueue& events, std::function<bool()> quiet)
    : settings_{std::move(settings)},
      sync_mode_{sync},
      sync_interval_s_{sync_interval_s},
      events_{events},
      quiet_{std::move(quiet)},
      writer_{settings_},
      thread_{[this] { loop(); }} {}

StoreThread::~StoreThread() {
  jobs_.close();
  thread_.join();
}

void StoreThread::loop() {
  while (true) {
    auto job = jobs_.pop(quiet_wait);
    if (job) {
      handle(std::move(*job));
    } else if (jobs_.closed()) {
      return;
    } else if (quiet_()) {
      sync();
    }
    sync_if_due();
  }
}

void StoreThread::handle(Job job) {
  if (auto* page = std::get_if<ToStore>(&job)) append(std::move(*page));
  if (auto* page = std::get_if<ToBegin>(&job)) begin_page(*page);
  if (auto* page = std::get_if<Release>(&job)) note([&] { writer_.released({&page->key, 1}); });
  if (std::holds_alternative<ReleaseAll>(job)) note([&] { writer_.release_all(); });
  if (auto* request = std::get_if<Close>(&job)) close_writer(request->seal);
  if (auto* request = std::get_if<Bind>(&job)) bind_corpus(request->shards);
}

void StoreThread::append(ToStore page) {
  if (failed_ || closed_) {
    events_.push(Returned{page.task});
    return;
  }
  unsynced_.push_back({page.task, end_of(page.outcome)});
  try {
    writer_.append(page.key, page.task.generation, page.outcome);
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

void StoreThread::begin_page(const ToBegin& page) {
  note([&] { writer_.started(page.key, page.task.generation, page.task.alone); });
  if (page.then) page.then();
}

void StoreThread::note(const std::function<void()>& act) {
  if (failed_ || closed_) return;
  try {
    act();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

void StoreThread::sync() {
  last_sync_ = std::chrono::steady_clock::now();
  if (failed_ || closed_ || unsynced_.empty()) return;
  try {
    writer_.sync();
    for (auto& page : unsynced_) events_.push(std::move(page));
    unsynced_.clear();
    writer_.seal_if_due();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

void StoreThread::sync_if_due() {
  const std::chrono::duration<double> age = std::chrono::steady_clock::now() - last_sync_;
  const bool segment_is_full =
      unsynced_.size() >= settings_.shard_pages || age.count() >= settings_.shard_age_s;
  if (at_once_ || sync_mode_ == Sync::page || segment_is_full ||
      (sync_mode_ == Sync::interval && age.count() >= sync_interval_s_))
    sync();
}

void StoreThread::close_writer(bool seal) {
  sync();
  Closed answer;
  try {
    answer.written = writer_.close(seal && !failed_);
  } catch (const std::exception& error) {
    fail(error.what());
  }
  closed_ = true;
  events_.push(std::move(answer));
}

void StoreThread::bind_corpus(const std::vector<store::LedgerFile>& shards) {
  Bound answer;
  try {
    answer.shards = store::bind_corpus(settings_.run, settings_.epoch, shards, max_corpus_sources);
  } catch (const std::exception& error) {
    answer.problem = error.what();
  }
  events_.push(std::move(answer));
}

void StoreThread::fail(const std::string& why) {
  if (!failed_) events_.push(Failed{why});
  failed_ = true;
  for (const auto& page : unsynced_) events_.push(Returned{page.task});
  unsynced_.clear();
}

}  // namespace pecia::app
