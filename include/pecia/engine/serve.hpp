#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "pecia/child/child.hpp"
#include "pecia/engine/engine.hpp"

// The process's side of a RemoteEngine.
namespace pecia::engine {

/// Exit status of a process that reads one page at a time and had no memory left for it.
inline constexpr int out_of_memory_status = 71;

/// Reads pages, one at a time, for the process that started this one, until it closes the socket.
/// `engine` reads in this process; `problem`: what the user must mend before it can, or empty.
/// Returns the exit status.
[[nodiscard]] int serve(child::Parent& parent, Engine& engine, const std::string& problem);

struct ServeSettings {
  int prepare_threads = 1;                           ///< that call Engine::prepare
  std::size_t queue_bytes = std::size_t{128} << 20;  ///< of pages that are not yet in the engine
  int queue_pages = 32;                              ///< more than the engine has room for
};

/// Reads many pages at once, as many as `engine` has room for, until the other process closes the
/// socket; that, or an exception out of the engine, ends this process.
///
/// One thread takes pages from the socket, and stops where more than `queue_bytes` wait; some
/// prepare them; the calling thread alone owns the engine. It says that it is alive between two
/// steps.
[[noreturn]] void serve_continuous(child::Parent& parent, Engine& engine,
                                   const ServeSettings& settings);

/// While the engine loads, at least every so often that no watchdog barks.
void say_loading(child::Parent& parent, std::uint64_t done_bytes, std::uint64_t all_bytes);
/// Instead of `serve_continuous`: what the user must mend before the engine can read.
void say_problem(child::Parent& parent, const std::string& problem);
/// Instead of `serve_continuous`: why the engine cannot start, for which the user can do nothing.
void say_lost(child::Parent& parent, const std::string& why);

}  // namespace pecia::engine
