#include "describe.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "pecia/base/error.hpp"
#include "pecia/base/version.hpp"
#include "pecia/device/nccl_broadcast.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

bool cpu_multiplies_in_bf16() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512bf16") != 0;  // who has AMX has this, too
#else
  return false;
#endif
}

std::string versions() {
  std::string text = fmt::format("LibTorch {}", PECIA_TORCH_VERSION);
  const std::string_view cuda{PECIA_CUDA_VERSION};
  const auto nccl = device::nccl_version();
  text += cuda.empty() ? ", built without CUDA" : fmt::format(", CUDA {}", cuda);
  if (!nccl.empty()) text += fmt::format(", NCCL {}", nccl);
  return text;
}

}  // namespace

std::optional<device::Gpu> gpu_of(const DeepseekSettings& settings, int local_rank) {
  using Device = DeepseekSettings::Device;
  if (settings.device == Device::cpu) return std::nullopt;
  auto visible = device::visible_gpus();
  if (!visible.gpus.empty() && !at::hasCUDA()) {
    visible.gpus.clear();
    visible.problem =
        "this LibTorch has no CUDA part. Build pecia with one that has (docs/deepseek.md)";
  }
  if (visible.gpus.empty()) {
    if (settings.device == Device::cuda)
      throw UsageError{
          fmt::format("engine.device is cuda, and there is no GPU: {}", visible.problem)};
    return std::nullopt;
  }
  const int index = device::choose_gpu(local_rank, static_cast<int>(visible.gpus.size()));
  return visible.gpus[static_cast<std::size_t>(index)];
}

DeepseekSettings::Dtype dtype_of(const DeepseekSettings& settings, bool on_gpu) {
  using Dtype = DeepseekSettings::Dtype;
  if (settings.dtype != Dtype::automatic) return settings.dtype;
  return on_gpu || cpu_multiplies_in_bf16() ? Dtype::bf16 : Dtype::fp32;
}

std::string describe(const DeepseekSettings& settings, int local_rank) {
  const auto gpu = gpu_of(settings, local_rank);
  const auto dtype =
      dtype_of(settings, gpu.has_value()) == DeepseekSettings::Dtype::bf16 ? "bf16" : "fp32";
  const auto device =
      gpu ? fmt::format("GPU {} ({}, compute capability {}.{}, {:.1f} GiB)", gpu->index, gpu->name,
                        gpu->major, gpu->minor, static_cast<double>(gpu->total_bytes) / gib)
          : fmt::format("CPU ({} threads; no GPU: {})", at::get_num_threads(),
                        settings.device == DeepseekSettings::Device::cpu
                            ? "engine.device is cpu"
                            : device::visible_gpus().problem);
  return fmt::format("{}, {}, {}", device, dtype, versions());
}

}  // namespace pecia::engine::deepseek
