#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

#include "pecia/base/error.hpp"

namespace pecia::device {

/// Throws `Error` with CUDA's name and words for a call that failed.
void check(cudaError_t result, std::string_view what, Here where = Here::now());

}  // namespace pecia::device
