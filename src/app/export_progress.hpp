#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "pecia/base/log.hpp"
#include "pecia/export/export.hpp"

namespace pecia::app {

/// Shows how far an export is: a line on a terminal that is written over, and a line of the log now and then.
class ExportProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  void operator()(const exporting::ExportProgress& progress) {
    constexpr std::chrono::milliseconds between_shows{200};
    constexpr std::chrono::seconds between_logs{30};
    const auto now = Clock::now();
    const bool show = terminal_ && now - shown_ >= between_shows, note = now - noted_ >= between_logs;
    if (!show && !note) return;
    const auto line =
        fmt::format("{} of {} documents, {} of {} pages", progress.documents, progress.all_documents, progress.pages, progress.all_pages);
    if (note) {
      log::info("{}", line);
      noted_ = now;
    }
    if (!show) return;
    fmt::print(stderr, "\r\033[K{}", line);
    (void)std::fflush(stderr);
    shown_ = now;
  }
  void clear() const {
    if (terminal_) fmt::print(stderr, "\r\033[K");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  Clock::time_point shown_{}, noted_ = Clock::now();
};

}  // namespace pecia::app
