#include "describe.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "pecia/device/device.hpp"
#include "pecia/device/nccl_broadcast.hpp"
#include "placement.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

std::string versions() {
  std::string text = fmt::format("LibTorch {}", PECIA_TORCH_VERSION);
  const std::string_view cuda{PECIA_CUDA_VERSION};
  const auto nccl = device::nccl_version();
  text += cuda.empty() ? ", built without CUDA" : fmt::format(", CUDA {}", cuda);
  if (!nccl.empty()) text += fmt::format(", NCCL {}", nccl);
  return text;
}

std::string describe_gpu(int index) {
  const auto& gpu = device::visible_gpus().gpus.at(static_cast<std::size_t>(index));
  return fmt::format("GPU {} ({}, compute capability {}.{}, {:.1f} GiB)", index, gpu.name,
                     gpu.major, gpu.minor, static_cast<double>(gpu.total_bytes) / gib);
}

std::string describe_cpu(const DeepseekSettings& settings) {
  std::string why = "engine.device is cpu";
  if (settings.device != DeepseekSettings::Device::cpu) {
    why = device::visible_gpus().problem;
    if (why.empty()) why = "this LibTorch has no CUDA part";
  }
  return fmt::format("CPU ({} threads; no GPU: {})", at::get_num_threads(), why);
}

}  // namespace

std::optional<c10::DeviceGuard> use_gpu_of_rank(const DeepseekSettings& settings, int local_rank) {
  if (settings.device == DeepseekSettings::Device::cpu || !at::hasCUDA()) return std::nullopt;
  const auto visible = static_cast<int>(device::visible_gpus().gpus.size());
  if (visible == 0) return std::nullopt;
  const auto index = static_cast<c10::DeviceIndex>(device::choose_gpu(local_rank, visible));
  return std::optional<c10::DeviceGuard>{std::in_place, c10::Device{c10::kCUDA, index}};
}

std::string describe(const DeepseekSettings& settings, int local_rank) {
  const auto current = use_gpu_of_rank(settings, local_rank);
  const auto placement = choose_placement(settings);
  const auto device =
      placement.device.is_cuda() ? describe_gpu(placement.device.index()) : describe_cpu(settings);
  return fmt::format("{}, {}, {}", device, placement.type == at::kBFloat16 ? "bf16" : "fp32",
                     versions());
}

}  // namespace pecia::engine::deepseek
