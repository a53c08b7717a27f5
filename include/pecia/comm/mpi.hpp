#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "pecia/comm/communicator.hpp"

namespace pecia::comm {

/// How this process was started, by the launcher's environment alone (nothing is initialised).
enum class Launch {
  alone,    ///< no launcher, or a launcher of one task without a process manager: rank 0 of 1
  mpi,      ///< by mpirun, or by srun with PMIx
  no_pmix,  ///< by srun with several tasks but without PMIx: they cannot find each other
};
[[nodiscard]] Launch detect_launch();

/// MPI counts in int; longer messages travel in parts of this size.
constexpr std::size_t default_part_bytes = std::size_t{1} << 30;

/// Initialises MPI (MPI_THREAD_FUNNELED) for the lifetime of the program and hands out the world.
/// Only `src/comm/mpi.cpp` includes <mpi.h>.
class MpiSession {
 public:
  MpiSession(int& argc, char**& argv);
  /// MPI_Finalize; collective.
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  /// Collective. `part_bytes`: at most `default_part_bytes`; less for tests of the splitting.
  [[nodiscard]] std::unique_ptr<Communicator> world(std::size_t part_bytes = default_part_bytes) const;
};

/// Version line of the MPI library, callable before MPI_Init: "Open MPI v4.1.4, ...".
[[nodiscard]] std::string mpi_version();

}  // namespace pecia::comm
