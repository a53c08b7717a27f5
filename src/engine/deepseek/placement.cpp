#include "placement.hpp"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "block_table.hpp"
#include "kv_cache.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/device/device.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr int usual_answer_tokens = 640;
constexpr int most_sequences_cpu = 16, most_sequences_gpu = 256;

/// Every processor with AMX has avx512_bf16, too.
bool cpu_computes_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

std::size_t first_number(const char* file, const std::string& after) {
  std::ifstream in{file};
  std::string word;
  if (!after.empty())
    while (in >> word && word != after) {
    }
  std::size_t number = 0;
  return in >> number ? number : 0;
}

/// What the cluster leaves this process of a limit in this group; no limit ("max" is no number): all.
std::size_t left_in(const std::filesystem::path& group, const char* limit_file, const char* used_file) {
  const auto limit = first_number((group / limit_file).c_str(), "");
  if (limit == 0) return std::numeric_limits<std::size_t>::max();
  return limit - std::min(limit, first_number((group / used_file).c_str(), ""));
}

/// Of the host's memory, and of what control groups (version 2, or 1) from this process's up allow.
std::size_t free_host_bytes() {
  auto free = first_number("/proc/meminfo", "MemAvailable:") * 1024;
  std::ifstream groups{"/proc/self/cgroup"};
  for (std::string line; std::getline(groups, line);) {  // "0::/job", or "4:memory:/job"
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const bool unified = controllers.empty();
    if (!unified && controllers != "memory") continue;
    const std::filesystem::path top{unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"};
    for (std::filesystem::path group{line.substr(second + 1)};; group = group.parent_path()) {
      const auto at = top / group.relative_path();
      free = std::min(free, unified ? left_in(at, "memory.max", "memory.current")
                                    : left_in(at, "memory.limit_in_bytes", "memory.usage_in_bytes"));
      if (group == group.parent_path()) break;
    }
  }
  return free;
}

}  // namespace

Placement choose_placement(const DeepseekSettings& settings) {
  using Device = DeepseekSettings::Device;
  using Dtype = DeepseekSettings::Dtype;
  Placement placement;
  if (settings.device != Device::cpu) {
    const auto seen = device::visible_gpus();
    if (!seen.gpus.empty() && at::hasCUDA())
      placement.device = c10::impl::VirtualGuardImpl{at::kCUDA}.getDevice();
    else if (settings.device == Device::cuda)
      throw UsageError{fmt::format(
          "engine.device is cuda, but there is no GPU to use: {} (on a CPU the model is some "
          "100 times slower). Ask for a GPU, or set engine.device to cpu",
          seen.problem.empty() ? "LibTorch was built without CUDA" : seen.problem)};
  }
  const bool bf16 = placement.device.is_cuda() || cpu_computes_bf16();
  if (settings.dtype == Dtype::bf16 && !bf16)
    log::warning("this CPU has neither avx512_bf16 nor AMX, with which bf16 is fast: fp32 it is");
  if (bf16 && settings.dtype != Dtype::fp32) placement.type = at::kBFloat16;
  return placement;
}

std::size_t free_bytes(at::Device device) {
  return device.is_cpu() ? free_host_bytes()
                         : static_cast<std::size_t>(device::free_memory_bytes(device.index()));
}

void wait_for(at::Device device) {
  if (!device.is_cpu()) at::accelerator::synchronizeDevice(device.index());
}

Budget choose_budget(const DecoderConfig& config, int usual_prompt_tokens, std::size_t kv_bytes,
                     int max_batch_pages, const Placement& placement) {
  const auto block = KvCache::bytes_per_block(config, placement.type);
  const auto in_budget = kv_bytes / block;
  const auto usual =
      blocks_for(std::min(usual_prompt_tokens + usual_answer_tokens, config.max_positions));
  const auto whole = blocks_for(config.max_positions);
  const auto least =
      static_cast<std::size_t>(blocks_for(std::min(usual_prompt_tokens + 1, config.max_positions)));
  if (in_budget < least)
    throw UsageError{fmt::format(
        "{} MB of memory are left for the KV cache, and one page needs {} MB. Take a device "
        "with more memory, or raise engine.memory_fraction",
        kv_bytes >> 20U, (least * block >> 20U) + 1)};
  Budget budget;
  const auto most = placement.device.is_cpu() ? most_sequences_cpu : most_sequences_gpu;
  budget.sequences =
      max_batch_pages > 0
          ? max_batch_pages
          : static_cast<int>(std::clamp<std::size_t>(in_budget / static_cast<std::size_t>(usual), 1,
                                                     static_cast<std::size_t>(most)));
  budget.blocks = static_cast<int>(std::min(
      in_budget, static_cast<std::size_t>(budget.sequences) * static_cast<std::size_t>(whole)));
  return budget;
}

}  // namespace pecia::engine::deepseek
