// The threads of a rank that own an engine each.
#include "page_readers.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"

namespace pecia::app {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds idle_wait{20};
/// For a page that needs the fallback, which most pages do not.
constexpr milliseconds seldom_wait{200};
/// An engine that is lost so often on one rank will be lost again.
constexpr int most_losses = 2;

}  // namespace

std::string PageReaders::Lane::name() const {
  const auto* what = use == Use::fallback ? "the fallback" : use == Use::boxes ? "the engine for boxes" : "the engine";
  return fmt::format("{} {}", what, settings.name);
}

void PageReaders::make_engine(Lane& lane) {
  end_engine(lane);  // before there is another: a device may hold one only
  lane.settings.abandoned = [this] { return cancelled_.load(); };
  auto made = settings_.make_engine(lane.settings);  // may take long, and nobody is to wait for it
  const std::unique_lock lock{lane.mutex};
  lane.is = made->description();
  lane.engine = std::move(made);
}

engine::Description PageReaders::description(Lane& lane) {
  const std::shared_lock lock{lane.mutex};
  return lane.is;
}

void PageReaders::end_engine(Lane& lane) {
  const std::unique_lock lock{lane.mutex};
  lane.engine.reset();
}

void PageReaders::lose(Lane& lane, const std::string& why, bool for_good) {
  if (for_good) lane.lost = why;
  if (!lane.is_helper()) {
    sink_.engine_lost(why, for_good);
  } else if (!for_good) {
    log::warning("{} was lost, another is started: {}", lane.name(), why);
  } else if (lane.use == Lane::Use::boxes) {
    log::error("{} was lost, and pages of this rank are written without boxes of words: {}", lane.name(), why);
  } else {
    log::error("{} was lost, and what needs it fails on this rank: {}", lane.name(), why);
  }
}

void PageReaders::run_engine(std::promise<void>& started) {
  try {
    make_engine(engine_);
    sink_.ready(engine_.is);
    started.set_value();
  } catch (const Stopped&) {  // nothing was lost: nobody waits for it any more
    started.set_exception(std::current_exception());
    drop_pages(engine_);
    return;
  } catch (const std::exception& error) {
    if (dynamic_cast<const UsageError*>(&error) != nullptr)
      sink_.failed(error.what(), true);
    else
      lose(engine_, error.what(), true);
    started.set_exception(std::current_exception());
    drop_pages(engine_);
    return;
  }
  read_until_lost(engine_);
  drop_pages(engine_);
}

void PageReaders::run_helper(Lane& lane) {
  std::optional<Work> first;
  while (!first && !lane.waiting.closed()) first = lane.waiting.pop(seldom_wait);
  if (first) {
    try {
      log::info("starting {}", lane.name());
      make_engine(lane);
      decode_again(*first);
      read_until_lost(lane);
    } catch (const std::exception& error) {
      lose(lane, error.what(), true);
      leave_lane(lane, *first);
    }
  }
  drop_pages(lane);
}

void PageReaders::read_until_lost(Lane& lane) {
  for (int losses = 1;; ++losses) {
    try {
      read_pages(lane);
      return;
    } catch (const std::exception& error) {
      const bool for_good =
          losses >= most_losses || dynamic_cast<const engine::LostForGood*>(&error) != nullptr;
      lose(lane, error.what(), for_good);
      if (for_good) return;
    }
    try {
      make_engine(lane);
    } catch (const Stopped&) {
      return;
    } catch (const std::exception& error) {
      lose(lane, error.what(), true);
      return;
    }
  }
}

bool PageReaders::pages_may_come(const Lane& lane, const InFlight& in_flight) const {
  return !cancelled_ && !(lane.to_read.closed() && lane.to_read.size() == 0 && in_flight.empty());
}

/// Until no page will come; throws when the engine is lost. Pages in it leave it in any case.
void PageReaders::read_pages(Lane& lane) {
  InFlight in_flight;
  const auto empty = [&] {
    for (const auto& [ticket, work] : in_flight) {
      try {
        lane.engine->cancel(ticket);
      } catch (const std::exception& error) {  // it may be what just failed
        log::warning("the engine {} did not give a page back: {}", lane.settings.name, error.what());
      }
      leave_lane(lane, work);
    }
  };
  try {
    while (pages_may_come(lane, in_flight)) {
      while (const auto work = lane.waiting.pop(milliseconds{0})) decode_again(*work);
      submit_pages(lane, in_flight);
      drop_unwanted(lane, in_flight);
      // An engine that has no room is to be heard even without pages: it may be starting anew.
      if (in_flight.empty() && lane.engine->room().pages > 0) continue;
      for (auto& completion : lane.engine->step(idle_wait)) {
        auto node = in_flight.extract(completion.ticket);
        if (!node.empty()) finish(lane, node.mapped(), std::move(completion));
      }
    }
  } catch (...) {
    empty();
    throw;
  }
  empty();
}

