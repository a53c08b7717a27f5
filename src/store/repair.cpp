#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "findings.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/store/writer.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
/// A shard that was joined of many would not fit into memory.
constexpr std::size_t records_at_once = 4096;
/// A living holder has written its lock anew by then.
constexpr std::chrono::seconds unreadable_lock{12};

bool lock_is_unreadable(const RunPaths& run) { return fs::exists(run.lock()) && !read_holder(run); }

class Repair {
 public:
  Repair(const RunPaths& run, const VerifyOptions& options, LockSettings lock)
      : run_{run}, options_{options}, odd_lock_{stays_unreadable()}, lock_{run, with(lock, odd_lock_)} {
    options_.deep = true;
    if (lock_.taken_over()) std::this_thread::sleep_for(orphans_end);
    report_.epoch = take_next_epoch(run_);
    if (odd_lock_) report_.done.push_back("lock.json did not say who holds the run: it is removed");
  }

  RepairReport operator()() {
    found_ = look_at(run_, options_);
    // Orphans of a manifest that may come back stay: so do the pages that were read.
    drop_orphans_ = found_.ledger && found_.ledger->end != "repaired" && !found_.manifest_short();
    for (const auto& file : found_.bad) set_aside(file.path, file.problem);
    for (const auto& lost : found_.lost) report_.done.push_back(lost);
    for (std::uint32_t n = 0; n < found_.files.size(); ++n) repair_file(n);
    repair_index();
    write_down();
    return report_;
  }

 private:
  [[nodiscard]] bool stays_unreadable() const {
    const auto until = std::chrono::steady_clock::now() + unreadable_lock;
    while (lock_is_unreadable(run_)) {
      if (std::chrono::steady_clock::now() > until) return true;
      std::this_thread::sleep_for(std::chrono::seconds{1});
    }
    return false;
  }

  static LockSettings with(LockSettings lock, bool break_lock) {
    lock.break_lock = lock.break_lock || break_lock;
    return lock;
  }

  void move_to_quarantine(const fs::path& path) {
    check_newest(run_, report_.epoch);
    const auto relative = path.lexically_relative(run_.root);
    const auto to = quarantine(run_) / fmt::format("{:06}", report_.epoch) / relative;
    for (auto folder = run_.root; const auto& name : to.parent_path().lexically_relative(run_.root)) {
      folder /= name;
      if (fs::create_directory(folder)) sync_folder(folder.parent_path());
    }
    fs::rename(path, to);
    sync_folder(to.parent_path());
    sync_folder(path.parent_path());
  }

  void set_aside(const fs::path& path, const std::string& problem) {
    if (!fs::exists(path)) return;
    move_to_quarantine(path);
    report_.done.push_back(fmt::format("{} is set aside: {}", printable(path.lexically_relative(run_.root).native()), problem));
  }

  /// Whether a file that stays, or whose records were kept already, has this very record.
  [[nodiscard]] bool is_elsewhere(const Record& record, std::uint32_t file) const {
    const auto& entries = found_.entries;
    const auto first = std::ranges::lower_bound(entries, record.key, {}, &Entry::key);
    const auto last = std::ranges::upper_bound(entries, record.key, {}, &Entry::key);
    return std::any_of(first, last, [&](const Entry& entry) {
      const auto& other = found_.files[entry.file];
      return entry.file != file && (entry.file < file || other.problem.empty()) && !wins(entry.order, record.order) &&
             !wins(record.order, entry.order);
    });
  }

  [[nodiscard]] bool has_orphans(std::uint32_t file) const {
    return std::ranges::any_of(found_.entries,
                               [&](const Entry& entry) { return entry.file == file && found_.is_orphan(entry.key); });
  }

  void repair_file(std::uint32_t n) {
    auto& file = found_.files[n];
    if (file.problem.empty() && drop_orphans_ && has_orphans(n)) file.problem = "it has records of pages that the manifest does not have";
    if (file.problem.empty()) return;
    if (file.lacks_sum) {
      check_newest(run_, report_.epoch);
      write_sum(file.path);
      report_.done.push_back(fmt::format("the checksum file of shard {} was missing; all its records are sound, so it is written anew", file.name()));
      return;
    }
    const auto kept = keep_records(n);
    const auto sum = fs::path{file.path.string() + ".sum"};
    move_to_quarantine(file.path);
    if (file.sealed && fs::exists(sum)) move_to_quarantine(sum);
    report_.done.push_back(fmt::format("{} {} is set aside: {}. {}", file.sealed ? "shard" : "journal segment", file.name(), file.problem, kept));
  }

