#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "messages.hpp"
#include "page_queue.hpp"
#include "pecia/sched/scheduler.hpp"
#include "registry.hpp"
#include "speed.hpp"

namespace pecia::sched {

/// How long a thief that found nothing rests at first.
constexpr double shortest_rest_s = 0.1;
/// Pages that wait for their next attempt, beside which as many others are handed out as else.
constexpr std::size_t most_aside = 1000;

/// One rank's part of the protocol; on rank 0 the registry beside it, which is told and tells by
/// messages like any other.
class Scheduler::Impl {
 public:
  Impl(const Settings& settings, const plan::Share& share, const JobSize& job, std::span<const plan::Share> all);

  void on_message(int from, std::span<const std::byte> message);
  void on_time(double now_s);
  void on_started(std::uint32_t index);
  void on_finished(std::uint32_t index, double seconds);
  void on_committed(std::uint32_t index, PageEnd end);
  void on_set_aside(std::uint32_t index);
  void on_due(std::uint32_t index);
  void on_returned(const plan::Task& task, std::string history);
  void on_given_up(std::uint32_t index, std::string history);
  void on_recalled();
  void on_engine_lost(const std::string& why, bool for_good);
  void on_drain_requested();
  void on_failure(const std::string& why, ExitStatus status);
  void on_closed(const ClosedReport& report);
  void on_bound();
  void set_memory_bytes(std::uint64_t bytes) { memory_bytes_ = bytes; }

  [[nodiscard]] std::optional<plan::Task> next_page();
  [[nodiscard]] std::string history_of(const plan::Task& task) const;
  [[nodiscard]] std::optional<Command> next_command();
  [[nodiscard]] std::optional<Outgoing> next_outgoing();
  [[nodiscard]] double next_time_s() const;
  /// Hands messages of this rank to itself; to be called after every event.
  void settle();

