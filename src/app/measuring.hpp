#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "pecia/app/job.hpp"
#include "pecia/corpus/document.hpp"

namespace pecia::app {

/// The seconds of one core that the engine will need for a document, as far as its headers tell.
[[nodiscard]] double predicted_s(const Job& job, const corpus::Document& document);

/// Measures pages until all are, or the time has come, or a stop was asked for: first a few of each
/// document, then more where what is not known costs most (corpus/sampling.hpp). A page that cannot
/// be measured stays as it is; one that its child does not survive ends the measuring of its
/// document. Returns how many pages were measured. Empty slots are passed over.
std::uint64_t measure_pages(const Job& job, const std::filesystem::path& root,
                            std::vector<std::optional<corpus::Document>>& documents, int threads,
                            std::chrono::steady_clock::time_point until);

}  // namespace pecia::app
