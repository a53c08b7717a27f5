#pragma once

// Inside pecia-page only.
namespace pecia::page {

/// Libraries that parse documents go deeper with each array or dictionary within another, some
/// without end. From here on the stack is limited, whatever the job's limit is, and a process that
/// overruns it ends with `protocol::nested_too_deep_status`. Does nothing under sanitizers, which
/// look at the same signal.
void guard_stack();

}  // namespace pecia::page
