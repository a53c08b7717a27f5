#include "pecia/base/error.hpp"
#include "pecia/device/device.hpp"

namespace pecia::device {
namespace {

constexpr const char* without_cuda =
    "built without CUDA. Load a CUDA module, remove build/CMakeCache.txt and build again "
    "(docs/deepseek.md), or set "
    "engine.device: cpu";

}  // namespace

Gpus visible_gpus() { return {{}, without_cuda}; }

std::uint64_t free_memory_bytes(int) { throw Error{without_cuda}; }

}  // namespace pecia::device
