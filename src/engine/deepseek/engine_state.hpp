#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deepseek_engine.hpp"
#include "generator.hpp"
#include "page_request.hpp"
#include "placement.hpp"
#include "vision.hpp"

namespace pecia::engine::deepseek {

/// A page in flight.
struct Page {
  PageRequest request;
  bool looked_for = false;  ///< in `to_look_at`
  bool begun = false;
  std::chrono::steady_clock::time_point begin;
};

/// What the engine has, and how it works on pages between two calls.
struct DeepseekEngine::State {
  DeepseekSettings settings;
  EngineTuning tuning;
  Config config;
  Placement placement;
  std::optional<Tokenizer> tokenizer;
  std::string fingerprint;
  std::shared_ptr<const Vision> vision;
  std::shared_ptr<const Decoder> decoder;
  std::optional<Generator> generator;
  SchedulerLimits limits;
  int views_per_step = 1;
  std::map<std::uint64_t, Page> pages;   ///< in flight
  std::deque<std::uint64_t> to_look_at;  ///< admitted, their views not seen yet
  std::vector<Completion> done;
  EngineFigures figures;

  void load(std::unique_ptr<WeightSource> source);
  void submit(std::uint64_t ticket, const PageRequest& request);
  void run_once();
  void look();
  [[nodiscard]] std::vector<std::uint64_t> next_to_look_at();
  [[nodiscard]] at::Tensor see_all(const std::vector<std::uint64_t>& tickets, bool tiles);
  void collect();
  void complete(Finished finished);
  void end_late_pages();
  void shrink(const std::string& why);
  void end(std::uint64_t ticket, decltype(Completion::result) result);
  [[nodiscard]] result::Reading reading_of(const Page& page, const Generated& generated) const;
  [[nodiscard]] Sequence sequence_of(std::uint64_t ticket, const PageRequest& request) const;
  [[nodiscard]] std::vector<std::int32_t> ids_of(const std::vector<std::string>& tokens) const;
};

}  // namespace pecia::engine::deepseek
