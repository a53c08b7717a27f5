#include "simulated_corpus.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "cores.hpp"
#include "cost_keeping.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/comm/communicator.hpp"
#include "pecia/store/contents.hpp"
#include "planned_corpus.hpp"

namespace pecia::app {
namespace {

/// A page that was read took some time, if none that its record shows: 0 is for those that are not.
constexpr float least_s = 1e-6F;

bool no_retry(const corpus::Document&, Reason, bool) { return false; }

/// The recorded seconds of a page (by position in its document), or nothing.
using Recorded = std::function<std::optional<double>(const corpus::Document&, std::uint32_t)>;

/// Fills in `seconds` for the pages to read.
void find_seconds(SimulatedCorpus& made, const Job& job, const corpus::CostModel& model,
                  const Recorded& recorded) {
  require(made.manifest.pages() <= std::numeric_limits<std::uint32_t>::max(),
          "a run has at most 4,294,967,295 pages");
  made.seconds.assign(made.manifest.pages(), 0);
  const auto scale = job.engine.name == "replay" ? static_cast<float>(job.engine.time_scale)
                                                 : 1.0F;  // of estimates
  for (const auto& run : made.to_read.runs) {
    const auto& document = made.manifest.documents()[run.document];
    if (document.problem != Reason::none || document.pages.empty()) continue;
    const auto estimates_s = model.estimate_s(job.engine.name, document);
    const auto first = run.first_page - document.first_page();
    auto* seconds = &made.seconds[made.manifest.index({run.document, run.first_page})];
    for (std::uint32_t n = 0; n < run.cost_s.size(); ++n) {
      const auto known_s = recorded(document, first + n);
      if (known_s) ++made.recorded;
      seconds[n] = std::max(known_s ? static_cast<float>(*known_s) : scale * estimates_s[first + n],
                            least_s);
    }
  }
}

Recorded of_trace(const corpus::Trace& trace, double scale) {
  std::unordered_map<DocumentId, std::size_t> where;
  for (std::size_t n = 0; n < trace.documents.size(); ++n) where.emplace(trace.documents[n].id, n);
  return [&trace, scale, where = std::move(where)](
             const corpus::Document& document, std::uint32_t position) -> std::optional<double> {
    const auto found = where.find(document.id);
    if (found == where.end() || position >= trace.seconds[found->second].size())
      return std::nullopt;
    return static_cast<double>(trace.seconds[found->second][position]) * scale;
  };
}

std::optional<double> nothing(const corpus::Document&, std::uint32_t) { return std::nullopt; }

}  // namespace

SimulatedCorpus corpus_of_job(const Job& job) {
  const PlannedCorpus corpus{job, cores_of_this_rank(*comm::make_alone())};
  SimulatedCorpus made{corpus.manifest(), corpus.pages_to_read(), {}, 0};
  const auto model = first_cost_model(job, {job.run});
  if (job.trace.empty()) {
    find_seconds(made, job, model, nothing);
  } else {
    const auto trace = corpus::load_trace(job.trace);
    find_seconds(made, job, model, of_trace(trace, job.engine.time_scale));
  }
  return made;
}

SimulatedCorpus corpus_of_run(const Job& job) {
  const store::RunPaths run{job.run};
  SimulatedCorpus made;
  made.manifest = corpus::load_manifest(run.manifest());
  const store::Contents contents{run};
  for (const auto& problem : contents.problems()) log::warning("{}", problem);
  const auto before =
      job.cost_model.empty() ? corpus::CostModel{} : corpus::load_cost_model(job.cost_model);
  made.to_read =
      find_pages_to_read(made.manifest, nullptr, before, job, Priorities{job, {}}, no_retry);
  find_seconds(
      made, job, first_cost_model(job, run),
      [&](const corpus::Document& document, std::uint32_t position) -> std::optional<double> {
        const auto page = document.first_page() + position;
        const auto* row = contents.find({document.id, document.revision, page});
        if (!row) return std::nullopt;
        return static_cast<double>(row->seconds);
      });
  return made;
}

SimulatedCorpus corpus_of_trace(const Job& job, corpus::Trace trace) {
  SimulatedCorpus made;
  const auto model =
      job.cost_model.empty() ? corpus::CostModel{} : corpus::load_cost_model(job.cost_model);
  made.manifest = corpus::Manifest{std::move(trace.documents)};
  made.to_read =
      find_pages_to_read(made.manifest, nullptr, model, job, Priorities{job, {}}, no_retry);
  made.seconds.reserve(made.manifest.pages());
  // The documents of a trace are sorted, as those of a manifest are.
  for (const auto& seconds : trace.seconds) {
    for (const float page_s : seconds)
      made.seconds.push_back(std::max(page_s * static_cast<float>(job.engine.time_scale), least_s));
  }
  made.recorded = made.manifest.pages();
  return made;
}

}  // namespace pecia::app
