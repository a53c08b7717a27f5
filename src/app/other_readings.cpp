// Pages that were read poorly, and are read once more in another way.
#include <algorithm>
#include <string_view>

#include "page_readers.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/reading_quality.hpp"

namespace pecia::app {
namespace {

using result::PageOutcome;
using result::State;

bool is_read(const PageOutcome& outcome) { return outcome.state == State::ok || outcome.state == State::ok_fallback; }

/// Stands behind the way of reading in a step of the engine's: "sauvola, psm 4, confidence 0.41".
constexpr std::string_view of_way = ", confidence ";

/// "confidence 0.41 (sauvola, psm 4)"; of a first reading "confidence 0.41".
std::string in_words(const PageOutcome& outcome) {
  if (!is_read(outcome)) return "nothing";
  const auto& steps = outcome.reading.steps;
  // A table has a step of this name too, which says nothing of another way of reading.
  const auto names_way = [](const Step& step) { return step.what == "reading" && step.detail.find(of_way) != std::string::npos; };
  const auto way = std::ranges::find_if(steps, names_way);
  const auto said = way == steps.end() ? "" : way->detail.substr(0, way->detail.find(of_way));
  return fmt::format("confidence {:.2f}{}", outcome.reading.confidence, said.empty() ? "" : fmt::format(" ({})", said));
}

/// Whether `second`, of a page that was read as `first`, is the better one. What was read once is no blank page.
bool is_better(const PageOutcome& second, const PageOutcome& first) {
  return is_read(second) && &engine::better_reading(first.reading, second.reading) == &second.reading;
}

result::Attempt as_attempt(const PageOutcome& worse, const PageOutcome& better) {
  result::Attempt attempt;
  attempt.engine = worse.engine;
  attempt.reason = Reason::low_confidence;
  attempt.detail = fmt::format("{}; {} was better", in_words(worse), in_words(better));
  attempt.seconds = worse.seconds;
  attempt.rung = worse.rung;
  return attempt;
}

Step no_other_reading(const PageOutcome& best, std::string_view why) {
  return {"reading", fmt::format("confidence {:.2f}; no other reading: {}", best.reading.confidence, why), std::nullopt};
}

}  // namespace

engine::NextAttempt PageReaders::other_reading(const Lane& lane, const PageWork& work, const PageOutcome& best) const {
  if (!is_read(best) || !engine::has_other_readings(lane.is)) return {};
  if (settings_.job->engine.retry_budget <= 0) return {};
  auto history = work.attempts;
  history.push_back({best.engine, Reason::low_confidence, "", 0, work.options.rung});
  auto next = engine::next_attempt(history, settings_.job->retries, {false, work.task.priority == corpus::Priority::low});
  next.by_rows = next.reading == 1 && engine::is_table_in_columns(best.reading);
  if (!next.by_rows && !engine::poor(best.reading)) return {};
  return next;
}

void PageReaders::settle(Lane& lane, const Work& work, PageOutcome outcome, double seconds) {
  if (!work->best) {
    work->read_s += seconds;
    work->best = std::move(outcome);
    const std::lock_guard lock{budget_mutex_};
    budget_.count_first(seconds);
  } else {
    const bool better = is_better(outcome, *work->best);
    other_reading_ended(*work, seconds, better);
    work->attempts.push_back(better ? as_attempt(*work->best, outcome) : as_attempt(outcome, *work->best));
    if (better) work->best = std::move(outcome);
  }
  const auto next = other_reading(lane, *work, *work->best);
  if (next.again && is_ending()) {
    work->best->reading.steps.push_back(no_other_reading(*work->best, "the job was told to stop"));
    end_with_boxes(work);
    return;
  }
  if (next.again && may_begin(seconds)) {
    log::debug("{} page {}: {}; reading it in another way", printable(document(*work).path), work->task.page.page,
               in_words(*work->best));
    work->expected_s = seconds;
    try_again(work, next);
    return;
  }
  if (next.again)
    work->best->reading.steps.push_back(no_other_reading(*work->best, "engine.retry_budget is used up"));
  end_with_boxes(work);
}

bool PageReaders::may_begin(double seconds) {
  const std::lock_guard lock{budget_mutex_};
  return budget_.begin(seconds);
}

void PageReaders::other_reading_ended(PageWork& work, double seconds, std::optional<bool> better) {
  work.read_s += seconds;
  const std::lock_guard lock{budget_mutex_};
  budget_.end(work.expected_s, seconds);
  if (better) budget_.judge(*better);
}

void PageReaders::drop_other_reading(PageWork& work) {
  using Seconds = std::chrono::duration<double>;
  if (work.for_boxes) {
    if (!work.unwanted)
      end_without_boxes(work, "the job was told to stop or the engine was lost");
    else if (work.leave())
      sink_.returned(work);
    return;
  }
  other_reading_ended(work, work.submitted ? Seconds{std::chrono::steady_clock::now() - *work.submitted}.count() : 0, {});
  if (work.unwanted) {
    if (work.leave()) sink_.returned(work);
    return;
  }
  const std::string_view why = "the job was told to stop or the engine was lost";
  work.best->reading.steps.push_back(
      no_other_reading(*work.best, work.submitted ? fmt::format("it was broken off, since {}", why) : std::string{why}));
  end_as_read(work);
}

void PageReaders::end_as_read(PageWork& work) {
  auto outcome = std::move(*work.best);
  outcome.attempts = work.attempts;
  // What the fallback takes says nothing of what pages cost the engine.
  const bool by_helper = !work.for_boxes && lane_of(work).is_helper();
  end(work, std::move(outcome), by_helper ? 0 : work.read_s);
}

}  // namespace pecia::app
