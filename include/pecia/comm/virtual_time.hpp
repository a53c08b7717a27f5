#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "pecia/comm/communicator.hpp"

namespace pecia::comm {

/// A model of a network and of ranks that poll it.
struct Network {
  double latency_s = 20e-6;      ///< from one rank to another
  double bytes_per_s = 1e9;
  double receive_s = 2e-6;       ///< that a rank is busy with each message; others wait behind it
  double poll_s = 2e-3;          ///< a message waits for up to so long until its rank looks
  double jitter_s = 0;           ///< up to so much more, at random; in order per pair of ranks
  std::uint32_t seed = 1;
};

/// Ranks in one thread and in virtual time, as many as memory holds. Their communicators post and
/// take messages; a message is there once the clock has reached its arrival. Of the collectives only
/// those work that need nobody else (one thread cannot wait): all throw `Error`.
class VirtualTime {
 public:
  VirtualTime(int ranks, const Network& network);
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  [[nodiscard]] Communicator& rank(int rank);
  [[nodiscard]] double now_s() const noexcept;
  /// Never back.
  void set_now(double now_s);
  /// When the next message arrives at a rank; infinity if none is under way.
  [[nodiscard]] double next_arrival_s(int rank) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::comm
