#pragma once

#include "pecia/comm/communicator.hpp"

namespace pecia::test {

/// The ranks that this test program was launched with.
comm::Communicator& world();

}  // namespace pecia::test
