#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string_view>

/// One line per event on standard error, written whole: time, level, rank, text.
/// Threads may log at any time. The sink is one of the program's two globals (the other: stop).
namespace pecia::log {

enum class Level { debug, info, warning, error };

/// Put before every line from now on ("rank 3"); `nullptr`-safe, empty = no prefix.
void set_prefix(std::string_view prefix);
void set_level(Level least);
[[nodiscard]] Level level() noexcept;
void write(Level level, std::string_view text);
/// Writes a line that another process of pecia logged, at its level; any other line as `info`.
void pass_on(std::string_view from, std::string_view line);

/// While it lives, lines are written by a thread of its own, so that nobody waits where standard error
/// is a file on a file system that stalls, or a pipe that nobody reads. Of more than 10,000 waiting
/// lines the newest are dropped, and counted. At its end all are written.
class Background {
 public:
  Background();
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
};
/// Before the process is ended from outside: waits until all is written, at most so long.
void flush(std::chrono::milliseconds at_most);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (level() <= Level::debug) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (level() <= Level::info) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (level() <= Level::warning)
    write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace pecia::log
