#include "pecia/base/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>

namespace pecia::log {
namespace {

/// Each line by one write(2), so that the lines of ranks and threads do not mix.
class StandardError final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (isatty(STDERR_FILENO) == 1) write_all("\r\x1b[K");  // over a progress line
    write_all({line.data(), line.size()});
  }
  void flush_() override {}

  static void write_all(std::string_view text) {
    while (!text.empty()) {
      const auto written = ::write(STDERR_FILENO, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;  // signals are no reason to lose a line
      if (written <= 0) return;  // nowhere left to say it
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
};

struct Sink {
  Sink() : logger{"pecia", std::make_shared<StandardError>()} {
    logger.set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    logger.set_level(spdlog::level::trace);  // `least` decides
  }
  spdlog::logger logger;
  std::atomic<Level> least{Level::info};
  std::mutex prefix_mutex;
  std::string prefix;
};

Sink& sink() {
  static Sink the_sink;
  return the_sink;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: break;
  }
  return spdlog::level::err;
}

}  // namespace

void set_prefix(std::string_view prefix) {
  std::lock_guard lock{sink().prefix_mutex};
  sink().prefix = prefix.empty() ? std::string{} : std::string{prefix} + "  ";
}

void set_level(Level least) { sink().least = least; }

Level level() noexcept { return sink().least; }

void write(Level level, std::string_view text) {
  std::string line;
  {
    std::lock_guard lock{sink().prefix_mutex};
    line = sink().prefix;
  }
  line += text;
  sink().logger.log(to_spdlog(level), spdlog::string_view_t{line});
}

}  // namespace pecia::log