  /// In words. A shard of what can be kept is whole before the damaged file goes: nothing hangs on being killed.
  std::string keep_records(std::uint32_t n) {
    const auto& file = found_.files[n];
    std::uint64_t kept = 0, elsewhere = 0, orphans = 0;
    ShardWriter writer;
    const auto write = [&] {
      if (writer.empty()) return;
      kept += writer.rows();
      Provenance provenance;
      provenance.job_name = "repair";
      provenance.epoch = report_.epoch;
      const auto sealed = file.name();
      check_newest(run_, report_.epoch);
      writer.write(run_.shards() / fmt::format("{:06}-s-{:05}.h5", report_.epoch, ++shards_), provenance, {&sealed, 1});
      writer = ShardWriter{};
    };
    try {
      for_each_record(file, [&](Record&& record) {
        if (drop_orphans_ && found_.is_orphan(record.key)) {
          ++orphans;
        } else if (is_elsewhere(record, n)) {
          ++elsewhere;
        } else {
          writer.add(record);
          if (writer.rows() == records_at_once) write();
        }
      });
    } catch (const Error&) {
      // It cannot be read any further, as was found before.
    }
    write();
    auto words = fmt::format("{} kept in new shards", plural(kept, "record"));
    if (elsewhere > 0) words += fmt::format(", {} in other files too", elsewhere);
    if (orphans > 0) words += fmt::format(", {} of no page left out", orphans);
    return words;
  }

  void repair_index() {
    bool current = false;
    auto now = look_at(run_, {});
    if (!now.index_problem.empty()) set_aside(run_.corpus_index(), now.index_problem);
    else if (!found_.index_problem.empty()) set_aside(run_.corpus_index(), found_.index_problem);  // seen by reading all of it
    else current = now.indexed;
    if (current || now.manifest_short() || !now.pending_pages().empty() || now.manifest.pages() == 0) return;
    (void)seal_leftovers(run_, report_.epoch, {"sealed by a repair", "", "", "", ""});
    (void)bind_corpus(run_, report_.epoch, {});
    report_.done.push_back("corpus.h5 is written anew");
  }

  /// What there is now is what the run promises from now on.
  void write_down() {
    if (report_.done.empty()) return;
    const auto now = look_at(run_, {});
    Ledger ledger;
    ledger.epoch = report_.epoch;
    if (const auto holder = read_holder(run_)) {
      ledger.host = holder->host;
      ledger.slurm_job = holder->slurm_job;
    }
    std::uint64_t pending = 0, orphans = 0;
    for (const auto& document : now.pending_pages()) pending += document.pages.size();
    for (const auto& entry : now.entries) orphans += now.is_orphan(entry.key) ? 1 : 0;
    ledger.pages = std::max(now.manifest.pages() + orphans, found_.manifest_short() && found_.ledger ? found_.ledger->pages : 0);
    // The manifest may have lost documents of which nothing was read.
    if (found_.manifest_damaged) ledger.pages = std::max(ledger.pages, now.manifest.pages() + 1);
    ledger.done_at_start = ledger.done = now.manifest.pages() - pending;
    ledger.end = "repaired";
    for (const auto& file : now.files) (file.sealed ? ledger.shards : ledger.segments).push_back({file.name(), file.rows, file.bytes});
    ledger.manifest = list_manifest(run_);
    write_ledger(run_, ledger);
  }

  RunPaths run_;
  VerifyOptions options_;
  bool odd_lock_;
  RunLock lock_;
  RepairReport report_;
  Findings found_;
  bool drop_orphans_ = false;
  std::uint32_t shards_ = 0;
};

}  // namespace

RepairReport repair(const RunPaths& run, const VerifyOptions& options, const LockSettings& lock) {
  return Repair{run, options, lock}();
}

}  // namespace pecia::store