void PageReaders::submit_pages(Lane& lane, InFlight& in_flight) {
  while (lane.engine->room().pages > 0) {
    auto popped = lane.to_read.pop(in_flight.empty() ? idle_wait : milliseconds{0});
    if (!popped) return;
    auto& work = *popped;
    if (needs_no_more(*work)) {
      give_back(*work);
      continue;
    }
    if (!work->begin_reading()) continue;
    sink_.begun(*work);
    in_flight.emplace(work->task.index, work);
    work->submitted = std::chrono::steady_clock::now();
    lane.engine->submit(work->task.index, std::exchange(work->prepared, {}));
  }
}

void PageReaders::drop_unwanted(Lane& lane, InFlight& in_flight) {
  std::erase_if(in_flight, [&](const auto& entry) {
    const auto& [ticket, work] = entry;
    if (!work->unwanted && !(work->for_boxes && is_ending())) return false;  // boxes are not waited for
    lane.engine->cancel(ticket);
    give_back(*work);
    return true;
  });
}

namespace {

/// An earlier attempt found some.
bool has_text(const PageWork& work) {
  return !work.attempts.empty() && work.options.rung != engine::Rung::fallback &&
         (work.attempts.back().reason == Reason::repetition || work.attempts.back().reason == Reason::no_end);
}

}  // namespace

void PageReaders::finish(Lane& lane, const Work& work, engine::Completion completion) {
  if (work->for_boxes) {
    take_boxes(lane, work, std::move(completion));
    return;
  }
  if (auto* failure = std::get_if<engine::PageFailure>(&completion.result)) {
    failed_attempt(work, lane.is, std::move(*failure), completion.seconds);
    return;
  }
  // Nothing at all, of a page on which it repeated itself before, is no blank page.
  if (auto* blank = std::get_if<engine::Blank>(&completion.result); blank && has_text(*work)) {
    failed_attempt(work, lane.is,
                   {Reason::no_end, "the model says nothing when it is asked in this way", std::move(blank->reading)},
                   completion.seconds);
    return;
  }
  auto outcome =
      outcome_of(*work, lane.is, static_cast<float>(work->decode_s + completion.seconds));
  if (auto* read = std::get_if<result::Reading>(&completion.result)) {
    outcome.state = work->options.rung == engine::Rung::fallback ? result::State::ok_fallback
                                                                 : result::State::ok;
    outcome.reading = std::move(*read);
  } else {
    outcome.state = result::State::blank;
    outcome.reading = std::move(std::get<engine::Blank>(completion.result).reading);
  }
  settle(lane, work, std::move(outcome), completion.seconds);
}

/// A page in an engine that was lost: others read it. What only the fallback can read waits for the
/// next one, and fails, with what the engine said of it, if there will be none.
void PageReaders::leave_lane(Lane& lane, const Work& work) {
  if (!lane.is_helper() || cancelled_) {
    give_back(*work);
  } else if (lane.lost.empty()) {
    work->wait_again();
    wait_for_engine(work);
  } else if (work->for_boxes) {
    end_without_boxes(*work, fmt::format("{} cannot read on this rank: {}", lane.name(), lane.lost));
  } else if (work->best) {
    drop_other_reading(*work);
  } else {
    auto outcome = work->attempts.empty()
                       ? outcome_of(*work, {}, 0)
                       : failed_outcome(*work, work->attempts.back().rung == engine::Rung::fallback
                                                   ? lane.is
                                                   : description(engine_));
    outcome.state = result::State::failed;
    if (outcome.reason == Reason::none) outcome.reason = Reason::engine_failed;
    outcome.detail +=
        fmt::format("{}{} cannot read on this rank: {}", outcome.detail.empty() ? "" : "; ", lane.name(), lane.lost);
    end(*work, std::move(outcome), 0);
  }
}

/// Decoders must not wait for room that nobody makes, nor pages for an engine that is gone.
void PageReaders::drop_pages(Lane& lane) {
  end_engine(lane);
  if (!lane.is_helper()) {  // others need not wait until they are due
    for (const auto& work : delayed_.close()) give_back(*work);
  }
  const auto open = [](const auto& queue) { return !queue.closed() || queue.size() > 0; };
  while (open(lane.to_read) || open(lane.waiting)) {
    if (const auto work = lane.waiting.pop(milliseconds{0})) leave_lane(lane, *work);
    if (const auto work = lane.to_read.pop(idle_wait)) leave_lane(lane, *work);
  }
}

}  // namespace pecia::app
