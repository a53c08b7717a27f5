#pragma once

#include <memory>

#include "weights_messages.hpp"

namespace pecia::engine::deepseek {

/// What `weights_by_order` needs for way `nccl` on this GPU: the first process reads the files, and
/// each read of it is broadcast. All processes make the same reads, since they load the same model.
[[nodiscard]] NcclSource nccl_source(int gpu);
[[nodiscard]] Bytes new_nccl_id();

}  // namespace pecia::engine::deepseek
