#pragma once

#include <cstdint>
#include <string>
#include <vector>

// Asked by pecia-deepseek alone: pecia itself does not link CUDA, so that it starts where no CUDA
// is.
namespace pecia::device {

struct Gpu {
  int index = 0;  ///< among those that this process sees
  std::string name;
  int major = 0, minor = 0;  ///< compute capability
  std::uint64_t total_bytes = 0;
  std::string uuid;  ///< the same whichever process asks
};

/// The GPUs that this process sees; none when built without CUDA.
struct Gpus {
  std::vector<Gpu> gpus;
  std::string problem;  ///< why there are none: no driver, an old one, built without CUDA
};
/// Makes no context on any GPU.
[[nodiscard]] Gpus visible_gpus();

/// Free memory of a GPU, other processes' use taken off. Makes a context there (some hundred MB),
/// so only for the GPU that this process works on. Throws `Error` where CUDA refuses.
[[nodiscard]] std::uint64_t free_memory_bytes(int index);

/// The GPU of a rank: the only one that it sees (`--gpus-per-task`), otherwise its place among the
/// ranks of its host, modulo `visible`. Requires `visible > 0` and `local_rank >= 0`.
[[nodiscard]] int choose_gpu(int local_rank, int visible);

}  // namespace pecia::device
