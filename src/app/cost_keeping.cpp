#include "cost_keeping.hpp"

#include <filesystem>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"

namespace pecia::app {

corpus::CostModel first_cost_model(const Job& job, const store::RunPaths& run) {
  if (!job.cost_model.empty()) return corpus::load_cost_model(job.cost_model);
  std::error_code failure;
  if (!std::filesystem::exists(run.cost_model(), failure)) return {};
  try {
    return corpus::load_cost_model(run.cost_model());
  } catch (const Error& error) {
    log::warning("{}", error.what());
    return {};
  }
}

void keep_cost_model(const store::RunPaths& run, std::uint32_t epoch,
                     const corpus::CostModel& model) noexcept {
  try {
    if (store::is_newest(run, epoch)) corpus::save_cost_model(run.cost_model(), model);
  } catch (const std::exception& error) {
    log::warning("cost_model.json could not be written: {}", error.what());
  }
}

}  // namespace pecia::app
