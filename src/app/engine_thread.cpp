// The thread of a rank that owns its engine.
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pipeline_state.hpp"

namespace pecia::app {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds idle_wait{20};
/// An engine that is lost so often on one rank will be lost again.
constexpr int most_losses = 2;

}  // namespace

void Pipeline::State::make_engine() {
  {
    const std::unique_lock lock{engine_mutex};
    engine.reset();  // before there is another: a device may hold one only
  }
  auto made = engine::make_engine(settings.engine);  // may take long, and nobody is to wait for it
  const std::unique_lock lock{engine_mutex};
  engine_is = made->description();
  engine = std::move(made);
}

void Pipeline::State::engine_loop(std::promise<void>& started) {
  try {
    make_engine();
    (void)store();  // now that its provenance is known; pages need it from their start on
    started.set_value();
  } catch (const std::exception& error) {
    const bool usage = dynamic_cast<const UsageError*>(&error) != nullptr;
    if (usage)
      events.push(Failed{error.what(), sched::ExitStatus::usage});
    else
      events.push(EngineLost{error.what(), true});
    started.set_exception(std::current_exception());
    drop_pages();
    return;
  }
  events.push(Ready{});
  for (int losses = 1;; ++losses) {
    try {
      read_pages();
      break;
    } catch (const std::exception& error) {
      const bool for_good = losses >= most_losses || dynamic_cast<const engine::LostForGood*>(&error) != nullptr;
      events.push(EngineLost{error.what(), for_good});
      if (for_good) break;
    }
    try {
      make_engine();
    } catch (const std::exception& error) {
      events.push(EngineLost{error.what(), true});
      break;
    }
  }
  drop_pages();
}

/// Decoders must not wait for room that nobody makes, nor pages for an engine that is gone.
void Pipeline::State::drop_pages() {
  while (!to_read.closed() || to_read.size() > 0) {
    if (auto work = to_read.pop(idle_wait)) give_back(**work);
  }
}

bool Pipeline::State::pages_may_come(const InFlight& in_flight) const {
  return !cancelled && !(to_read.closed() && to_read.size() == 0 && in_flight.empty());
}

/// Until no page will come; throws when the engine is lost. Pages in it are given back in any case.
void Pipeline::State::read_pages() {
  InFlight in_flight;
  const auto give_back_all = [&] {
    for (const auto& [ticket, work] : in_flight) {
      engine->cancel(ticket);
      give_back(*work);
    }
  };
  try {
    while (pages_may_come(in_flight)) {
      submit_pages(in_flight);
      drop_unwanted(in_flight);
      if (in_flight.empty()) continue;
      for (auto& completion : engine->step(idle_wait)) {
        auto node = in_flight.extract(completion.ticket);
        if (!node.empty()) finish(node.mapped(), std::move(completion));
      }
    }
  } catch (...) {
    give_back_all();
    throw;
  }
  give_back_all();
}

void Pipeline::State::submit_pages(InFlight& in_flight) {
  while (engine->room().pages > 0) {
    auto popped = to_read.pop(in_flight.empty() ? idle_wait : milliseconds{0});
    if (!popped) return;
    auto& work = *popped;
    if (!work->begin_reading()) continue;
    events.push(Started{work->task.index});
    in_flight.emplace(work->task.index, work);
    engine->submit(work->task.index, std::exchange(work->prepared, {}));
  }
}

void Pipeline::State::drop_unwanted(InFlight& in_flight) {
  std::erase_if(in_flight, [this](const auto& entry) {
    const auto& [ticket, work] = entry;
    if (!work->unwanted) return false;
    engine->cancel(ticket);
    give_back(*work);
    return true;
  });
}

void Pipeline::State::finish(const std::shared_ptr<PageWork>& work, engine::Completion completion) {
  if (auto* failure = std::get_if<engine::PageFailure>(&completion.result)) {
    failed_attempt(work, engine_is, std::move(*failure), completion.seconds);
    return;
  }
  auto outcome = outcome_of(*work, engine_is,
                            static_cast<float>(work->decode_s + completion.seconds));
  if (auto* read = std::get_if<result::Reading>(&completion.result)) {
    outcome.state = result::State::ok;
    outcome.reading = std::move(*read);
  } else {
    outcome.state = result::State::blank;
  }
  end(*work, std::move(outcome), completion.seconds);
}

}  // namespace pecia::app