  [[nodiscard]] Registry* registry() noexcept { return registry_ ? &*registry_ : nullptr; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  [[nodiscard]] bool dry() const noexcept { return dry_ && queue_.size(level_) == 0; }
  [[nodiscard]] std::size_t unstarted() const noexcept { return queue_.size() + others_.size(); }
  [[nodiscard]] std::size_t in_flight() const noexcept { return held_.size() + uncommitted_.size(); }

 private:
  friend struct test::SchedulerProbe;
  enum class Phase { working, idle, closing, closed, finished };
  /// What a rank without work is waiting for.
  enum class Seeking { nothing, offer, grant, rest };
  /// A page handed out that has no outcome.
  struct Held {
    plan::Task task;
    double factor = 1;      ///< that its cost had been multiplied with, by what was learned
    double started_s = -1;  ///< < 0: waits for the engine, or for another attempt
    bool aside = false;     ///< until its next attempt is due
    bool counted = false;   ///< among those of its level that were started
    bool revoked = false;   ///< cancelled: not wanted back
    bool copied = false;    ///< another rank reads it, too
  };
  struct Read {
    plan::Task task;
    double seconds;
  };
  struct Loan {
    std::uint32_t number;
    int thief;
    std::vector<plan::Task> tasks;
  };
  struct Request {
    int thief;
    double throughput;
    double load_s;  ///< of what it has not started
    Level level;
    bool may_start;  ///< a slot of its engine is free
    std::uint32_t slots;
  };

  /// What the finished pages of a document say of those left.
  struct Learned {
    double ratios = 0;  ///< sum of (what a page cost / what was expected)
    int pages = 0;
    double applied = 1;  ///< to its pages in the queue
  };

  [[nodiscard]] bool has_in_hand(std::uint32_t index);
  [[nodiscard]] std::optional<plan::Task> draw(Level last, bool is_short);

  // classes.cpp: pages of the job's engine and of its fallback
  [[nodiscard]] PageQueue& queue_of(EngineClass engine_class) noexcept { return engine_class == class_ ? queue_ : others_; }
  void merge(const std::vector<plan::Task>& tasks);
  void drop(const std::function<bool(const plan::Task&)>& unwanted);
  void take_all_away();
  [[nodiscard]] bool given_up(const plan::Task& task) const;
  [[nodiscard]] const History* find_history(const plan::Task& task) const;
  [[nodiscard]] Histories histories_of(std::span<const plan::Task> tasks) const;
  void keep(Histories histories);
  /// Whether a rank may read pages of a class now.
  [[nodiscard]] bool reads(int rank, EngineClass engine_class) const noexcept {
    const auto own = class_of(settings_, rank);
    return own == engine_class || (own == EngineClass::engine && !helped_);
  }
  [[nodiscard]] bool waits_for_help() const noexcept;
  [[nodiscard]] double help_overdue_s() const noexcept { return unhelped_since_s_ + settings_.suspect_s; }
  [[nodiscard]] bool begins_others(Level last) const noexcept;
  void calibrate(const Held& page, double seconds);
  void tell(int to, Bytes message) { outbox_.push_back({to, std::move(message)}); }
  void dispatch(int from, Kind kind, ByteReader& in);
  [[nodiscard]] Report make_report();
  void report();
  void accept_loans();
  void report_if_awaited();
  void add_reading_pages(Report& report) const;
  void close(bool drained);
  void finish(bool abort);
  void start_drain();
  void become_idle_if_so();
  void bench();
  [[nodiscard]] bool works() const noexcept { return phase_ == Phase::working && !draining_; }
  /// Pages handed out that are read, or wait for the engine. Those that were set aside take no place, as long as
  /// they are not too many.
  [[nodiscard]] std::size_t holding() const noexcept { return held_.size() - std::min(aside_, most_aside); }
  void count_as_started(Held& page);
  void stop_holding(const Held& page);
  [[nodiscard]] std::size_t waiting_allowed() const noexcept;
  /// A page that is read alone is in flight: nothing else is, and nothing may be begun.
  [[nodiscard]] bool holds_alone() const noexcept;
  [[nodiscard]] double rate() const noexcept { return speed_.rate() > 0 ? speed_.rate() : 1; }
  [[nodiscard]] double throughput() const noexcept { return rate() * settings_.slots; }

  // stealing.cpp: thief
  [[nodiscard]] bool hungry() const noexcept;
  /// A rank whose engine still loads has not asked for a page yet; the last ones are not for it.
  [[nodiscard]] bool may_start() const noexcept {
    if (level_ == Level::alone) return engine_ready_ && in_flight() == 0;
    return engine_ready_ && holding() < static_cast<std::size_t>(settings_.slots);
  }
  void seek();
  void ask();
  void request_next();
  void rest();
  void on_offer(std::vector<std::uint32_t> ranks);
  void on_refuse(const std::vector<std::uint32_t>& ranks);
  void on_grant(int from, std::uint32_t number, const std::vector<plan::Task>& tasks,
                const std::vector<std::uint32_t>& moves, Histories histories);
  void on_copy(const plan::Task& task, std::uint32_t moves);
  void on_adopt(const std::vector<plan::Task>& tasks, const std::vector<std::uint32_t>& moves);
  void take_over(const std::vector<plan::Task>& tasks, const std::vector<std::uint32_t>& moves);
  [[nodiscard]] std::uint32_t moves_of(std::uint32_t index) const;
  // stealing.cpp: victim
  void on_request(const Request& request);
  [[nodiscard]] bool grant(const Request& request);
  [[nodiscard]] std::vector<plan::Task> pages_for(const Request& request);
  [[nodiscard]] bool holds_waiting_for(int thief) const;
  [[nodiscard]] bool copy_for(const Request& request);
  void refuse(int thief);
  void on_accept(int from, std::uint32_t number);
  void on_suspect(int rank, bool suspect);
  void on_revoke(const std::vector<Move>& pages);

  Settings settings_;
  JobSize job_;
  EngineClass class_;
  PageQueue queue_;   ///< of this rank's class
  PageQueue others_;  ///< of the other class: to be fetched by ranks that have it
  Histories histories_;  ///< also of pages that are gone: they may come back as copies
  bool helped_;                  ///< a rank of the fallback takes pages of its class
  double unhelped_since_s_ = 0;  ///< this rank could begin nothing but `others_`, and nobody fetched them
  std::unordered_map<std::uint32_t, Held> held_;
  std::unordered_map<std::uint32_t, Read> uncommitted_;
  bool engine_ready_ = false;    ///< a page has been asked for
  std::size_t reading_ = 0;      ///< of `held_`, those in the engine
  std::size_t aside_ = 0;        ///< of `held_`, those that wait for another attempt
  std::size_t short_pages_ = 0;  ///< handed out to learn the speed by
  Speed speed_;
  std::unordered_map<std::uint32_t, Learned> learned_;  ///< by document
  Level level_;
  std::array<std::uint32_t, levels> started_{}, reported_started_{};
  std::vector<DonePage> unreported_;
  std::vector<Move> acquired_;
  std::vector<CopiedPage> copied_;
  std::unordered_map<std::uint32_t, std::uint32_t> moves_;  ///< Move::moves of pages that came from others
  std::uint64_t memory_bytes_ = 0;
  std::uint32_t engines_lost_ = 0;
  bool benched_ = false;

  Seeking seeking_ = Seeking::nothing;
  double seeking_until_s_ = 0;
  std::deque<std::uint32_t> victims_;  ///< to be asked next
  int asked_rank_ = -1;
  int refusals_ = 0;
  double rest_s_;
  std::minstd_rand random_;
  bool dry_ = false;  ///< the last search found nothing

  std::vector<std::pair<int, std::uint32_t>> accepting_;  ///< loans, by victim and number
  std::vector<Loan> lent_;
  std::map<std::uint32_t, std::vector<Move>> reclaimed_;  ///< loans to ranks that had stopped
  std::uint32_t next_loan_ = 0;
  std::vector<Request> pending_;  ///< wait for pages that are called back
  bool recalling_ = false;
  std::vector<std::uint32_t> known_rich_;  ///< ranks that had work when last heard of; for refusals
  std::set<int> suspects_;

  double now_s_ = 0;
  bool clock_started_ = false;
  double next_heartbeat_s_ = 0;
  double grace_ends_s_ = 0;
  bool draining_ = false;
  Phase phase_ = Phase::working;
  std::deque<Command> commands_;
  std::deque<Outgoing> outbox_, outgoing_;
  std::optional<Registry> registry_;  ///< rank 0; it writes to `outbox_`
};

}  // namespace pecia::sched
