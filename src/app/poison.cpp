#include "poison.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/store/in_flight.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/writer.hpp"
#include "summary.hpp"

namespace pecia::app {
namespace {

constexpr std::size_t most_pages_named = 10;

std::vector<store::Suspect> known_suspects(const store::RunPaths& run) {
  try {
    return store::read_suspects(run);
  } catch (const Error& error) {
    log::warning("{}. Pages that killed their ranks in earlier jobs are not known any more, and are found anew",
                 error.what());
    return {};
  }
}

/// Slurm gives a job that it requeues a new restart count: whatever ended the one before ended all of it.
store::JobEnd end_of(const store::RunPaths& run, std::uint32_t epoch) {
  try {
    const auto ledger = store::read_ledger(run, epoch);
    if (!ledger) return {1, true};
    return {ledger->ranks, ledger->slurm_job != slurm_job() ||
                               ledger->slurm_restart != environment_text("SLURM_RESTART_COUNT")};
  } catch (const Error& error) {
    log::warning("how job {} of the run ended is not known: {}", epoch, error.what());
    return {1, true};
  }
}

bool has_outcome(const store::Contents& contents, const store::Suspect& page) {
  const auto* row = contents.find(page.key);
  return row && row->order.generation >= page.generation;
}

std::string name_of(const corpus::Manifest& manifest, const PageRef& page) {
  return fmt::format("{} page {}", printable(manifest.document(page).path), page.page);
}

result::PageOutcome poison_outcome(const store::Suspect& page) {
  result::PageOutcome outcome;
  outcome.state = result::State::failed;
  outcome.reason = Reason::poison;
  outcome.detail = fmt::format("the rank that read this page and nothing else died, in jobs {} of the run; "
                               "to try again: --retry poison",
                               fmt::join(page.trials, " and "));
  return outcome;
}

}  // namespace

Deaths::Deaths(const store::RunPaths& run, std::uint32_t epoch)
    : run_{run}, epoch_{epoch}, suspects_{known_suspects(run)} {
  const auto ranks = store::pages_in_flight(run_);
  if (ranks.empty()) return;
  store::add_deaths(suspects_, ranks, [this](std::uint32_t of) { return end_of(run_, of); });
  store::write_suspects(run_, epoch_, suspects_);
}

void Deaths::record_poison(const corpus::Manifest& manifest, std::uint32_t writer) {
  if (std::ranges::none_of(suspects_, &store::Suspect::is_poison)) return;
  const store::Contents contents{run_};
  store::WriterSettings settings;
  settings.run = run_;
  settings.epoch = epoch_;
  settings.rank = writer;
  settings.provenance.host = host_name();
  settings.provenance.slurm_job = slurm_job();
  store::Writer journal{settings};
  for (const auto& page : suspects_) {
    const auto where = manifest.find(page.key.document, page.key.revision, page.key.page);
    if (!page.is_poison() || !where || has_outcome(contents, page)) continue;
    const auto outcome = poison_outcome(page);
    log::error("{}: failed(poison): {}", name_of(manifest, *where), outcome.detail);
    journal.append(page.key, page.generation, outcome);
  }
  (void)journal.close(true);
}

void Deaths::forget_done(const store::Contents& contents) {
  const auto forgotten = std::erase_if(suspects_, [&](const auto& page) { return has_outcome(contents, page); });
  if (forgotten > 0) store::write_suspects(run_, epoch_, suspects_);
}

std::map<PageRef, std::uint32_t> Deaths::to_be_tried_alone(const corpus::Manifest& manifest) const {
  std::map<PageRef, std::uint32_t> pages;
  for (const auto& page : suspects_) {
    const auto where = manifest.find(page.key.document, page.key.revision, page.key.page);
    if (where && page.to_be_tried_alone()) pages.emplace(*where, page.generation);
  }
  return pages;
}

void log_pages_alone(const std::set<PageRef>& pages, const corpus::Manifest& manifest) {
  if (pages.empty()) return;
  std::vector<std::string> names;
  for (const auto& page : pages) {
    if (names.size() == most_pages_named) break;
    names.push_back(name_of(manifest, page));
  }
  log::warning("{} may have killed the rank that read {}: read last, with no other page on the same rank: {}{}",
               plural(pages.size(), "page"), pages.size() == 1 ? "it" : "them", fmt::join(names, ", "),
               pages.size() > names.size() ? ", ..." : "");
}

}  // namespace pecia::app
