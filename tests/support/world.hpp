#pragma once

#include <cstddef>
#include <memory>

#include "pecia/comm/communicator.hpp"

namespace pecia::test {

/// The ranks that this test program was launched with.
comm::Communicator& world();
/// The same ranks, their messages split into parts of this size. Collective.
std::unique_ptr<comm::Communicator> world_in_parts(std::size_t part_bytes);

}  // namespace pecia::test
