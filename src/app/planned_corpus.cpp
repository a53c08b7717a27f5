#include "planned_corpus.hpp"

#include <filesystem>
#include <map>
#include <utility>

#include "cost_keeping.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/comm/communicator.hpp"
#include "pecia/corpus/trace.hpp"
#include "probing.hpp"

namespace pecia::app {

PlannedCorpus::PlannedCorpus(const Job& job, int cores) : job_{job}, cores_{cores}, run_{job.run} {
  corpus::Manifest known;
  if (std::filesystem::is_directory(run_.manifest())) {
    known = corpus::load_manifest(run_.manifest());
    contents_.emplace(run_);
    for (const auto& problem : contents_->problems()) log::warning("{}", problem);
  }
  auto found = job.trace.empty() ? probe_new(known) : corpus::load_trace(job.trace).documents;
  if (stop::requested() != stop::Request::none)
    throw Stopped{"stopped before all documents were looked into"};
  std::map<DocumentId, corpus::Document> by_id;
  for (const auto& document : known.documents()) by_id.emplace(document.id, document);
  for (auto& document : found) {
    const auto id = document.id;
    if (job.trace.empty())
      by_id.insert_or_assign(id, std::move(document));  // as the next segment would
    else
      by_id.emplace(id, std::move(document));
  }
  std::vector<corpus::Document> documents;
  for (auto& [id, document] : by_id) documents.push_back(std::move(document));
  manifest_ = corpus::Manifest{std::move(documents)};
}

PagesToRead PlannedCorpus::pages_to_read() const {
  return find_pages_to_read(manifest_, contents_ ? &*contents_ : nullptr,
                            first_cost_model(job_, run_), job_, Priorities{job_, listing_},
                            [](const corpus::Document&, Reason, bool) { return false; });
}

std::vector<corpus::Document> PlannedCorpus::probe_new(const corpus::Manifest& known) {
  listing_ = corpus::list_corpus(job_.corpus);
  for (const auto& warning : listing_.warnings) log::warning("{}", warning);
  std::vector<ToProbe> files;
  for (const auto n : corpus::compare(known, listing_, job_.redo_changed).to_probe) {
    const auto at = known.find(listing_.files[n].id);
    const auto revision = at < 0 ? 0 : known.documents()[static_cast<std::size_t>(at)].revision + 1;
    files.push_back({listing_.files[n], revision});
  }
  if (files.empty()) return {};
  log::info("looking into {} document{}", files.size(), files.size() == 1 ? "" : "s");
  const auto alone = comm::make_alone();
  return probe_on_all_ranks(*alone, job_, listing_.root, files, cores_);
}

}  // namespace pecia::app
