#pragma once

#include <cstdint>

#include "pecia/comm/communicator.hpp"

namespace pecia::app {

/// Cores this rank may use for its workers, at least 1: those its affinity mask allows, each divided
/// by the ranks of the same host that may use it too (bound ranks have masks of their own, unbound
/// ones share all). Collective.
[[nodiscard]] int cores_of_this_rank(comm::Communicator& comm);

/// GPUs that programs started here would see, without starting a driver: those that CUDA_VISIBLE_DEVICES names,
/// or all devices of NVIDIA's.
[[nodiscard]] int gpus_of_this_host();

/// Of this process, the most it has held so far.
[[nodiscard]] std::uint64_t peak_memory_bytes();

}  // namespace pecia::app
