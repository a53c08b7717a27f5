#include <cstdlib>
#include <string_view>

#include "pecia/comm/mpi.hpp"

namespace pecia::comm {
namespace {

bool is_set(const char* name) { return std::getenv(name) != nullptr; }

}  // namespace

Launch detect_launch() {
  // mpirun of Open MPI; PMIx (srun --mpi=pmix, prterun); Hydra (MPICH, Intel MPI)
  if (is_set("OMPI_COMM_WORLD_SIZE") || is_set("PMIX_RANK") || is_set("PMI_RANK")) return Launch::mpi;
  // A batch script has SLURM_JOB_ID, too; only a step of several tasks says how many it has.
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  const bool step_of_several = is_set("SLURM_STEP_ID") && tasks && std::atoi(tasks) > 1;
  return step_of_several ? Launch::no_pmix : Launch::alone;
}

}  // namespace pecia::comm
