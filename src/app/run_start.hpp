#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pecia/app/job.hpp"
#include "pecia/app/run.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/report/status.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/run.hpp"
#include "poison.hpp"
#include "probing.hpp"
#include "to_read.hpp"

namespace pecia::app {

/// Counts of a run's pages, for status and exit status.
struct Tally {
  std::uint64_t documents = 0, pages = 0, done = 0, failed = 0, skipped = 0;
  std::map<std::string, std::uint64_t> by_state, by_reason;
};
[[nodiscard]] Tally tally(const corpus::Manifest& manifest, const store::Contents& contents);

/// What rank 0 does before pages are given out. Holds the run's lock from construction on.
class RunStart {
 public:
  /// Lists the corpus, makes or opens the run directory, takes lock and epoch, seals what earlier
  /// jobs left. Throws `UsageError` for what the user can mend.
  RunStart(const Job& job, const RunOptions& options, int ranks);

  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }
  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }
  [[nodiscard]] const std::vector<ToProbe>& to_probe() const noexcept { return to_probe_; }
  /// Takes in what was probed, writes the manifest segment, and finds the pages that are to be read.
  void add_documents(std::vector<corpus::Document> probed);

  [[nodiscard]] const corpus::Manifest& manifest() const noexcept { return manifest_; }
  /// By state and reason without the pages that are read again.
  [[nodiscard]] const Tally& before() const noexcept { return before_; }
  [[nodiscard]] std::uint64_t pages_to_read() const noexcept { return to_read_.pages; }
  [[nodiscard]] double cost_s() const noexcept { return to_read_.cost_s; }
  /// What the pages' costs were estimated with; learns from finished ones.
  [[nodiscard]] corpus::CostModel& cost_model() noexcept { return cost_model_; }
  /// Of the pages that are not read again, some had failed.
  [[nodiscard]] bool failed_before() const noexcept { return to_read_.failed_before; }
  /// `hosts`: of the ranks; `by_fallback`: which of them read with it. Ranks on hosts that an earlier job of the run
  /// found slow get less.
  [[nodiscard]] std::vector<plan::Share> shares(std::span<const std::string> hosts, std::span<const std::uint8_t> by_fallback) const;
  [[nodiscard]] std::chrono::steady_clock::time_point manifest_written() const noexcept { return manifest_written_; }
  [[nodiscard]] const store::RunLock& lock() const noexcept { return *lock_; }
  /// What the job began with; once the pages to be read are known.
  [[nodiscard]] const store::Ledger& ledger() const noexcept { return ledger_; }
  /// corpus.h5 is missing, or older than what was sealed.
  [[nodiscard]] bool index_is_stale() const;

 private:
  void take_over_run();
  void check_job_against_run() const;
  void find_documents_to_probe(const corpus::Listing& listing);
  void add_trace();
  void find_pages_to_read();
  void warn_of_lost_pages() const;
  void find_pages_to_read_alone(const store::Contents& contents);
  void write_first_ledger(const store::Contents& contents);
  [[nodiscard]] bool wants_retry(const corpus::Document& document, Reason reason,
                                 bool failed) const;

  const Job& job_;
  const RunOptions& options_;
  store::RunPaths run_;
  std::filesystem::path root_;
  std::unique_ptr<store::RunLock> lock_;
  std::uint32_t epoch_ = 0;
  std::uint64_t rescued_ = 0;
  corpus::CostModel cost_model_;
  corpus::Manifest manifest_;
  std::vector<ToProbe> to_probe_;
  std::vector<corpus::Document> new_documents_;  ///< not yet in a segment
  std::unique_ptr<Priorities> priorities_;
  PagesToRead to_read_;
  std::unique_ptr<Deaths> deaths_;
  std::chrono::steady_clock::time_point manifest_written_;
  std::vector<report::Status::Rank> earlier_;  ///< of the last job of the run
  Tally before_;
  store::Ledger ledger_;
};

}  // namespace pecia::app
