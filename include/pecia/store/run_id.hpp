#pragma once

#include <string>

#include "pecia/store/run.hpp"

namespace pecia::store {

/// What tells a run from any other, over all of its jobs: 32 hexadecimal digits of chance, made
/// with the run directory. Empty for a run that has none.
[[nodiscard]] std::string run_id(const RunPaths& run);
/// Gives a run its id, in the file `run_id`. Throws `StorageError`.
void make_run_id(const RunPaths& run);

}  // namespace pecia::store
