#pragma once

namespace pecia::child {

/// Leaves this process the system calls that computing takes. Returns 0 or an errno.
[[nodiscard]] int restrict_system_calls() noexcept;
/// Takes from this process, and from what it will start, the network, other processes, and what has let
/// programs out of their confinement before. Returns 0 or an errno.
[[nodiscard]] int restrict_connections() noexcept;

}  // namespace pecia::child
