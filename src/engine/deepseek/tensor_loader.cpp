#include "tensor_loader.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>

#include "finite.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr std::size_t block_bytes = std::size_t{8} << 20;

at::ScalarType scalar_type(TensorType type) {
  switch (type) {
    case TensorType::f32:
      return at::kFloat;
    case TensorType::bf16:
      return at::kBFloat16;
    case TensorType::f16:
      return at::kHalf;
  }
  throw Error{"a tensor of no known type"};
}

/// Pinned where it is copied to a GPU, if the system grants that.
at::Tensor make_block(at::Device device, std::size_t bytes) {
  const auto size = static_cast<std::int64_t>(bytes);
  const auto options = at::TensorOptions{}.dtype(at::kByte);
  if (!device.is_cuda()) return at::empty({size}, options);
  try {
    return at::empty({size}, options.pinned_memory(true));
  } catch (const c10::Error&) {
    return at::empty({size}, options);
  }
}

/// Reads a tensor in blocks: into its own memory if that is on a CPU in the type of the source,
/// otherwise through one block.
class Filling {
 public:
  Filling(WeightSource& source, at::Device device, at::ScalarType type, WeightsHash& hash)
      : source_{source}, device_{device}, type_{type}, hash_{hash} {}

  [[nodiscard]] at::Tensor operator()(const TensorInfo& info) {
    const auto tensor = at::empty(info.shape, at::TensorOptions{}.dtype(type_).device(device_));
    const auto flat = tensor.view({-1});
    const auto stored = scalar_type(info.type);
    const bool direct = device_.is_cpu() && stored == type_;
    for (std::uint64_t at = 0; at < info.bytes(); at += block_bytes) {
      const auto size = std::min<std::uint64_t>(block_bytes, info.bytes() - at);
      const auto first = static_cast<std::int64_t>(at / bytes_of(info.type));
      const auto count = static_cast<std::int64_t>(size / bytes_of(info.type));
      if (direct) {
        read(info, at, {static_cast<std::byte*>(tensor.data_ptr()) + at, size});
        continue;
      }
      if (!block_.defined()) block_ = make_block(device_, block_bytes);
      read(info, at, {static_cast<std::byte*>(block_.data_ptr()), size});
      auto values = block_.narrow(0, 0, static_cast<std::int64_t>(size)).view(stored);
      // Converted on the device: a copy that does both would convert here, into memory of its own.
      if (device_.is_cuda() && stored != type_) values = values.to(device_);
      flat.narrow(0, first, count).copy_(values);
    }
    return tensor;
  }

 private:
  void read(const TensorInfo& info, std::uint64_t at, std::span<std::byte> into) {
    source_.read(info.name, at, into);
    hash_.add(info, at, into);
    if (const auto wrong = first_not_finite(into, info.type))
      throw UsageError{  // another process would find the same
          fmt::format("tensor '{}' holds a value that is not finite (element {}): the weights are "
                      "damaged. Fetch them again (docs/deepseek.md)",
                      printable(info.name), at / bytes_of(info.type) + *wrong)};
  }

  WeightSource& source_;
  at::Device device_;
  at::ScalarType type_;
  WeightsHash& hash_;
  at::Tensor block_;
};

}  // namespace

TensorLoader::TensorLoader(WeightSource& source, at::Device device, at::ScalarType type)
    : device_{device}, type_{type} {
  Filling fill{source, device, type, hash_};
  for (const auto& info : source.tensors()) tensors_.emplace(info.name, fill(info));
}

at::Tensor TensorLoader::take(const std::string& name) {
  const auto at = tensors_.find(name);
  if (at == tensors_.end())
    throw Error{
        fmt::format("tensor '{}' is not in the weights, or was used already", printable(name))};
  auto tensor = std::move(at->second);
  tensors_.erase(at);
  return tensor;
}

}  // namespace pecia::engine::deepseek
