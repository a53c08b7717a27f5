#include "rank.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::sched {
namespace {

/// The estimate counts as much as so many finished pages of the document.
constexpr double trusted_pages = 2;
/// A page that loops says little of the others of its document.
constexpr double most_ratio = 4;
/// A smaller change does not move a document in the queue.
constexpr double worth_moving = 0.1;

}  // namespace

Scheduler::Impl::Impl(const Settings& settings, const plan::Share& share, const JobSize& job,
                      std::span<const plan::Share> all)
    : settings_{settings},
      job_{job},
      class_{class_of(settings, settings.rank)},
      helped_{std::ranges::count(settings.class_by_rank, EngineClass::fallback) > 0},
      level_{level_from(job, Level::urgent)},
      rest_s_{shortest_rest_s},
      random_{settings.seed + static_cast<std::uint32_t>(settings.rank) * 7919U} {
  for (const auto& task : share.tasks) queue_of(class_of(task)).add({&task, 1});
  if (settings_.rank == 0) registry_.emplace(settings_, job_, all.empty() ? std::span{&share, 1} : all, outbox_);
}

// ---- pages

void Scheduler::Impl::on_time(double now_s) {
  if (!clock_started_) {
    clock_started_ = true;
    next_heartbeat_s_ = now_s;
    if (draining_) grace_ends_s_ = now_s + settings_.drain_grace_s;
  }
  now_s_ = now_s;
  if (!waits_for_help()) unhelped_since_s_ = now_s_;
  if (now_s_ >= next_heartbeat_s_ && phase_ != Phase::finished) {
    next_heartbeat_s_ = now_s_ + settings_.heartbeat_s;
    report();
  } else {
    report_if_awaited();
  }
  seek();
  become_idle_if_so();
  if (registry_) registry_->on_time(now_s);
}

/// Near the end of its queue a rank hands out little that it cannot start: others may want it.
std::size_t Scheduler::Impl::waiting_allowed() const noexcept {
  const auto slots = static_cast<std::size_t>(settings_.slots);
  return std::clamp(queue_.size() / (2 * slots), std::size_t{1}, static_cast<std::size_t>(std::max(1, settings_.prefetch)));
}

std::optional<plan::Task> Scheduler::Impl::next_page() {
  if (!std::exchange(engine_ready_, true) && seeking_ == Seeking::rest) seeking_until_s_ = now_s_;
  const auto slots = static_cast<std::size_t>(settings_.slots);
  const bool one_by_one = settings_.stealing == Stealing::page;
  if (!works() || benched_ || holds_alone() || holding() >= slots + (one_by_one ? 0 : waiting_allowed())) return std::nullopt;
  const bool by_speed = settings_.short_first && speed_.rate() == 0 && job_.pages > static_cast<std::uint64_t>(settings_.size);
  const bool is_short = by_speed && short_pages_ < slots + static_cast<std::size_t>(settings_.prefetch);
  const auto last = in_flight() == 0 ? level_ : std::min(level_, Level::low);
  auto task = draw(last, is_short);
  while (task && has_in_hand(task->index)) task = draw(last, false);
  if (is_short) ++short_pages_;
  if (task) {
    const auto learned = learned_.find(task->page.document);
    held_.insert_or_assign(task->index, Held{*task, learned == learned_.end() ? 1 : learned->second.applied});
  }
  seek();
  return task;
}

std::optional<plan::Task> Scheduler::Impl::draw(Level last, bool is_short) {
  if (begins_others(last)) return others_.next(last);
  return is_short ? queue_.next_short(last) : queue_.next(last);
}

bool Scheduler::Impl::holds_alone() const noexcept {
  return (held_.size() == 1 && held_.begin()->second.task.alone) ||
         (uncommitted_.size() == 1 && uncommitted_.begin()->second.task.alone);
}

/// A page may come back, stolen or as a copy, while it is still being read here, or is to be cancelled.
bool Scheduler::Impl::has_in_hand(std::uint32_t index) {
  const auto held = held_.find(index);
  if (held == held_.end()) return uncommitted_.contains(index);
  held->second.revoked = false;
  return true;
}

void Scheduler::Impl::on_started(std::uint32_t index) {
  const auto held = held_.find(index);
  if (held == held_.end() || held->second.started_s >= 0) return;
  if (registry_ && started_ == decltype(started_){}) registry_->on_first_page();
  on_due(index);
  held->second.started_s = now_s_;
  ++reading_;
  count_as_started(held->second);
}

void Scheduler::Impl::count_as_started(Held& page) {
  if (page.counted || given_up(page.task)) return;
  page.counted = true;
  ++started_.at(static_cast<std::size_t>(level_of(page.task)));
}

/// It leaves `held_`.
void Scheduler::Impl::stop_holding(const Held& page) {
  reading_ -= page.started_s >= 0 ? 1 : 0;
  aside_ -= page.aside ? 1 : 0;
}

/// Pages of later levels do not wait for it.
void Scheduler::Impl::on_set_aside(std::uint32_t index) {
  const auto held = held_.find(index);
  if (held == held_.end() || held->second.aside) return;
  stop_holding(held->second);
  held->second.started_s = -1;
  held->second.aside = true;
  ++aside_;
  count_as_started(held->second);
  if (seeking_ == Seeking::rest && reading_ < static_cast<std::size_t>(settings_.slots)) seeking_until_s_ = now_s_;
  seek();
}

void Scheduler::Impl::on_due(std::uint32_t index) {
  const auto held = held_.find(index);
  if (held == held_.end() || !held->second.aside) return;
  held->second.aside = false;
  --aside_;
}

