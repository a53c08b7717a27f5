#include "run_start.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "cost_keeping.hpp"
#include "rank_specs.hpp"
#include "room.hpp"
#include "storage_wait.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "pecia/corpus/trace.hpp"
#include "pecia/store/writer.hpp"
#include "summary.hpp"

namespace pecia::app {
namespace {

namespace fs = std::filesystem;

void wait_for_orphans() {
  log::info("the last job on this run was killed; waiting {} s for its ranks to end",
            store::orphans_end.count());
  const auto until = std::chrono::steady_clock::now() + store::orphans_end;
  while (std::chrono::steady_clock::now() < until && stop::requested() == stop::Request::none)
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
}

void log_disk_need(const Job& job, std::uint64_t pages) {
  const auto need = room_needed_bytes(pages, 0);
  log::info("the run will need {}", room_text(job.run, need));
  const auto room = free_room(job.run);
  if (room.known && (room.bytes < need || room.no_more_files))
    log::warning("that may not be enough: when the disk is full the run {}",
                 job.store.on_full == OnFull::wait ? "waits until there is room (store.on_full)"
                                                   : "drains, and goes on when it is started again with more room");
}

}  // namespace

Tally tally(const corpus::Manifest& manifest, const store::Contents& contents) {
  Tally counts;
  counts.documents = manifest.documents().size();
  counts.pages = manifest.pages();
  for (const auto& document : manifest.documents()) {
    for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
      const auto* row =
          contents.find({document.id, document.revision, document.first_page() + n});
      if (!row) continue;
      ++counts.done;
      ++counts.by_state[std::string{name(row->order.state)}];
      if (row->order.state == result::State::failed) ++counts.failed;
      if (row->order.state == result::State::skipped) ++counts.skipped;
      if (row->reason != Reason::none) ++counts.by_reason[std::string{name(row->reason)}];
    }
  }
  return counts;
}

RunStart::RunStart(const Job& job, const RunOptions& options, int ranks)
    : job_{job}, options_{options}, run_{job.run} {
  ledger_.ranks = static_cast<std::uint32_t>(ranks);
  // A model of the job's own that is none is said before anything is made.
  if (!job.cost_model.empty()) cost_model_ = first_cost_model(job, run_);
  corpus::Listing listing;
  if (job.trace.empty()) {
    listing = corpus::list_corpus(job.corpus);
    for (const auto& warning : listing.warnings) log::warning("{}", warning);
    root_ = listing.root;
  }
  priorities_ = std::make_unique<Priorities>(job_, listing);
  store::create_run_directory(run_);
  take_over_run();
  check_job_against_run();
  if (job.cost_model.empty()) cost_model_ = first_cost_model(job, run_);
  earlier_ = earlier_ranks(run_);
  store::check_newest(run_, epoch_);
  replace_file(run_.job(), to_run_yaml(job_));
  manifest_ = corpus::load_manifest(run_.manifest());
  if (job.trace.empty())
    find_documents_to_probe(listing);
  else
    add_trace();
}

void RunStart::take_over_run() {
  store::LockSettings settings;
  settings.break_lock = options_.break_lock;
  settings.waiting = [](const std::string& message) {
    log::info("{}", message);
    return stop::requested() == stop::Request::none;
  };
  lock_ = std::make_unique<store::RunLock>(run_, settings);
  epoch_ = store::take_next_epoch(run_);
  if (lock_->taken_over()) wait_for_orphans();
  deaths_ = std::make_unique<Deaths>(run_, epoch_);  // before the journals that tell of them are deleted
  until_written(job_.store.on_full, [&] {
    rescued_ += store::seal_leftovers(run_, epoch_, {job_.file.filename().string(), "", "", "", ""});
  });
  if (rescued_ > 0) log::info("{} pages were rescued from the journals of earlier jobs", rescued_);
  store::delete_superseded(run_);
}

void RunStart::check_job_against_run() const {
  if (!fs::exists(run_.job())) return;
  const auto before = read_file(run_.job());
  try {
    check_run_yaml(before, store::newest_ledger(run_).has_value());
  } catch (const std::exception& error) {
    if (!options_.accept_job)
      throw UsageError{fmt::format("{} is damaged: {}. `pecia verify --repair {}` sets it aside; --accept-job does without it",
                                   run_.job().string(), error.what(), run_.root.string())};
    log::warning("{} is damaged, and written anew: {}", run_.job().string(), error.what());
    return;
  }
  const auto differences = differences_in_text(job_, before);
  if (differences.empty()) return;
  // A dry run, or a first job that could not start, has not read a page in any way.
  if (store::Contents{run_}.rows().empty()) return;
  const auto list = fmt::format("{}", fmt::join(differences, "; "));
  if (!options_.accept_job)
    throw UsageError{fmt::format(
        "the job differs from the one that began the run {} ({}): pages would be read in two ways. "
        "Use another run directory, or --accept-job to apply it to the pages not read yet",
        run_.root.string(), list)};
  log::warning("the changed job applies to pages not read yet: {}", list);
}

