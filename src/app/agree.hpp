#pragma once

#include <functional>

#include "pecia/comm/communicator.hpp"

namespace pecia::app {

/// The exit status of what was stopped, or is not done yet for another reason: it can be gone on with.
inline constexpr int unfinished_status = 75;

/// All ranks leave with this exit status; what was wrong is logged already.
struct Ended {
  int exit_status;
};

/// The exit status of a verb that needs no other rank: what it returns, or throws as `Ended` or `Stopped`.
[[nodiscard]] int alone(const std::function<int()>& verb);

/// Runs `step` on this rank and tells all ranks whether it failed anywhere. If it did, rank 0 logs
/// each message once, with the ranks it came from, and every rank throws `Ended`. Collective.
/// UsageError means exit status 2, Stopped 75, any other exception 1.
void agree(comm::Communicator& comm, const std::function<void()>& step);

}  // namespace pecia::app
