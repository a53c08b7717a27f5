#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pecia/base/bytes.hpp"

namespace pecia::comm {

/// Bytes received from another rank (or from itself).
struct Message {
  int source = 0;
  Bytes bytes;
};

/// The part of message passing this program needs, so that everything above it runs in one
/// process, in threads, or under mpirun without knowing which.
///
/// Collectives (barrier, sum, broadcast, gather) are called by every rank in the same order. One
/// thread per rank makes all calls. Message sizes are not limited by int.
class Communicator {
 public:
  virtual ~Communicator() = default;

  [[nodiscard]] virtual int rank() const noexcept = 0;
  [[nodiscard]] virtual int size() const noexcept = 0;
  /// Ranks on this host, and which of them this one is: how cores and GPUs are divided.
  [[nodiscard]] virtual int host_size() const noexcept = 0;
  [[nodiscard]] virtual int host_rank() const noexcept = 0;

  virtual void barrier() = 0;
  /// Sum of `value` over all ranks, known to all ranks.
  [[nodiscard]] virtual std::int64_t sum(std::int64_t value) = 0;
  /// Rank 0's bytes, known to all ranks. Other ranks' argument is ignored.
  [[nodiscard]] virtual Bytes broadcast(Bytes bytes) = 0;
  /// On rank 0: the bytes of every rank, by rank. On others: empty.
  [[nodiscard]] virtual std::vector<Bytes> gather(std::span<const std::byte> bytes) = 0;
  /// On every rank: its element of rank 0's vector (one per rank). Other ranks' argument is ignored.
  [[nodiscard]] virtual Bytes scatter(std::vector<Bytes> per_rank) = 0;

  /// Copies `bytes` and returns at once; delivery is in order per pair of ranks.
  virtual void send(int to, std::span<const std::byte> bytes) = 0;
  /// The next message from any rank, or nothing if none has arrived.
  [[nodiscard]] virtual std::optional<Message> try_receive() = 0;

  /// Ends all ranks at once with this exit status; for when a rank is dead and an orderly end would
  /// wait for it for ever. Does not return under MPI. Thread ranks and the lone rank throw `Aborted`.
  [[noreturn]] virtual void abort(int exit_status) = 0;

  /// "alone", "threads", or the MPI library's own version line.
  [[nodiscard]] virtual std::string description() const = 0;
};

/// Thrown by `abort` where there is no MPI to end the process.
struct Aborted {
  int exit_status;
};

/// One rank that is alone: rank 0 of 1. Needs no MPI.
[[nodiscard]] std::unique_ptr<Communicator> make_alone();

}  // namespace pecia::comm
