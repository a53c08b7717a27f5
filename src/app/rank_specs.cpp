#include "rank_specs.hpp"

#include <algorithm>
#include <map>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"

namespace pecia::app {
namespace {

/// A measurement that says more is not believed.
constexpr double most_apart = 8;

/// 0 of none.
double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

std::vector<report::Status::Rank> earlier_ranks(const store::RunPaths& run) {
  try {
    const auto status = report::read_status(run);
    return status ? status->per_rank : std::vector<report::Status::Rank>{};
  } catch (const Error& error) {
    log::warning("{}: the speeds of an earlier job are not known", error.what());
    return {};
  }
}

std::vector<plan::RankSpec> rank_specs(std::span<const std::string> hosts,
                                       std::span<const report::Status::Rank> earlier) {
  std::map<std::string, std::vector<double>> by_host;  ///< of ranks in good health; 0: it read nothing
  std::vector<double> all;
  for (const auto& rank : earlier) {
    auto& speeds = by_host[rank.host];
    if (rank.health != "good") continue;
    speeds.push_back(std::max(0.0, rank.speed));
    if (rank.speed > 0) all.push_back(rank.speed);
  }
  const double usual = median(all);
  std::map<std::string, double> speed_of;
  for (const auto& [host, speeds] : by_host) {
    auto known = speeds;
    std::erase(known, 0.0);
    if (usual > 0 && (speeds.empty() || !known.empty()))
      speed_of[host] = std::clamp(median(known) / usual, 1 / most_apart, most_apart);
  }
  std::vector<plan::RankSpec> specs(hosts.size());
  for (std::size_t n = 0; n < hosts.size(); ++n) {
    if (const auto known = speed_of.find(hosts[n]); known != speed_of.end()) specs[n].speed = known->second;
  }
  return specs;
}

}  // namespace pecia::app
