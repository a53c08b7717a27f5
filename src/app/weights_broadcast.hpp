#pragma once

#include <memory>

#include "pecia/comm/communicator.hpp"
#include "pecia/engine/weights_channel.hpp"

namespace pecia::app {

/// Gives the engine process of every rank the weights that rank 0 (or its process) reads: from
/// process to process by NCCL where each has a GPU of its own, else by messages of the ranks.
/// Collective; a rank whose engine takes no part has a channel that is closed. A process that dies
/// or falls silent is left behind, and the next one reads the files. What cannot be read is the
/// processes' to say, not an error here. `reader`: on rank 0; none means no broadcast.
void broadcast_weights(comm::Communicator& comm, std::unique_ptr<engine::WeightsReader> reader,
                       UniqueFd channel);

}  // namespace pecia::app
