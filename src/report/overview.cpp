#include "pecia/report/overview.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cost_text.hpp"
#include "holder.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/ledger.hpp"

namespace pecia::report {
namespace {

namespace fs = std::filesystem;

/// A rank with less than so much of the mean speed is named.
constexpr double slow_share = 0.5;

std::string cost_model_of(const store::RunPaths& run, std::string& problems) {
  std::error_code failure;
  if (!fs::exists(run.cost_model(), failure)) return {};
  try {
    return cost_model_text(corpus::load_cost_model(run.cost_model()));
  } catch (const Error& error) {
    problems += fmt::format("{}\n", error.what());
    return {};
  }
}

/// Of ranks, only what is out of order.
std::string ranks_text(const Status& status) {
  std::string text;
  for (const auto& warning : status.warnings) text += fmt::format("warning: {}\n", warning);
  double usual = 0;
  for (const auto& rank : status.per_rank) usual += rank.speed / static_cast<double>(status.per_rank.size());
  for (std::size_t n = 0; n < status.per_rank.size(); ++n) {
    const auto& rank = status.per_rank[n];
    if (rank.health != "good")
      text += fmt::format("rank {} on {}: {}\n", n, rank.host, rank.health);
    else if (rank.speed > 0 && rank.speed < slow_share * usual)
      text += fmt::format("rank {} on {} is slow: {:.1f} times slower than the mean\n", n, rank.host, usual / rank.speed);
  }
  return text;
}

Counts counts_of(const Status& status) {
  Counts counts{status.documents, status.pages, status.done, status.by_state, {}, false};
  for (const auto& [reason, pages] : status.by_reason) {
    const auto example = status.examples.find(reason);
    counts.by_reason.push_back({reason, pages, example == status.examples.end() ? "" : example->second});
  }
  std::ranges::stable_sort(counts.by_reason, std::greater{}, &Counts::Why::pages);
  return counts;
}

/// What the last job wrote down at its end is still there, by name and size.
bool files_are_as_written(const store::RunPaths& run, const Status& status) {
  try {
    const auto ledger = store::read_ledger(run, status.epoch);
    if (!ledger || ledger->end != status.state) return false;
    const auto all_there = [](const std::vector<store::LedgerFile>& files, const fs::path& folder) {
      return std::ranges::all_of(files, [&](const store::LedgerFile& file) {
        std::error_code missing;
        return fs::file_size(folder / file.name, missing) == file.bytes && !missing;
      });
    };
    return all_there(ledger->shards, run.shards()) && all_there(ledger->segments, run.journal()) &&
           all_there(ledger->manifest, run.manifest());
  } catch (const Error&) {
    return false;
  }
}

/// Whether the counts in status.json are those of the run as it is now.
bool is_believed(const Overview& now, const Life& life, bool held, const Status& status) {
  if (status.epoch != now.epoch) return false;
  if (life.running) return life.status_is_current;
  return !held && is_final(status) && files_are_as_written(now.run, status);
}

std::string state_of(const Overview& now, const Life& life, bool held, const std::optional<Status>& status) {
  if (life.running) return life.status_is_current ? status->state : "starting";
  if (life.stale) return "stale";
  if (now.epoch == 0) return "none";
  const bool ended = !held && status && is_final(*status) && status->epoch == now.epoch;
  return ended ? status->state : "killed";
}

std::uint32_t folders_in(const fs::path& folder) {
  std::error_code ignored;
  const fs::directory_iterator entries{folder, ignored};
  return static_cast<std::uint32_t>(std::distance(begin(entries), end(entries)));
}

Counts count_from_files(const store::RunPaths& run, std::string& problems) {
  std::error_code failure;
  if (!fs::exists(run.manifest(), failure)) return {};  // nobody has begun it
  const store::Contents contents{run};
  for (const auto& problem : contents.problems()) problems += fmt::format("damaged: {}. See pecia verify\n", problem);
  return count_pages(corpus::load_manifest(run.manifest()), contents);
}

}  // namespace

Counts count_pages(const corpus::Manifest& manifest, const store::Contents& contents) {
  Counts counts;
  counts.documents = manifest.documents().size();
  counts.pages = manifest.pages();
  const auto count_reason = [&](Reason why, const corpus::Document& document, std::uint32_t page) {
    auto entry = std::ranges::find(counts.by_reason, name(why), &Counts::Why::reason);
    if (entry == counts.by_reason.end()) {
      const auto path = printable(document.path);
      entry = counts.by_reason.insert(
          entry, {std::string{name(why)}, 0, page == 0 ? path : fmt::format("{} page {}", path, page)});
    }
    ++entry->pages;
  };
  std::uint64_t by_state[5] = {};
  for (const auto& document : manifest.documents()) {
    for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
      const auto page = document.first_page() + n;
      const auto* row = contents.find({document.id, document.revision, page});
      if (!row) continue;
      ++counts.done;
      ++by_state[static_cast<std::size_t>(row->order.state)];
      if (row->reason != Reason::none) count_reason(row->reason, document, page);
    }
  }
  for (std::size_t n = 0; n < std::size(by_state); ++n) {
    if (by_state[n] > 0) counts.by_state[std::string{name(static_cast<result::State>(n))}] = by_state[n];
  }
  std::ranges::stable_sort(counts.by_reason, std::greater{}, &Counts::Why::pages);
  return counts;
}

Overview look_at(const store::RunPaths& run, std::int64_t now_s, std::uint64_t always_counted) {
  Overview now;
  now.run = run;
  // The lock first: a job that ends while we look takes it away last.
  const auto holder = store::read_holder(run);
  std::optional<Status> status;
  try {
    status = read_status(run);
  } catch (const Error& error) {
    now.problems += fmt::format("{}\n", error.what());
  }
  const auto life = life_of(holder, status, now_s);
  now.epoch = store::newest_epoch(run);
  now.starts = folders_in(run.epochs());
  now.state = state_of(now, life, holder.has_value(), status);
  now.running = life.running;
  now.life = life.text;
  if (holder) now.lock_counter = holder->counter;
  if (status) now.silent_s = static_cast<double>(now_s - status->written_s);
  if (holder || status) now.slurm_job = holder ? holder->slurm_job : status->slurm_job;
  if (now.epoch == 0 && !holder) now.life = "not running; no job has begun it yet";
  const bool believed = status && is_believed(now, life, holder.has_value(), *status);
  now.counts = believed && status->pages > always_counted ? counts_of(*status) : count_from_files(run, now.problems);
  if (life.running && life.status_is_current) {
    now.pages_per_s = status->pages_per_s;
    now.left_s = status->left_s;
  }
  if (const auto newest = store::newest_ledger(run); now.state == "killed" && newest && newest->end == "repaired")
    now.state = now.counts.done < now.counts.pages ? "unfinished" : "complete";
  now.starts_without_progress = store::starts_without_progress(run, now.counts.done, now.slurm_job);
  if (status) now.ranks = ranks_text(*status);
  now.costs = cost_model_of(run, now.problems);
  return now;
}

}  // namespace pecia::report
