#pragma once

#include "cost_fit.hpp"
#include "cost_learning.hpp"

namespace pecia::corpus {

/// What a cost model knows of one engine.
struct CostModel::Engine {
  struct Finished {
    Features features{};
    float seconds = 0;
    DocumentId document;
  };

  Rates rates{};                   ///< of now
  Rates before{};                  ///< as shipped or loaded: what `refit` starts from
  std::uint64_t pages_before = 0;  ///< that `before` was learned from
  CostQuality quality_before;
  Reservoir<Finished> finished;
  DocumentFactors factors;
  QualityTally tally;

  [[nodiscard]] double estimate_s(const PageEvidence& page, double factor) const noexcept;
  void learn(const Document& document, std::uint32_t page_position, double seconds);
  void refit();
};

[[nodiscard]] Rates shipped_rates(std::string_view engine) noexcept;

}  // namespace pecia::corpus
