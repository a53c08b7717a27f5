#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace pecia::device {

/// What all ranks of a broadcast have in common. Rank 0 makes it; the ranks carry it to the others.
using BroadcastId = std::array<std::byte, 128>;

/// Of NCCL, such as "2.28.9"; empty when built without it.
[[nodiscard]] std::string nccl_version();

/// Throws `Error` when built without NCCL, or where this process sees no GPU.
[[nodiscard]] BroadcastId make_broadcast_id();

/// Equal bytes in the memory of many GPUs, by NCCL: one rank reads the weights from the file
/// system, the others get them from it.
///
/// Every rank, each a process with a GPU of its own, makes one of these and calls `broadcast` as
/// often and with the same sizes. All calls wait for the others, at most `timeout_s`; after an
/// `Error` (a rank is gone, NCCL's own words are in it) this object is of no use, and the weights
/// are to be read from the files.
class Broadcast {
 public:
  /// `gpu`: among those that this process sees. Throws `Error` when built without NCCL, where there
  /// is no such GPU, or when the others do not come.
  Broadcast(const BroadcastId& id, int ranks, int rank, int gpu, double timeout_s = 120);
  Broadcast(Broadcast&&) noexcept;
  Broadcast& operator=(Broadcast&&) noexcept;
  ~Broadcast();

  /// `memory`: `bytes` of this rank's GPU, which nothing else uses meanwhile: work on other streams
  /// is to be waited for before. Returns when they hold what rank `root` has there.
  void broadcast(void* memory, std::size_t bytes, int root);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::device
