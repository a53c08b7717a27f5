#include "pecia/base/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace pecia::log {
namespace {

constexpr std::size_t most_waiting_lines = 10'000;

void write_all(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;  // signals are no reason to lose a line
    if (written <= 0) return;  // nowhere left to say it
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// By one write(2), so that the lines of ranks and threads do not mix.
void write_line(std::string_view line) {
  if (isatty(STDERR_FILENO) == 1) write_all("\r\x1b[K");  // over a progress line
  write_all(line);
}

/// Lines on their way to standard error, through a thread while one is started.
class Lines {
 public:
  void put(std::string line) {
    {
      const std::lock_guard lock{mutex_};
      if (thread_.joinable()) {
        if (waiting_.size() < most_waiting_lines)
          waiting_.push_back(std::move(line));
        else
          ++lost_;
        changed_.notify_all();
        return;
      }
    }
    write_line(line);
  }
  void start() {
    const std::lock_guard lock{mutex_};
    ending_ = false;
    if (!thread_.joinable()) thread_ = std::thread{[this] { loop(); }};
  }
  void end() {
    std::thread thread;
    {
      const std::lock_guard lock{mutex_};
      ending_ = true;
      thread = std::move(thread_);
    }
    changed_.notify_all();
    if (thread.joinable()) thread.join();
  }
  void flush(std::chrono::milliseconds at_most) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, at_most, [&] { return waiting_.empty() && !writing_; });
  }

 private:
  void loop() {
    std::unique_lock lock{mutex_};
    while (true) {
      changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      auto line = std::move(waiting_.front());
      waiting_.pop_front();
      if (waiting_.empty() && lost_ > 0) line += fmt::format("({} lines were lost here: nothing took them)\n", std::exchange(lost_, 0));
      writing_ = true;
      lock.unlock();
      write_line(line);
      lock.lock();
      writing_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::size_t lost_ = 0;
  bool writing_ = false, ending_ = false;
  std::thread thread_;
};

class StandardError final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  Lines lines;

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    lines.put({line.data(), line.size()});
  }
  void flush_() override {}
};

struct Sink {
  Sink() : output{std::make_shared<StandardError>()}, logger{"pecia", output} {
    logger.set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    logger.set_level(spdlog::level::trace);  // `least` decides
  }
  std::shared_ptr<StandardError> output;
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

Background::Background() { sink().output->lines.start(); }
Background::~Background() { sink().output->lines.end(); }
void flush(std::chrono::milliseconds at_most) { sink().output->lines.flush(at_most); }

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

void pass_on(std::string_view from, std::string_view line) {
  // The pattern above: date, time, level, text.
  constexpr std::size_t level_at = std::string_view{"2026-01-31 12:00:00.000 "}.size();
  for (const auto& [word, level] : {std::pair{"debug ", Level::debug}, {"info ", Level::info}, {"warning ", Level::warning},
                                   {"error ", Level::error}}) {
    const std::string_view begin{word};
    if (line.size() < level_at || line.substr(level_at, begin.size()) != begin) continue;
    if (level >= log::level()) write(level, fmt::format("{}: {}", from, line.substr(level_at + begin.size())));
    return;
  }
  info("{}: {}", from, line);
}

}  // namespace pecia::log
