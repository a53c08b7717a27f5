// What a rank makes of messages, and what it tells rank 0.
#include <fmt/format.h>

#include <utility>

#include "pecia/base/error.hpp"
#include "rank.hpp"

namespace pecia::sched {
namespace {

bool is_for_root(Kind kind) {
  switch (kind) {
    case Kind::report:
    case Kind::ask:
    case Kind::idle:
    case Kind::want_drain:
    case Kind::failed:
    case Kind::lost:
    case Kind::closed: return true;
    default: return false;
  }
}

}  // namespace

void Scheduler::Impl::settle() {
  while (!outbox_.empty()) {
    auto message = std::move(outbox_.front());
    outbox_.pop_front();
    if (message.to == settings_.rank)
      on_message(settings_.rank, message.bytes);
    else {
      if (registry_) registry_->count_sent();
      outgoing_.push_back(std::move(message));
    }
  }
}

void Scheduler::Impl::on_message(int from, std::span<const std::byte> message) {
  ByteReader in{message, "schedule"};
  const auto kind = in.get<Kind>();
  if (registry_ && from > 0 && from < settings_.size) registry_->count_received(from, kind);
  if (is_for_root(kind)) {
    if (!registry_) throw Error{"a message for rank 0 came to another rank"};
    registry_->on_message(from, kind, in);
  } else {
    dispatch(from, kind, in);
  }
  in.expect_end();
}

void Scheduler::Impl::dispatch(int from, Kind kind, ByteReader& in) {
  switch (kind) {
    case Kind::drain: start_drain(); break;
    case Kind::close: close(in.get<bool>()); break;
    case Kind::finish: finish(in.get<bool>()); break;
    case Kind::offer: on_offer(decode_numbers(in)); break;
    case Kind::copy: {
      const auto task = decode_task(in);
      const auto moves = in.get<std::uint32_t>();
      keep(decode_histories(in));
      on_copy(task, moves);
      break;
    }
    case Kind::adopt: {
      const auto tasks = decode_tasks(in);
      on_adopt(tasks, decode_numbers(in));
      break;
    }
    case Kind::revoke: on_revoke(decode_moves(in)); break;
    case Kind::level:
      level_ = decode_level(in);
      if (seeking_ == Seeking::rest) seeking_ = Seeking::nothing;
      break;
    case Kind::suspect: {
      const auto rank = static_cast<int>(in.get<std::uint32_t>());
      on_suspect(rank, in.get<bool>());
      break;
    }
    case Kind::bench: bench(); break;
    case Kind::helped: helped_ = in.get<bool>(); break;
    case Kind::request: {
      Request request{from, 0, 0, Level::low, false, 1};
      request.throughput = decode_amount(in);
      request.load_s = decode_amount(in);
      request.level = decode_level(in);
      request.may_start = in.get<bool>();
      request.slots = in.get<std::uint32_t>();
      on_request(request);
      break;
    }
    case Kind::grant: {
      const auto number = in.get<std::uint32_t>();
      const auto tasks = decode_tasks(in);
      const auto moves = decode_numbers(in);
      on_grant(from, number, tasks, moves, decode_histories(in));
      break;
    }
    case Kind::refuse: on_refuse(decode_numbers(in)); break;
    case Kind::accept: on_accept(from, in.get<std::uint32_t>()); break;
    default: throw Error{fmt::format("rank {} sent a message of unknown kind {}", from, static_cast<int>(kind))};
  }
}

Report Scheduler::Impl::make_report() {
  Report report;
  report.rate = speed_.rate();
  report.slots = static_cast<std::uint32_t>(settings_.slots);
  for (const auto engine_class : {EngineClass::engine, EngineClass::fallback})
    report.load_s[static_cast<std::size_t>(engine_class)] = queue_of(engine_class).cost_s(level_) / throughput();
  std::size_t lent = 0;
  for (const auto& loan : lent_) lent += loan.tasks.size();
  report.unstarted = static_cast<std::uint32_t>(unstarted() + lent);
  report.held = static_cast<std::uint32_t>(held_.size());
  report.uncommitted = static_cast<std::uint32_t>(uncommitted_.size());
  report.memory_bytes = memory_bytes_;
  report.engines_lost = engines_lost_;
  report.benched = benched_;
  report.started = reported_started_ = started_;
  report.done = std::exchange(unreported_, {});
  report.acquired = std::exchange(acquired_, {});
  report.copied = std::exchange(copied_, {});
  add_reading_pages(report);
  return report;
}

void Scheduler::Impl::report() {
  ByteWriter message;
  message.put(Kind::report);
  encode(message, make_report());
  tell(0, std::move(message).bytes());
  accept_loans();
}

void Scheduler::Impl::accept_loans() {
  for (const auto& [victim, number] : std::exchange(accepting_, {}))
    tell(victim, std::move(ByteWriter{}.put(Kind::accept).put(number)).bytes());
}

void Scheduler::Impl::add_reading_pages(Report& report) const {
  for (const auto& [index, held] : held_) {
    // Not to be called back: nobody could begin it sooner.
    if (held.started_s < 0 && (held.task.alone || held.aside)) continue;
    if (held.started_s < 0)
      report.waiting_s.at(held.task.engine_class) += static_cast<double>(held.task.cost_s) / throughput();
    else
      report.reading.push_back({index, static_cast<float>(now_s_ - held.started_s), class_of(held.task)});
  }
}

/// What cannot wait for the heartbeat: the last pages of a job, and the last starts of a level.
void Scheduler::Impl::report_if_awaited() {
  const bool last_pages = dry() && !unreported_.empty();
  const bool level_ends = level_ < Level::low && queue_.size(level_) == 0 && started_ != reported_started_;
  if (last_pages || level_ends) report();
}

}  // namespace pecia::sched
