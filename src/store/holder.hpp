#pragma once

#include <string>

#include "pecia/store/run.hpp"

// Who holds a run, and whether that still lives; lock.cpp decides by it.
namespace pecia::store {

/// This process, with the run directory as it is here.
[[nodiscard]] Holder ourselves(const RunPaths& run);
[[nodiscard]] std::string to_json(const Holder& holder);
[[nodiscard]] bool same_process(const Holder& one, const Holder& other);
/// As `life_here`; of the lock of a copied run, nothing is known.
[[nodiscard]] HolderLife life_of(const Holder& holder, const Holder& us);
/// Slurm ends a job before it restarts it; the batch script a step before the next.
[[nodiscard]] bool is_earlier_in_job(const Holder& holder, const Holder& us);

}  // namespace pecia::store
