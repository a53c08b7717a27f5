#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace shim {

/// Below PECIA_SHIM_ROOT: the path from there on, "." for itself; empty otherwise, and where the shim is not asked for.
[[nodiscard]] std::string below_root(const std::string& path);
[[nodiscard]] std::string absolute(int folder, const char* path);
[[nodiscard]] std::string path_of(int fd);

/// What a rule says of a call.
struct Verdict {
  int error = 0;       ///< the call fails so
  bool skip = false;   ///< it is left out, and said to have worked
  long bytes = -1;     ///< of a write: only so many are written
  bool kill = false, kill_session = false;  ///< after these bytes
};
/// Runs the rules for an event: kills, stalls, moves the clock; the rest is for the caller.
[[nodiscard]] Verdict look_up(std::string_view op, const std::string& path, bool after = false);
[[noreturn]] void kill_us(bool session);
/// By which CLOCK_REALTIME is wrong, in ns.
[[nodiscard]] long long clock_offset_ns();

/// Whether what happens is written down for power_cut.py (PECIA_SHIM_KEEP).
[[nodiscard]] bool recording();
/// One line, appended at once: the order of all processes' lines is that of the file.
void record(const std::string& line);
/// A link to the file at `path`, so that neither its contents nor its inode number goes away.
void keep(const std::string& path);

}  // namespace shim
