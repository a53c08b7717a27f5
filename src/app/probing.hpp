#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "pecia/app/job.hpp"
#include "pecia/comm/communicator.hpp"
#include "pecia/corpus/document.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::app {

/// A file to look into, and the revision that its document is to get.
struct ToProbe {
  corpus::FoundFile file;
  std::uint32_t revision = 0;
};

/// Probes the files of rank 0's argument, each rank a slice with `threads` page children; collective.
/// Then measures pages for as long as `probe.budget` of the predicted run allows, headers included.
/// On rank 0: the documents, in the order of the files. When a stop was asked for, those not reached
/// are missing. Other ranks' arguments are ignored; they get nothing.
[[nodiscard]] std::vector<corpus::Document> probe_on_all_ranks(comm::Communicator& comm,
                                                               const Job& job,
                                                               const std::filesystem::path& root,
                                                               std::span<const ToProbe> files,
                                                               int threads);

}  // namespace pecia::app