void RunStart::find_documents_to_probe(const corpus::Listing& listing) {
  const auto difference = corpus::compare(manifest_, listing, job_.redo_changed);
  std::set<std::size_t> wanted{difference.to_probe.begin(), difference.to_probe.end()};
  for (const auto n : difference.changed) {
    log::warning("{} has changed since it was listed; {}", printable(listing.files[n].path),
                 job_.redo_changed ? "it is read again"
                                   : "what was read of it stays, and pages not read yet are read as they are "
                                     "now (corpus.changed: redo reads all of it again)");
  }
  for (const auto id : difference.vanished) {
    const auto at = manifest_.find(id);
    if (at < 0) continue;
    const auto& path = manifest_.documents()[static_cast<std::size_t>(at)].path;
    log::warning("{} {}", printable(path),
                 fs::exists(root_ / path)
                     ? "is left out by this job (corpus.include, exclude, list), but the run has it and reads it"
                     : "is no longer there; its pages that are not read yet will fail");
  }
  for (std::size_t n = 0; n < listing.files.size(); ++n) {
    const auto known = manifest_.find(listing.files[n].id);
    const auto* document = known < 0 ? nullptr : &manifest_.documents()[static_cast<std::size_t>(known)];
    // A document that could not be read as a whole is looked into again when its page is.
    const bool has_problem = document && document->problem != Reason::none;
    const bool failed = has_problem && document->problem != Reason::not_a_document;
    if (has_problem && wants_retry(*document, document->problem, failed)) wanted.insert(n);
    if (!wanted.contains(n)) continue;
    to_probe_.push_back({listing.files[n], document ? document->revision + 1 : 0});
  }
}

void RunStart::add_trace() {
  for (auto& document : corpus::load_trace(job_.trace).documents) {
    if (manifest_.find(document.id) < 0) new_documents_.push_back(std::move(document));
  }
}

void RunStart::add_documents(std::vector<corpus::Document> probed) {
  std::ranges::move(probed, std::back_inserter(new_documents_));
  store::check_newest(run_, epoch_);  // looking into many documents takes its time
  corpus::write_manifest_segment(run_.manifest(), epoch_, new_documents_);
  manifest_written_ = std::chrono::steady_clock::now();
  new_documents_.clear();
  manifest_ = corpus::load_manifest(run_.manifest());
  find_pages_to_read();
  log_disk_need(job_, to_read_.pages);
}

bool RunStart::wants_retry(const corpus::Document& document, Reason reason, bool failed) const {
  const auto named = [&](const std::string& word) {
    return word == "failed" ? failed : parse_reason(word) == reason;
  };
  const auto matches = [&](const std::string& glob) { return glob_match(glob, document.path); };
  return std::ranges::any_of(options_.retry, named) &&
         (options_.documents.empty() || std::ranges::any_of(options_.documents, matches));
}

void RunStart::find_pages_to_read() {
  deaths_->record_poison(manifest_, ledger_.ranks);
  const store::Contents contents{run_};
  for (const auto& problem : contents.problems()) log::warning("{}", problem);
  if (!contents.unreadable().empty())
    throw StorageError{EIO, contents.unreadable().front() + ". Its pages would be read again; run the same command again "
                       "when the disk can be read", run_.root.string()};
  before_ = tally(manifest_, contents);
  to_read_ = app::find_pages_to_read(manifest_, &contents, cost_model_, job_, *priorities_,
                                     [this](const corpus::Document& document, Reason reason, bool failed) {
                                       const bool again = wants_retry(document, reason, failed);
                                       if (again) {
                                         --before_.by_state[failed ? "failed" : "skipped"];
                                         --before_.by_reason[std::string{name(reason)}];
                                       }
                                       return again;
                                     });
  warn_of_lost_pages();
  find_pages_to_read_alone(contents);
  if (!options_.dry_run) write_first_ledger(contents);
}

void RunStart::find_pages_to_read_alone(const store::Contents& contents) {
  deaths_->forget_done(contents);
  for (const auto& [page, generation] : deaths_->to_be_tried_alone(manifest_)) {
    const auto again = to_read_.generations.find(page);
    if (generation == (again == to_read_.generations.end() ? 0 : again->second)) to_read_.alone.insert(page);
  }
  log_pages_alone(to_read_.alone, manifest_);
}

void RunStart::warn_of_lost_pages() const {
  const auto last = store::newest_ledger(run_);
  const auto same = [](const store::LedgerFile& one, const store::LedgerFile& other) {
    return one.name == other.name && one.bytes == other.bytes;
  };
  // Of a manifest that has grown or lost documents, counts say nothing.
  if (!last || last->done <= before_.done || !std::ranges::equal(last->manifest, store::list_manifest(run_), same)) return;
  log::warning("{} had an outcome when job {} of the run ended and have none now: files of the run are missing or damaged. They "
               "are read again",
               plural(last->done - before_.done, "page"), last->epoch);
}

void RunStart::write_first_ledger(const store::Contents& contents) {
  ledger_.epoch = epoch_;
  ledger_.host = host_name();
  ledger_.slurm_job = slurm_job();
  ledger_.slurm_restart = environment_text("SLURM_RESTART_COUNT");
  ledger_.pages = before_.pages;
  ledger_.done_at_start = ledger_.done = before_.done;
  ledger_.shards = contents.shards();
  ledger_.segments = contents.segments();
  ledger_.manifest = store::list_manifest(run_);
  store::write_ledger(run_, ledger_);
}

std::vector<plan::Share> RunStart::shares(std::span<const std::string> hosts, std::span<const std::uint8_t> by_fallback) const {
  auto specs = rank_specs(hosts, earlier_);
  for (std::size_t rank = 0; rank < specs.size(); ++rank) specs[rank].engine_class = by_fallback[rank];
  return shares_of(to_read_, manifest_, job_, specs);
}

bool RunStart::index_is_stale() const {
  return rescued_ > 0 || !store::index_is_current(run_, store::Contents{run_});
}

}  // namespace pecia::app
