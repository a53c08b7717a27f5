// What follows on an attempt at a page that failed.
#include <utility>

#include "page_readers.hpp"
#include "pecia/base/clock.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/retry.hpp"

namespace pecia::app {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

void PageReaders::failed_attempt(const Work& work, const engine::Description& engine,
                                 engine::PageFailure failure, double seconds, bool in_vain) {
  if (!work->keep_tried()) return;
  if (work->for_boxes) {
    end_without_boxes(*work, fmt::format("{} ({})", name(failure.reason), failure.detail));
    return;
  }
  auto& tried = work->attempts.emplace_back();
  tried.engine = engine.name;
  tried.reason = failure.reason;
  tried.detail = std::move(failure.detail);
  tried.seconds = static_cast<float>(seconds_since(work->began));
  tried.rung = work->options.rung;
  if (failure.reading) {
    tried.finish_reason = failure.reading->finish_reason;
    if (work->partial.text.empty()) work->partial = std::move(*failure.reading);
  }
  if (work->best) {  // of which this was another reading
    other_reading_ended(*work, seconds, false);
    end_as_read(*work);
    return;
  }
  const auto next = engine::next_attempt(work->attempts, settings_.job->retries, retry_of(*work));
  if (next.again && !in_vain && tried.reason == Reason::io_error && !storage_.take(next.delay_s)) {
    tried.detail += "; it is not tried again, since pages of this rank have waited for storage long enough";
    in_vain = true;
  }
  if (!next.again || in_vain) {
    // What the fallback takes says nothing of what pages cost the engine.
    end(*work, failed_outcome(*work, engine), lane_of(*work).is_helper() ? 0 : seconds);
    return;
  }
  if (next.fallback() && tried.rung != engine::Rung::fallback && settings_.give_up) {
    log::info("{} page {}: {} ({}); left to the fallback", printable(document(*work).path), work->task.page.page,
              name(tried.reason), tried.detail);
    if (work->leave()) sink_.given_up(*work);
    return;
  }
  const auto how = next.rung == tried.rung ? std::string{} : fmt::format(": {}", name(next.rung));
  const auto when = next.delay_s > 0 ? fmt::format(" in {:g} s", next.delay_s) : std::string{};
  log::info("{} page {}: {} ({}); trying again{}{}", printable(document(*work).path),
            work->task.page.page, name(tried.reason), tried.detail, when, how);
  try_again(work, next);
}

void PageReaders::try_again(const Work& work, const engine::NextAttempt& next) {
  prepare_for(*work, next);
  work->wait_again();
  // Who takes the page back saw it in the engine until now.
  if (is_ending() || work->unwanted) {
    give_back(*work);
    return;
  }
  if (next.delay_s <= 0) {
    read(work);
    return;
  }
  sink_.set_aside(*work);
  const auto delay = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{next.delay_s});
  if (!delayed_.add(work, Clock::now() + delay)) give_back(*work);
}

engine::RetryOf PageReaders::retry_of(const PageWork& work) const {
  return {fallback_ != nullptr && !work.by_rule, work.task.priority == corpus::Priority::low};
}

bool PageReaders::is_ending() const {
  return draining_ || cancelled_ || stop::requested() != stop::Request::none;
}

void PageReaders::drain() {
  draining_ = true;
  for (const auto& work : delayed_.close()) give_back(*work);
}

void PageReaders::take_up_due() {
  for (const auto& due : delayed_.take_due(Clock::now())) {
    if (due->unwanted)
      give_back(*due);
    else if (due->stage != PageWork::Stage::left)
      sink_.due(*due, [this, due] { read(due); });
  }
}

void PageReaders::decode_again(const Work& work) {
  work->wait_again();
  read(work);
}

}  // namespace pecia::app
