#pragma once

#include <optional>

#include "pecia/app/job.hpp"
#include "pecia/page/reader.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::app {

/// What becomes of a page that brings its text along. Pure functions of the job's policy and the evidence.
struct LayerDecision {
  enum class Act { read, keep, skip } act = Act::read;
  std::optional<Step> step;  ///< what was decided, and why; nothing where there is no layer
};

/// Whether the text has to be taken from the page to decide.
[[nodiscard]] bool needs_layer(TextLayerPolicy policy, const page::TextSigns& signs);
/// Whether it has to be compared with the page's pixels as well.
[[nodiscard]] bool needs_look(TextLayerPolicy policy);
/// By the signs alone, where the text need not be taken.
[[nodiscard]] LayerDecision decide(TextLayerPolicy policy, const page::TextSigns& signs);
[[nodiscard]] LayerDecision decide(TextLayerPolicy policy, const page::TextEvidence& evidence);
/// The text could not be taken.
[[nodiscard]] LayerDecision read_for(const page::Failure& failure);

/// As an engine would have read it. Its confidence is the share of characters that are known.
[[nodiscard]] result::Reading reading_of(page::TextLayer layer);
[[nodiscard]] result::Geometry geometry_of(const page::TextLayer& layer);

}  // namespace pecia::app
