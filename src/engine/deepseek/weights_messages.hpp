#pragma once

#include <functional>
#include <memory>

#include "pecia/engine/weights_channel.hpp"
#include "weight_source.hpp"

// Frames: length (u32), kind (u8), payload. A process sends `offer` and, asked to make it, `id`; a
// rank sends `orders`, then, for a stream, `block` until all bytes have gone by, or `problem` (a
// text).
namespace pecia::engine::deepseek {

enum class WeightsFrame : std::uint8_t { offer = 1, id = 2, orders = 3, block = 4, problem = 5 };

/// Makes the source of way `nccl` from the files: the process's place, how many there are, the
/// communicator's id.
using NcclSource = std::function<std::unique_ptr<WeightSource>(
    std::unique_ptr<WeightSource> files, int place, int processes, const Bytes& id)>;

/// The process's end: says `offer` and returns what its rank orders. `files` has the tensors that
/// are wanted, and without broadcast their contents; `stored` are all tensors of the checkpoint, in
/// their order. `new_id` makes the id of an NCCL communicator. Throws `Error` if the rank is gone.
[[nodiscard]] std::unique_ptr<WeightSource> weights_by_order(
    UniqueFd socket, std::unique_ptr<WeightSource> files, std::vector<TensorInfo> stored,
    WeightsOffer offer, const NcclSource& nccl, const std::function<Bytes()>& new_id);

}  // namespace pecia::engine::deepseek
