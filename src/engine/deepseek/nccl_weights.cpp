#include "nccl_weights.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "pecia/base/error.hpp"
#include "pecia/device/nccl_broadcast.hpp"

namespace pecia::engine::deepseek {
namespace {

class NcclWeights final : public WeightSource {
 public:
  NcclWeights(std::unique_ptr<WeightSource> files, device::Broadcast broadcast, bool first, int gpu)
      : files_{std::move(files)}, broadcast_{std::move(broadcast)}, first_{first}, gpu_{gpu} {}

  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override {
    return files_->tensors();
  }

  void read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) override {
    if (into.empty()) return;
    const auto bytes = static_cast<std::int64_t>(into.size());
    if (!staging_.defined() || staging_.numel() < bytes)
      staging_ = at::empty({bytes}, at::TensorOptions{}.dtype(at::kByte).device(c10::Device{
                                        c10::kCUDA, static_cast<c10::DeviceIndex>(gpu_)}));
    const auto there = staging_.narrow(0, 0, bytes);
    const auto here = at::from_blob(into.data(), {bytes}, at::kByte);
    if (first_) {
      files_->read(name, offset, into);
      there.copy_(here);  // waits: the memory is pageable
    }
    broadcast_.broadcast(there.data_ptr(), into.size(), 0);
    if (!first_) here.copy_(there);
  }

 private:
  std::unique_ptr<WeightSource> files_;
  device::Broadcast broadcast_;
  bool first_;
  int gpu_;
  at::Tensor staging_;
};

}  // namespace

NcclSource nccl_source(int gpu) {
  return [gpu](std::unique_ptr<WeightSource> files, int place, int processes,
               const Bytes& id) -> std::unique_ptr<WeightSource> {
    device::BroadcastId shared{};
    require(id.size() == shared.size(),
            fmt::format("an id of an NCCL communicator of {} bytes", id.size()));
    std::ranges::copy(id, shared.begin());
    return std::make_unique<NcclWeights>(
        std::move(files), device::Broadcast{shared, processes, place, gpu}, place == 0, gpu);
  };
}

Bytes new_nccl_id() {
  const auto id = device::make_broadcast_id();
  return {id.begin(), id.end()};
}

}  // namespace pecia::engine::deepseek
