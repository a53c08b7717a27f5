#include "pecia/sched/scheduler.hpp"

#include <utility>

#include "rank.hpp"

namespace pecia::sched {

Scheduler::Scheduler(const Settings& settings, const plan::Share& share, const JobSize& job,
                     std::span<const plan::Share> all)
    : impl_{std::make_unique<Impl>(settings, share, job, all)} {}
Scheduler::~Scheduler() = default;
Scheduler::Scheduler(Scheduler&&) noexcept = default;

void Scheduler::on_message(int from, std::span<const std::byte> message) {
  impl_->on_message(from, message);
  impl_->settle();
}
void Scheduler::on_time(double now_s) {
  impl_->on_time(now_s);
  impl_->settle();
}
void Scheduler::on_started(std::uint32_t index) { impl_->on_started(index); }
void Scheduler::on_finished(std::uint32_t index, double seconds) {
  impl_->on_finished(index, seconds);
  impl_->settle();
}
void Scheduler::on_committed(std::uint32_t index, PageEnd end) { impl_->on_committed(index, end); }
void Scheduler::on_set_aside(std::uint32_t index) {
  impl_->on_set_aside(index);
  impl_->settle();
}
void Scheduler::on_due(std::uint32_t index) { impl_->on_due(index); }
void Scheduler::on_returned(const plan::Task& task, std::string history) {
  impl_->on_returned(task, std::move(history));
}
void Scheduler::on_given_up(std::uint32_t index, std::string history) {
  impl_->on_given_up(index, std::move(history));
  impl_->settle();
}
void Scheduler::on_recalled() {
  impl_->on_recalled();
  impl_->settle();
}
void Scheduler::on_engine_lost(const std::string& why, bool for_good) {
  impl_->on_engine_lost(why, for_good);
  impl_->settle();
}
void Scheduler::on_drain_requested() {
  impl_->on_drain_requested();
  impl_->settle();
}
void Scheduler::on_failure(const std::string& why, ExitStatus status) {
  impl_->on_failure(why, status);
  impl_->settle();
}
void Scheduler::on_closed(const ClosedReport& report) {
  impl_->on_closed(report);
  impl_->settle();
}
void Scheduler::on_bound() {
  impl_->on_bound();
  impl_->settle();
}
void Scheduler::set_memory_bytes(std::uint64_t bytes) { impl_->set_memory_bytes(bytes); }

std::optional<plan::Task> Scheduler::next_page() {
  const auto task = impl_->next_page();
  impl_->settle();
  return task;
}
std::string Scheduler::history_of(const plan::Task& task) const { return impl_->history_of(task); }
std::optional<Command> Scheduler::next_command() { return impl_->next_command(); }
std::optional<Outgoing> Scheduler::next_outgoing() { return impl_->next_outgoing(); }
std::optional<std::vector<ClosedReport>> Scheduler::all_closed() {
  return impl_->registry() ? impl_->registry()->all_closed() : std::nullopt;
}
std::vector<FinishedPage> Scheduler::take_finished() {
  return impl_->registry() ? impl_->registry()->take_finished() : std::vector<FinishedPage>{};
}
double Scheduler::next_time_s() const { return impl_->next_time_s(); }

bool Scheduler::draining() const noexcept { return impl_->draining(); }
bool Scheduler::dry() const noexcept { return impl_->dry(); }
const Progress& Scheduler::progress() const noexcept {
  static const Progress unknown;
  return impl_->registry() ? impl_->registry()->progress() : unknown;
}
const std::vector<std::string>& Scheduler::failures() const noexcept {
  static const std::vector<std::string> unknown;
  return impl_->registry() ? impl_->registry()->failures() : unknown;
}
const std::vector<std::string>& Scheduler::warnings() const noexcept {
  static const std::vector<std::string> unknown;
  return impl_->registry() ? impl_->registry()->warnings() : unknown;
}
std::size_t Scheduler::unstarted() const noexcept { return impl_->unstarted(); }
std::size_t Scheduler::in_flight() const noexcept { return impl_->in_flight(); }

}  // namespace pecia::sched
