#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "pecia/corpus/manifest.hpp"
#include "pecia/corpus/priority.hpp"
#include "pecia/plan/forecast.hpp"
#include "to_read.hpp"

namespace pecia::app {

/// What `pecia plan` says of a job.
struct PlanReport {
  struct Count {
    std::uint64_t pages = 0;
    double cost_s = 0;
  };
  struct LongestPage {
    std::string path;  ///< printable
    std::uint32_t page = 0;
    double cost_s = 0;
  };
  struct Within {
    double within_s = 0;
    std::optional<std::size_t> ranks;  ///< nothing: no number of ranks is fast enough
    plan::WallTime wall;               ///< with so many
  };

  std::string job, engine;
  bool uses_gpu = false;        ///< cost is device time, and a rank has one device
  std::uint64_t documents = 0;  ///< of the corpus
  std::uint64_t pages = 0;      ///< still to be read
  std::uint64_t pages_done = 0;
  double cost_s = 0;
  std::map<std::pair<corpus::Format, corpus::Coding>, Count> kinds;
  Count unreadable;  ///< documents without pages: each only needs its record written
  std::array<std::uint64_t, corpus::priorities> by_priority{};
  std::size_t ranks = 1, threads = 1;
  plan::WallTime wall;
  std::optional<LongestPage> longest;
  std::optional<Within> within;
};

struct PlanRequest {
  std::size_t ranks = 1, threads = 1;
  std::optional<double> within_s;
};

/// All but names of job and engine.
[[nodiscard]] PlanReport make_plan_report(const corpus::Manifest& manifest,
                                          const PagesToRead& to_read, const PlanRequest& request);
[[nodiscard]] std::string plan_text(const PlanReport& report);
/// One JSON object on one line; docs/formats.md has its keys.
[[nodiscard]] std::string plan_json(const PlanReport& report);

}  // namespace pecia::app
