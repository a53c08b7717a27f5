#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pecia/corpus/document.hpp"
#include "pecia/engine/engine.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::app {

/// A page on its way through the threads of a rank; touched by the one thread that holds it.
struct PageWork {
  plan::Task task;
  std::chrono::steady_clock::time_point began;  ///< of this attempt
  std::vector<result::Attempt> attempts;        ///< that failed
  double scale_limits = 1;
  engine::ReadOptions options;
  result::Geometry geometry;
  double decode_s = 0;  ///< document to prepared image
  engine::Prepared prepared;
};

[[nodiscard]] result::Geometry geometry_of(const page::Image& image);
/// An outcome with all but state and reading.
[[nodiscard]] result::PageOutcome outcome_of(const PageWork& work, std::string engine, float seconds);
/// The last attempt decides; the earlier ones are its history.
[[nodiscard]] result::PageOutcome failed_outcome(const PageWork& work);
/// Of a document that cannot be read as a whole.
[[nodiscard]] result::PageOutcome document_outcome(const corpus::Document& document);

}  // namespace pecia::app