void Scheduler::Impl::on_finished(std::uint32_t index, double seconds) {
  auto held = held_.extract(index);
  if (held.empty()) return;
  const auto& task = held.mapped().task;
  stop_holding(held.mapped());
  count_as_started(held.mapped());  // perhaps it needed no reading
  speed_.add(static_cast<double>(task.cost_s), seconds);
  if (settings_.calibrate && seconds > 0) calibrate(held.mapped(), seconds);
  uncommitted_.insert_or_assign(index, Read{task, seconds});
  if (seeking_ == Seeking::rest && reading_ < static_cast<std::size_t>(settings_.slots)) seeking_until_s_ = now_s_;
  seek();
}

/// Most of the variance is between documents: a few pages tell what the others will cost.
void Scheduler::Impl::calibrate(const Held& page, double seconds) {
  const auto& task = page.task;
  auto& learned = learned_[task.page.document];
  const double ratio = seconds * rate() / static_cast<double>(task.cost_s) * page.factor;
  learned.ratios += std::clamp(ratio, 1 / most_ratio, most_ratio);
  ++learned.pages;
  const double factor = (trusted_pages + learned.ratios) / (trusted_pages + learned.pages);
  if (std::abs(factor / learned.applied - 1) < worth_moving) return;
  queue_.scale(task.page.document, factor / learned.applied);
  learned.applied = factor;
}

void Scheduler::Impl::on_committed(std::uint32_t index, PageEnd end) {
  if (held_.contains(index)) on_finished(index, 0);
  double seconds = 0;
  if (const auto read = uncommitted_.extract(index)) seconds = read.mapped().seconds;
  unreported_.push_back({index, end, static_cast<float>(seconds)});
}

void Scheduler::Impl::on_returned(const plan::Task& task, std::string history) {
  uncommitted_.erase(task.index);
  const auto held = held_.extract(task.index);
  const bool wanted = held.empty() || !held.mapped().revoked;
  if (!held.empty()) {
    stop_holding(held.mapped());
    if (held.mapped().counted) --started_.at(static_cast<std::size_t>(level_of(task)));
  }
  if (!wanted || !works()) return;
  if (!history.empty()) histories_.insert_or_assign(task.index, History{std::move(history), given_up(task)});
  queue_of(class_of(task)).put_back(task);
}

void Scheduler::Impl::on_engine_lost(const std::string& why, bool for_good) {
  ++engines_lost_;
  ByteWriter lost;
  lost.put(Kind::lost).put_text(why).put(for_good);
  tell(0, std::move(lost).bytes());
  if (for_good) bench();
}

void Scheduler::Impl::bench() {
  if (benched_) return;
  benched_ = true;
  commands_.push_back({Command::Kind::recall});
  recalling_ = true;
  report();
}

// ---- ending

void Scheduler::Impl::on_drain_requested() {
  if (draining_) return;
  tell(0, std::move(ByteWriter{}.put(Kind::want_drain)).bytes());
  start_drain();
}

void Scheduler::Impl::on_failure(const std::string& why, ExitStatus status) {
  ByteWriter failed;
  failed.put(Kind::failed).put(status).put_text(why);
  tell(0, std::move(failed).bytes());
  start_drain();
}

void Scheduler::Impl::start_drain() {
  if (draining_) return;
  draining_ = true;
  grace_ends_s_ = now_s_ + settings_.drain_grace_s;
  take_all_away();  // unread: for the next job
  commands_.push_back({Command::Kind::drain});
}

void Scheduler::Impl::become_idle_if_so() {
  if (phase_ != Phase::working || !draining_ || !clock_started_) return;
  if (in_flight() > 0 && now_s_ < grace_ends_s_) return;
  phase_ = Phase::idle;
  report();  // before `idle`: rank 0 must know all there is when it counts
  tell(0, std::move(ByteWriter{}.put(Kind::idle)).bytes());
}

void Scheduler::Impl::close(bool drained) {
  if (phase_ == Phase::closing || phase_ == Phase::closed || phase_ == Phase::finished) return;
  phase_ = Phase::closing;
  take_all_away();
  Command command{Command::Kind::close};
  command.drained = drained;
  commands_.push_back(command);
}

void Scheduler::Impl::on_closed(const ClosedReport& closed_report) {
  phase_ = Phase::closed;
  report();
  ByteWriter closed;
  closed.put(Kind::closed);
  encode(closed, closed_report);
  tell(0, std::move(closed).bytes());
}

void Scheduler::Impl::on_bound() {
  require(registry_.has_value(), "only rank 0 binds");
  registry_->on_bound();
}

void Scheduler::Impl::finish(bool abort) {
  phase_ = Phase::finished;
  Command command{Command::Kind::finish};
  command.abort = abort;
  if (registry_) command.status = registry_->status();
  commands_.push_back(command);
}

// ---- for the owner

std::optional<Command> Scheduler::Impl::next_command() {
  if (commands_.empty()) return std::nullopt;
  const auto command = commands_.front();
  commands_.pop_front();
  return command;
}

std::optional<Outgoing> Scheduler::Impl::next_outgoing() {
  if (outgoing_.empty()) return std::nullopt;
  auto message = std::move(outgoing_.front());
  outgoing_.pop_front();
  return message;
}

double Scheduler::Impl::next_time_s() const {
  double next_s = next_heartbeat_s_;
  if (seeking_ != Seeking::nothing && hungry()) next_s = std::min(next_s, seeking_until_s_);
  if (waits_for_help() && help_overdue_s() > now_s_) next_s = std::min(next_s, help_overdue_s());
  if (draining_ && phase_ == Phase::working) next_s = std::min(next_s, grace_ends_s_);
  return phase_ == Phase::finished ? std::numeric_limits<double>::infinity() : next_s;
}

}  // namespace pecia::sched
