#pragma once

#include <optional>
#include <vector>

#include "pecia/app/job.hpp"
#include "pecia/corpus/listing.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/run.hpp"
#include "to_read.hpp"

namespace pecia::app {

/// The documents that a run would have, in memory: nothing is written, and no lock is taken.
class PlannedCorpus {
 public:
  /// `job` outlives it. Documents that the run does not know are looked into, by `cores` at once;
  /// throws `Stopped` if a signal ends that.
  PlannedCorpus(const Job& job, int cores);

  [[nodiscard]] const corpus::Manifest& manifest() const noexcept { return manifest_; }
  [[nodiscard]] PagesToRead pages_to_read() const;

 private:
  std::vector<corpus::Document> probe_new(const corpus::Manifest& known);

  const Job& job_;
  int cores_;
  store::RunPaths run_;
  std::optional<store::Contents> contents_;
  corpus::Listing listing_;
  corpus::Manifest manifest_;
};

}  // namespace pecia::app
