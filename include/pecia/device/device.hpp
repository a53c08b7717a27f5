#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pecia::device {

struct Gpu {
  int index = 0;  ///< among those that this process sees
  std::string name;
  int major = 0, minor = 0;  ///< compute capability
  std::uint64_t total_bytes = 0, free_bytes = 0;
};

/// The GPUs that this process sees; none when built without CUDA.
struct Gpus {
  std::vector<Gpu> gpus;
  std::string problem;  ///< why there are none: no driver, an old one, built without CUDA
};
[[nodiscard]] Gpus visible_gpus();

}  // namespace pecia::device
