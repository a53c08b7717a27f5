#include "to_read.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pecia::app {
namespace {

/// For a page that only needs its record written.
constexpr float no_reading_cost_s = 0.001F;

/// For a page whose text is kept: it is taken from the document, and compared with the page (docs/performance.md).
constexpr float kept_text_cost_s = 0.05F;

/// Nothing but drawn text and lines: its text will be kept, where the job does not want the pixels. Pages with pictures may be
/// scans, and are thought to be read.
bool will_keep_text(const corpus::PageEvidence& page) { return page.coding == corpus::Coding::drawn && page.text_operators > 0; }

bool wants_pixels(TextLayerPolicy policy) { return policy == TextLayerPolicy::ignore || policy == TextLayerPolicy::redo; }

/// What each page of a document is expected to cost: the one place that asks for it.
std::vector<float> page_costs_s(const corpus::CostModel& model, const Job& job, const std::string& engine,
                                const corpus::Document& document) {
  if (document.problem != Reason::none || document.pages.empty())
    return std::vector<float>(document.outcomes(), no_reading_cost_s);
  if (!job.schedule.evidence) return std::vector<float>(document.outcomes(), 1);
  auto costs_s = model.estimate_s(engine, document);
  if (!job.trace.empty() || wants_pixels(settings_for(job, document.path).text_layer)) return costs_s;
  for (std::size_t n = 0; n < document.pages.size(); ++n) {
    if (will_keep_text(document.pages[n])) costs_s[n] = std::min(costs_s[n], kept_text_cost_s);
  }
  return costs_s;
}

/// Ranks with the fallback get what rules give it, and nothing else.
bool has_classes(const Job& job, std::span<const plan::RankSpec> ranks) {
  return !job.ranks.share && std::ranges::any_of(ranks, [](const plan::RankSpec& rank) { return rank.engine_class > 0; });
}

std::vector<plan::Share> shares_by_class(std::span<const plan::PageRun> runs, const corpus::Manifest& manifest, const Job& job,
                                         std::span<const plan::RankSpec> ranks, const plan::PartitionOptions& options) {
  std::vector<plan::Share> shares(ranks.size());
  for (const int engine_class : {0, 1}) {
    std::vector<plan::PageRun> own_runs;
    std::ranges::copy_if(runs, std::back_inserter(own_runs), [&](const plan::PageRun& run) {
      return settings_for(job, manifest.documents()[run.document].path).by_fallback == (engine_class == 1);
    });
    if (own_runs.empty()) continue;
    // Costs are those of the engine that reads the page, whatever the class.
    std::vector<plan::RankSpec> specs{ranks.begin(), ranks.end()};
    for (auto& spec : specs) spec.healthy = std::exchange(spec.engine_class, 0) == engine_class && spec.healthy;
    auto part = plan::partition(own_runs, specs, options);
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
      if (ranks[rank].engine_class != engine_class) continue;
      shares[rank] = std::move(part[rank]);
      for (auto& task : shares[rank].tasks) task.engine_class = static_cast<std::uint8_t>(engine_class);
    }
  }
  return shares;
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
    // With `share` any rank may read it, and its engine decides.
    const bool by_rule = !job.ranks.share && settings_for(job, document.path).by_fallback;
    const auto costs_s = page_costs_s(model, job, by_rule ? job.fallback.engine : job.engine.name, document);
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
  auto shares = has_classes(job, ranks) ? shares_by_class(pages.runs, manifest, job, ranks, options)
                                        : plan::partition(pages.runs, ranks, options);
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
