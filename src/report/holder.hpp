#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pecia/report/status.hpp"
#include "pecia/store/run.hpp"

namespace pecia::report {

/// Whether a job works on a run now, as far as one look at its files tells.
struct Life {
  bool running = false;
  std::string
      text;  ///< "running on host h1, pid 12", "not running (...)", "stale since 12:03: ..."
  bool status_is_current = false;  ///< status.json speaks of the job that runs
  bool stale = false;              ///< its job is elsewhere and silent: it may be dead
};

/// `holder`: of the lock, if there is one; `status`: status.json, if it can be read. On the
/// holder's own host its process is looked for; elsewhere the time at which it last wrote must
/// tell.
[[nodiscard]] Life life_of(const std::optional<store::Holder>& holder,
                           const std::optional<Status>& status, std::int64_t now_s);

}  // namespace pecia::report
