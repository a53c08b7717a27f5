#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/sched/types.hpp"

namespace pecia::test {
struct SchedulerProbe;
}  // namespace pecia::test

namespace pecia::sched {

/// The owner of a page that is not of this job.
constexpr std::uint32_t nobody = 0xffffffff;

/// What rank 0 knows and decides: whose every page is and whether it is done, who has work for whom,
/// who has stopped answering, which level may start, and when the job ends.
class Registry {
 public:
  /// Messages go to `out`; those for rank 0 itself too.
  Registry(const Settings& settings, const JobSize& job, std::span<const plan::Share> all,
           std::deque<Outgoing>& out);

  /// Throws `Error` if the message is malformed. `kind`: one of those for rank 0.
  void on_message(int from, Kind kind, ByteReader& in);
  void on_time(double now_s);
  void on_first_page() noexcept { progress_.first_started_s = now_s_; }
  /// Messages between rank 0 and others, of whatever kind.
  void count_sent() noexcept { ++progress_.messages; }
  void count_received(int from, Kind kind);
  void on_failure(int rank, const std::string& why, ExitStatus status);
  void on_bound();
  [[nodiscard]] std::optional<std::vector<ClosedReport>> all_closed();
  [[nodiscard]] std::vector<FinishedPage> take_finished() { return std::exchange(finished_, {}); }

  [[nodiscard]] const Progress& progress() const noexcept { return progress_; }
  [[nodiscard]] const std::vector<std::string>& failures() const noexcept { return failures_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  [[nodiscard]] ExitStatus status() const;

 private:
  friend struct test::SchedulerProbe;
  struct Peer {
    double last_heard_s = 0, reported_s = 0, counted_heartbeat_s = -1e9;
    ByClass load_s{};  ///< of pages of each class that it has not started
    ByClass listed_load_s{}, listed_waiting_s{};  ///< as in `rich_` and `waiting_`; 0: not there
    double rate = 0;
    std::uint32_t slots = 1, uncommitted = 0;
    std::uint64_t good = 0, failed_in_row = 0;
    std::set<std::uint32_t> failed_documents;  ///< in that row
    std::array<std::uint32_t, levels> started{};
    std::vector<ReadingPage> reading;
    bool heard = false, idle = false, closed = false;
    ClosedReport report;
  };
  /// A page in flight that might be finished sooner by another rank.
  struct Candidate {
    double remaining_s;
    std::uint32_t index;
    int rank;
    EngineClass engine_class;
  };
  using Rich = std::set<std::pair<double, int>, std::greater<>>;

  void tell(int to, Bytes message);
  void tell_all(const Bytes& message);
  void hear(int from);
  void on_report(int from, Report report);
  void on_ask(int from, bool may_start);
  void on_engine_lost(int from, const std::string& why, bool for_good);
  void revoke(int from, const std::vector<Move>& pages);
  void on_copied(const CopiedPage& page);
  void on_acquired(int from, const std::vector<Move>& pages);
  void count(int from, const DonePage& page);
  void judge(int from, const DonePage& page);
  [[nodiscard]] bool nobody_reads() const;
  void advance_level();
  [[nodiscard]] bool only_alone_left() const;
  static void list(Rich& rich, double& listed_s, double now_s, int rank);
  void set_load(int rank, EngineClass engine_class, double load_s);
  void set_waiting(int rank, EngineClass engine_class, double waiting_s);
  [[nodiscard]] bool reads(int rank, EngineClass engine_class) const noexcept {
    const auto own = class_of(settings_, rank);
    return own == engine_class || (own == EngineClass::engine && !helped_);
  }
  void look_for_helpers();
  [[nodiscard]] std::vector<std::uint32_t> richest(const Rich& rich, int but) const;
  void reckon_with_theft(int victim, int thief, EngineClass engine_class);
  [[nodiscard]] bool answer(int from, bool may_start);
  [[nodiscard]] bool answer_with_pages(int from, EngineClass engine_class, bool may_start);
  [[nodiscard]] bool answer_with_a_copy(int from);
  void find_usual_rate();
  void serve_hungry();
  void rebalance(EngineClass engine_class);
  [[nodiscard]] const Candidate* page_to_copy(int thief);
  void note_copy(const CopiedPage& page);
  void list_candidates();
  void look_for_silent();
  void suspect(int rank);
  void trust_again(int rank);
  void adopt_pages_of_nobody();
  void give_out(const std::function<bool(std::uint32_t owner)>& of, int away_from);
  void start_drain();
  void advance_ending();
  [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }
  [[nodiscard]] RankState& state(int rank) { return progress_.ranks[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] Peer& peer(int rank) { return peers_[static_cast<std::size_t>(rank)]; }

  Settings settings_;
  JobSize job_;
  std::deque<Outgoing>* out_;
  Progress progress_;
  std::vector<std::string> failures_, warnings_;
  ExitStatus failure_status_ = ExitStatus::error;
  std::vector<Peer> peers_;
  std::vector<plan::Task> tasks_;     ///< by index; those that are not of this job have no owner
  std::vector<std::uint32_t> owner_;  ///< by index
  std::vector<std::uint32_t> moves_;  ///< by index: of which `owner_` was the last that is known of
  std::vector<bool> done_;            ///< by index
  std::array<std::int64_t, levels> started_{};
  std::array<std::uint64_t, levels> done_by_level_{};
  Level level_;
  std::array<std::uint64_t, engine_classes> left_{};  ///< pages of each class, as planned, that are not done
  std::array<Rich, engine_classes> rich_, waiting_;   ///< by class of the pages: (expected time, rank), most first
  bool helped_;  ///< there is a rank of the fallback that reads
  std::unordered_map<std::uint32_t, std::vector<CopiedPage>> copies_;  ///< who else reads a page
  std::vector<Candidate> candidates_;  ///< largest remainder last
  double candidates_listed_s_ = -1e9;
  std::unordered_map<std::uint32_t, double> offered_s_;  ///< when a page was last offered to be copied
  std::set<int> hungry_;  ///< ranks for whom there was nothing
  double nobody_holds_since_s_ = -1;
  std::vector<FinishedPage> finished_;
  double usual_rate_ = 0;  ///< median over ranks
  double now_s_ = 0, next_look_s_ = 0;
  bool clock_started_ = false;
  bool draining_ = false, close_said_ = false, reports_ready_ = false, reports_taken_ = false;
  bool drained_ = false;  ///< as said with `close`
};

}  // namespace pecia::sched
