#include "cost_keeping.hpp"

#include <filesystem>
#include <utility>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"

namespace pecia::app {
namespace {

constexpr std::chrono::seconds keep_every{60};

}  // namespace

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

CostKeeper::CostKeeper(store::RunPaths run, std::uint32_t epoch, std::string engine, const corpus::Manifest& manifest,
                       corpus::CostModel& model)
    : run_{std::move(run)}, epoch_{epoch}, engine_{std::move(engine)}, manifest_{manifest}, model_{model} {}

void CostKeeper::take(std::span<const sched::FinishedPage> pages, bool at_end) noexcept {
  try {
    for (const auto& page : pages) {
      const auto where = manifest_.at(page.index);
      const auto& document = manifest_.document(where);
      if (document.problem != Reason::none) continue;
      model_.learn(engine_, document, where.page - document.first_page(), page.seconds);
      learned_ = true;
      ++pages_;
    }
    if (pages_ >= refits_at_pages_) {
      refits_at_pages_ = 2 * pages_;
      model_.refit(engine_);
    }
    if (learned_ && (at_end || std::chrono::steady_clock::now() - kept_ >= keep_every)) keep();
  } catch (const std::exception& error) {
    log::warning("cost_model.json could not be written: {}", error.what());
    kept_ = std::chrono::steady_clock::now();
  }
}

void CostKeeper::keep() {
  learned_ = false;
  kept_ = std::chrono::steady_clock::now();
  model_.refit(engine_);
  if (store::is_newest(run_, epoch_)) corpus::save_cost_model(run_.cost_model(), model_);
}

}  // namespace pecia::app
