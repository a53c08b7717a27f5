#pragma once

#include <memory>

#include "pecia/app/job.hpp"
#include "pecia/comm/communicator.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/engine/weights_channel.hpp"

namespace pecia::app {

/// Whether the job asks for it and there is something to broadcast.
[[nodiscard]] bool weights_are_broadcast(const comm::Communicator& comm, const Job& job);
/// Makes the channel to the engine of this rank that is to be made from these settings: the rank's end.
[[nodiscard]] UniqueFd channel_of_weights(engine::EngineSettings& settings);
/// On rank 0; none where it cannot be read, which the engines will say.
[[nodiscard]] std::unique_ptr<engine::WeightsReader> reader_of_weights(const comm::Communicator& comm, const Job& job);

/// Gives the engine process of every rank the weights that rank 0 (or its process) reads: from
/// process to process by NCCL where each has a GPU of its own, else by messages of the ranks.
/// Collective; a rank whose engine takes no part has a channel that is closed. A process that dies
/// or falls silent is left behind, and the next one reads the files. What cannot be read is the
/// processes' to say, not an error here. `reader`: on rank 0; none means no broadcast.
void broadcast_weights(comm::Communicator& comm, std::unique_ptr<engine::WeightsReader> reader,
                       UniqueFd channel);

}  // namespace pecia::app
