#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

namespace pecia::engine::deepseek {

/// Sees the stages of a computation go by, under the names that docs/deepseek.md lists. What it is
/// given is overwritten later: it copies what it keeps. None is the rule; tests have one.
using Probe = std::function<void(const std::string& stage, const at::Tensor& values)>;

}  // namespace pecia::engine::deepseek
