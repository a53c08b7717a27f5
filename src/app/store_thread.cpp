#include "store_thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "room.hpp"

namespace pecia::app {
namespace {

constexpr std::chrono::milliseconds quiet_wait{50};
constexpr std::size_t max_corpus_sources = 512;
/// A disk that is slow, or refuses, must not let outcomes pile up in memory.
constexpr std::size_t most_unsynced = 1024;

sched::PageEnd end_of(const result::PageOutcome& outcome) {
  const bool engines_fault = outcome.reason == Reason::engine_crashed || outcome.reason == Reason::engine_failed ||
                             outcome.reason == Reason::engine_lost;
  switch (outcome.state) {
    case result::State::failed: return engines_fault ? sched::PageEnd::engine_failed : sched::PageEnd::failed;
    case result::State::skipped: return sched::PageEnd::skipped;
    default: return sched::PageEnd::good;
  }
}

/// Where the user wants no sync before the end, a segment is the least.
std::size_t sync_at_pages(const StoreSettings& settings) {
  const std::size_t segment = settings.writer.shard_pages;
  return settings.sync == Sync::close ? segment : std::min(segment, most_unsynced);
}

}  // namespace

StoreThread::StoreThread(StoreSettings settings, EventQueue& events, std::function<bool()> quiet)
    : settings_{std::move(settings)},
      sync_at_pages_{sync_at_pages(settings_)},
      events_{events},
      quiet_{std::move(quiet)},
      writer_{settings_.writer},
      wait_{settings_.wait},
      thread_{[this] { loop(); }} {}

StoreThread::~StoreThread() {
  jobs_.close();
  thread_.join();
}

void StoreThread::put(ToStore page) {
  ++uncommitted_;
  jobs_.push(std::move(page));
}

void StoreThread::stopping() {
  stopping_ = true;
  jobs_.push(Wake{});
}

void StoreThread::loop() {
  while (true) {
    auto job = jobs_.pop(quiet_wait);
    release_all_if_stopping();
    if (job) {
      std::visit([this](auto&& one) { handle(std::forward<decltype(one)>(one)); }, std::move(*job));
    } else if (jobs_.closed()) {
      return;
    } else if (quiet_() && !wait_.waiting()) {
      sync();
    }
    if (!wait_.waiting())
      sync_if_due();
    else if (wait_.due() || asked_to_stop())
      sync();
  }
}

void StoreThread::release_all_if_stopping() {
  if (!stopping_ || std::exchange(all_released_, true) || failed_ || closed_) return;
  (void)stored([this] { writer_.told_to_stop(); });
}

void StoreThread::handle(ToStore page) {
  if (failed_ || closed_) {
    tell(Returned{page.task, {}});
    return;
  }
  unsynced_.push_back({page.task, end_of(page.outcome)});
  (void)stored([&] { writer_.append(page.key, page.task.generation, page.outcome); });
}

void StoreThread::handle(const Begun& begun) {
  const auto& page = begun.page;
  if (!failed_ && !closed_ && !all_released_)
    (void)stored([&] { writer_.started(page.key, page.generation, page.alone); });
  if (begun.then) begun.then();
}

void StoreThread::handle(const GivenBack& given_back) {
  if (failed_ || closed_) return;
  (void)stored([&] { writer_.released({&given_back.key, 1}); });
}

void StoreThread::sync() {
  last_sync_ = std::chrono::steady_clock::now();
  if (failed_ || closed_ || (unsynced_.empty() && !wait_.waiting())) return;
  const bool worked = stored([this] {
    commit();
    writer_.seal_if_due();
  });
  if (worked) wait_.worked();
}

void StoreThread::sync_if_due() {
  const std::chrono::duration<double> age = std::chrono::steady_clock::now() - last_sync_;
  const bool segment_is_full = unsynced_.size() >= sync_at_pages_ || age.count() >= settings_.writer.shard_age_s;
  if (at_once_ || settings_.sync == Sync::page || segment_is_full ||
      (settings_.sync == Sync::interval && age.count() >= settings_.sync_interval_s))
    sync();
}

void StoreThread::commit() {
  writer_.sync();
  for (auto& page : unsynced_) tell(page);
  unsynced_.clear();
}

void StoreThread::handle(const Close& request) {
  Closed answer;
  if (!failed_) {
    auto failure = persist([&] {
      commit();
      answer.written = writer_.close(request.seal);
    });
    if (failure) fail(std::move(*failure));
  }
  if (failed_) answer.written = writer_.abandon();
  closed_ = true;
  events_.push(std::move(answer));
}

void StoreThread::handle(const Bind& request) {
  Bound answer;
  const auto failure = persist([&] {
    answer.shards =
        store::bind_corpus(settings_.writer.run, settings_.writer.epoch, request.shards, max_corpus_sources);
  });
  if (failure) answer = {failure->why, {}, failure->status};
  events_.push(std::move(answer));
}

// ---- failures

std::optional<Failed> StoreThread::failure_of(const Act& act) {
  try {
    act();
    return std::nullopt;
  } catch (const StorageError& error) {
    return Failed{error.what(), sched::ExitStatus::unfinished};
  } catch (const std::filesystem::filesystem_error& error) {
    return Failed{error.what(), sched::ExitStatus::unfinished};
  } catch (const std::exception& error) {
    return Failed{error.what()};
  }
}

bool StoreThread::asked_to_stop() const { return stopping_ || stop::requested() != stop::Request::none; }

bool StoreThread::wait_for(const Failed& failure) {
  if (failure.status != sched::ExitStatus::unfinished || settings_.on_full != OnFull::wait || asked_to_stop()) return false;
  if (wait_.failed())
    log::warning("{}. {} What is read is kept, and tried again until it can be written (store.on_full: wait)",
                 failure.why, room_needed());
  return true;
}

bool StoreThread::stored(const Act& act) {
  auto failure = failure_of(act);
  if (!failure) return true;
  if (wait_for(*failure)) return false;
  // What another file takes need not be read again.
  if (failure->status == sched::ExitStatus::unfinished) (void)failure_of([this] { commit(); });
  fail(std::move(*failure));
  return false;
}

std::optional<Failed> StoreThread::persist(const Act& act) {
  auto failure = failure_of(act);
  while (failure && wait_for(*failure)) {
    while (!wait_.due() && !asked_to_stop()) std::this_thread::sleep_for(quiet_wait);
    failure = failure_of(act);
  }
  if (!failure) wait_.worked();
  return failure;
}

std::string StoreThread::room_needed() const {
  const auto pages = std::max<std::uint64_t>(pages_left_, unsynced_.size());
  const auto& run = settings_.writer.run.root;
  return fmt::format("The {} page{} that this rank has left will need {}.", pages, pages == 1 ? "" : "s",
                     room_text(run, room_needed_bytes(pages, writer_.bytes_per_page())));
}

void StoreThread::fail(Failed failure) {
  if (failure.status == sched::ExitStatus::unfinished) failure.why += ". " + room_needed();
  if (!failed_) events_.push(std::move(failure));
  failed_ = true;
  for (const auto& page : unsynced_) tell(Returned{page.task, {}});
  unsynced_.clear();
}

/// Of a page that was `put`.
void StoreThread::tell(Event page) {
  --uncommitted_;
  events_.push(std::move(page));
}

}  // namespace pecia::app
