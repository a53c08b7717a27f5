#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/sched/types.hpp"

namespace pecia::sched {

/// What ranks say to each other. The first byte of a message is its kind.
enum class Kind : std::uint8_t {
  // any rank -> 0
  report = 1,  ///< Report: at every heartbeat, and before anything else that rank 0 is told
  ask,         ///< bool: whether the sender, which has nothing unstarted, could start a page; Report
  idle,        ///< draining, and nothing is in flight any more
  want_drain,
  failed,  ///< ExitStatus, text: why
  lost,    ///< text: why its engine was lost, bool: for good
  closed,  ///< ClosedReport
  // 0 -> a rank
  drain,
  offer,    ///< ranks that have work, the richest first; none: ask later
  copy,     ///< Task, its moves, what is known of it: in flight elsewhere; to be read here too, at once. Also from its rank
  adopt,    ///< tasks that nobody answers for, their moves: the receiver's now
  revoke,   ///< Move per page that is done or somebody else's: not to be read, unless it came back since
  level,    ///< Level: pages up to it may start
  suspect,  ///< rank, bool: whether it has stopped answering
  bench,    ///< the receiver gets no more pages
  helped,   ///< bool: whether a rank of the fallback takes pages of its class
  close,    ///< bool: drained
  finish,   ///< bool: abort
  // thief <-> victim
  request,  ///< throughput of the thief, its load in s, its level, bool: whether it could start a page, its slots
  grant,    ///< number of the loan, tasks, their moves, what is known of them
  refuse,   ///< ranks that may have work
  accept,   ///< number of the loan: its pages are the thief's
};

/// How often a page had changed hands. Rank 0 hears of that from several ranks, in any order: the
/// later move counts.
struct Move {
  std::uint32_t index = 0;
  std::uint32_t moves = 0;
};
constexpr std::uint32_t any_moves = 0xffffffff;

/// What the owner of a page that the engine gave up wants to know of it again, by the page's index.
struct History {
  std::string said;       ///< by the owner, to whoever begins the page next
  bool given_up = false;  ///< the engine gave it up; else it came back between two attempts
};
using Histories = std::map<std::uint32_t, History>;

/// A page that left the journal's fsync behind it.
struct DonePage {
  std::uint32_t index = 0;
  PageEnd end = PageEnd::good;
  float seconds = 0;  ///< that reading it took; 0 where nothing was read
};

/// A page in flight that another rank reads, too.
struct CopiedPage {
  std::uint32_t index = 0;
  int by = 0;  ///< the other rank
  std::uint32_t moves = 0;  ///< of the page when it was copied
};

/// A page in the hands of an engine.
struct ReadingPage {
  std::uint32_t index = 0;
  float elapsed_s = 0;
  EngineClass engine_class = EngineClass::engine;  ///< of the page
};

/// Of pages of each class.
using ByClass = std::array<double, engine_classes>;

/// All that rank 0 knows of a rank comes with these.
struct Report {
  ByClass load_s{};     ///< of what is not started (up to the level that may start), at this rank's speed
  ByClass waiting_s{};  ///< of what is handed out and waits for the engine
  double rate = 0;         ///< expected seconds that one of its slots reads in a second; 0: not known
  std::uint32_t slots = 1;
  std::uint32_t unstarted = 0, held = 0, uncommitted = 0;  ///< pages; lent ones are unstarted
  std::uint64_t memory_bytes = 0;
  std::uint32_t engines_lost = 0;
  bool benched = false;
  std::array<std::uint32_t, levels> started{};  ///< so far, by level
  std::vector<DonePage> done;          ///< since the last report
  std::vector<Move> acquired;          ///< pages stolen, or taken back, since the last report
  std::vector<CopiedPage> copied;      ///< given to others to be read there too, since the last report
  std::vector<ReadingPage> reading;
};

// These throw `Error` for what no rank sends: a value that is none of its type would do harm later.
[[nodiscard]] Level decode_level(ByteReader& in);
[[nodiscard]] ExitStatus decode_status(ByteReader& in);
[[nodiscard]] double decode_amount(ByteReader& in);
[[nodiscard]] EngineClass decode_class(ByteReader& in);

void encode(ByteWriter& out, const Report& report);
[[nodiscard]] Report decode_report(ByteReader& in);
void encode(ByteWriter& out, const ClosedReport& report);
[[nodiscard]] ClosedReport decode_closed(ByteReader& in);
void encode(ByteWriter& out, const std::vector<plan::Task>& tasks);
[[nodiscard]] plan::Task decode_task(ByteReader& in);
[[nodiscard]] std::vector<plan::Task> decode_tasks(ByteReader& in);
void encode(ByteWriter& out, const std::vector<Move>& pages);
[[nodiscard]] std::vector<Move> decode_moves(ByteReader& in);
void encode(ByteWriter& out, const Histories& histories);
[[nodiscard]] Histories decode_histories(ByteReader& in);
/// Ranks, or as many moves as there are tasks before.
void encode(ByteWriter& out, const std::vector<std::uint32_t>& numbers);
[[nodiscard]] std::vector<std::uint32_t> decode_numbers(ByteReader& in);

}  // namespace pecia::sched
