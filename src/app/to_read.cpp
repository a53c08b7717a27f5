#include "to_read.hpp"

#include <algorithm>

namespace pecia::app {
namespace {

/// For a page that only needs its record written.
constexpr float no_reading_cost_s = 0.001F;

/// What each page of a document is expected to cost: the one place that asks for it.
std::vector<float> page_costs_s(const corpus::CostModel& model, const Job& job, const std::string& engine,
                                const corpus::Document& document) {
  if (document.problem != Reason::none || document.pages.empty())
    return std::vector<float>(document.outcomes(), no_reading_cost_s);
  if (!job.schedule.evidence) return std::vector<float>(document.outcomes(), 1);
  return model.estimate_s(engine, document);
}

}  // namespace

Priorities::Priorities(const Job& job, const corpus::Listing& listing) : job_{job} {
  for (const auto& file : listing.files) {
    if (file.priority) listed_.emplace(file.id, *file.priority);
  }
}

corpus::Priority Priorities::of(const corpus::Document& document) const {
  const auto listed = listed_.find(document.id);
  return listed != listed_.end() ? listed->second : priority_of(job_, document.path);
}

PagesToRead find_pages_to_read(const corpus::Manifest& manifest, const store::Contents* contents,
                               const corpus::CostModel& model, const Job& job,
                               const Priorities& priorities, const WantsRetry& wants_retry) {
  PagesToRead found;
  for (std::uint32_t d = 0; d < manifest.documents().size(); ++d) {
    const auto& document = manifest.documents()[d];
    const auto costs_s = page_costs_s(model, job, job.engine.name, document);
    const auto fallback_costs_s = job.ranks.share ? page_costs_s(model, job, job.fallback.engine, document) : std::vector<float>{};
    const auto priority = priorities.of(document);
    bool in_run = false;
    for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
      const PageRef page{d, document.first_page() + n};
      const auto* row =
          contents ? contents->find({document.id, document.revision, page.page}) : nullptr;
      if (row) {
        const bool failed = row->order.state == result::State::failed;
        const bool again =
            row->reason != Reason::none && wants_retry(document, row->reason, failed);
        found.failed_before = found.failed_before || (failed && !again);
        if (!again) {
          in_run = false;
          continue;
        }
        found.generations[page] = row->order.generation + 1;
      }
      if (!in_run) found.runs.push_back({d, page.page, {}, priority});
      in_run = true;
      auto& run = found.runs.back();
      run.cost_s.push_back(plan::sane_cost_s(costs_s[n]));
      if (job.ranks.share) {
        run.more_cost_s.resize(1);
        run.more_cost_s[0].push_back(plan::sane_cost_s(fallback_costs_s[n]));
      }
      if (std::ranges::binary_search(document.chapters, page.page))
        run.chapters.push_back(page.page);
      ++found.pages;
      found.cost_s += static_cast<double>(run.cost_s.back());
    }
  }
  return found;
}

std::vector<plan::Share> shares_of(const PagesToRead& pages, const corpus::Manifest& manifest, const Job& job,
                                   std::span<const plan::RankSpec> ranks) {
  plan::PartitionOptions options;
  options.split = job.split;
  options.strategy = job.schedule.partition;
  auto shares = plan::partition(pages.runs, ranks, options);
  for (auto& share : shares) {
    for (auto& task : share.tasks) {
      task.index = static_cast<std::uint32_t>(manifest.index(task.page));
      task.alone = pages.alone.contains(task.page);
      if (pages.generations.empty()) continue;
      const auto again = pages.generations.find(task.page);
      if (again != pages.generations.end()) task.generation = again->second;
    }
  }
  return shares;
}

}  // namespace pecia::app
