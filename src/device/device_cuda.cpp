#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "cuda_check.hpp"
#include "pecia/base/error.hpp"
#include "pecia/device/device.hpp"

namespace pecia::device {
namespace {

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

/// Why there is no GPU, and what to do.
std::string explain(cudaError_t result) {
  int driver = 0, runtime = 0;  // not touched by calls that fail
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (result == cudaErrorInsufficientDriver && driver == 0)
    return "no NVIDIA driver on this machine. Ask for a node with a GPU (sbatch "
           "--gpus-per-task=1), or set engine.device: cpu";
  if (result == cudaErrorInsufficientDriver)
    return fmt::format(
        "the NVIDIA driver is too old: it is for CUDA {} and before, this was built with CUDA {}. "
        "Build with an older "
        "CUDA module, or ask your site for a newer driver",
        version_text(driver), version_text(runtime));
  if (result == cudaErrorNoDevice)
    return "there is an NVIDIA driver, but this process sees no GPU. Ask Slurm for one "
           "(--gpus-per-task=1); is CUDA_VISIBLE_DEVICES "
           "empty?";
  return fmt::format("CUDA does not start: {} ({})", cudaGetErrorString(result),
                     cudaGetErrorName(result));
}

}  // namespace

void check(cudaError_t result, std::string_view what, Here where) {
  if (result != cudaSuccess)
    throw Error{
        fmt::format("{}: {} ({})", what, cudaGetErrorString(result), cudaGetErrorName(result)),
        where};
}

Gpus visible_gpus() {
  int count = 0;  // left as it is where there is no driver
  const auto result = cudaGetDeviceCount(&count);
  if (result != cudaSuccess || count == 0)
    return {{}, explain(result == cudaSuccess ? cudaErrorNoDevice : result)};
  Gpus found;
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, index),
          fmt::format("GPU {} cannot be asked what it is", index));
    std::string uuid;
    for (const char byte : properties.uuid.bytes)
      uuid += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    found.gpus.push_back({index, properties.name, properties.major, properties.minor,
                          properties.totalGlobalMem, std::move(uuid)});
  }
  return found;
}

std::uint64_t free_memory_bytes(int index) {
  const auto what = fmt::format("GPU {} cannot be asked for its free memory", index);
  int before = 0;
  check(cudaGetDevice(&before), what);
  check(cudaSetDevice(index), what);
  std::size_t free_bytes = 0, total_bytes = 0;
  const auto result = cudaMemGetInfo(&free_bytes, &total_bytes);
  check(cudaSetDevice(before), what);
  check(result, what);
  return free_bytes;
}

}  // namespace pecia::device
