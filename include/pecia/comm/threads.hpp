#pragma once

#include <functional>

#include "pecia/comm/communicator.hpp"

namespace pecia::comm {

/// Runs `body` on `ranks` threads that message each other in memory; returns when all return.
/// The first exception thrown by a rank is rethrown here. A rank that throws does not hold the others
/// in a collective.
void run_threads(int ranks, const std::function<void(Communicator&)>& body);

}  // namespace pecia::comm
