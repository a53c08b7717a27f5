#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "pecia/child/child.hpp"
#include "pecia/engine/engine.hpp"

namespace pecia::engine {

/// A page that a worker has, until it has answered it.
struct WorkersPage {
  std::uint64_t ticket = 0;  ///< the engine's
  bool cancelled = false;
  std::size_t bytes = 0;  ///< of its image
  std::chrono::steady_clock::time_point began;
  double cpu_at_begin_s = 0;
  double time_scale = 1;  ///< as in ReadOptions
  std::size_t most_together = std::numeric_limits<std::size_t>::max();  ///< pages that its worker may have, with it
};

/// A process of a RemoteEngine, as far as it has been told of it.
struct Worker {
  using Clock = std::chrono::steady_clock;

  std::optional<child::Child> child;
  bool ready = false;  ///< has said hello
  /// By the tickets of the conversation: one page may come twice in an engine's life.
  std::map<std::uint64_t, WorkersPage> pages;
  Room room;                ///< as it last said,
  std::uint64_t taken = 0;  ///< with these pages counted in
  std::string languages;    ///< of its last page: their models are loaded
  std::string lost;         ///< its last words
  Clock::time_point began, heard, told_of_loading;

  /// What it takes now; a page larger than that is let in all the same, while there are bytes at
  /// all.
  [[nodiscard]] Room left() const;
  [[nodiscard]] bool takes_a_page() const;
  /// Hands it a page, under a ticket of the conversation. False: it is gone.
  [[nodiscard]] bool give(std::uint64_t number, std::uint64_t ticket, const Prepared& page);
};

/// Why a worker is to be ended, if it is. One that has a page at a time is watched by the page's
/// CPU time, since a machine that is crowded is no fault of the page; one that has many, by its
/// silence.
[[nodiscard]] std::optional<std::string> watch_page(const Worker& worker, double watchdog_s);
[[nodiscard]] std::optional<std::string> watch_silence(const Worker& worker, double watchdog_s);

}  // namespace pecia::engine
