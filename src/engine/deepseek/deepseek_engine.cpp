#include "deepseek_engine.hpp"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine_state.hpp"
#include "image_request.hpp"
#include "math.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/version.hpp"

namespace pecia::engine::deepseek {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t waiting_bytes = std::size_t{1} << 30;  // of views that wait for their turn

}  // namespace

DeepseekEngine::DeepseekEngine(const DeepseekSettings& settings,
                               std::unique_ptr<WeightSource> source)
    : DeepseekEngine{settings, std::move(source), EngineTuning{}} {}

DeepseekEngine::DeepseekEngine(const DeepseekSettings& settings,
                               std::unique_ptr<WeightSource> source, EngineTuning tuning)
    : state_{std::make_unique<State>()} {
  state_->settings = settings;
  state_->tuning = std::move(tuning);
  pad_rows = state_->tuning.pad_rows;
  const c10::InferenceMode no_gradients;
  try {
    state_->load(std::move(source));
  } catch (const c10::Error& error) {
    throw Error{fmt::format("the model cannot be loaded: {}", error.what_without_backtrace())};
  }
}

DeepseekEngine::~DeepseekEngine() = default;

page::ImageRequest DeepseekEngine::wants(const page::PageInfo&, const ReadOptions&) const {
  return image_request();
}

Prepared DeepseekEngine::prepare(const page::Image& image, const ReadOptions& options) const {
  const auto& state = *state_;
  auto request = std::make_shared<const PageRequest>(
      make_request(image, options, state.settings, state.config, *state.tokenizer));
  const auto bytes = request->views ? request->views->bytes() : 0;
  return {request->geometry, options, bytes, std::move(request)};
}

Room DeepseekEngine::room() const {
  const auto& state = *state_;
  // Some more than are generated together, so that the next one is there when one finishes.
  const int capacity = state.limits.sequences + std::max(1, state.limits.sequences / 4);
  std::size_t held = 0;
  for (const auto& [ticket, page] : state.pages)
    if (page.request.views) held += page.request.views->bytes();
  return {std::max(0, capacity - static_cast<int>(state.pages.size())),
          waiting_bytes - std::min(waiting_bytes, held)};
}

void DeepseekEngine::submit(std::uint64_t ticket, Prepared page) {
  require(page.form != nullptr, "deepseek_ocr2 was handed a page that it did not prepare");
  state_->submit(ticket, *static_cast<const PageRequest*>(page.form.get()));
}

std::vector<Completion> DeepseekEngine::step(std::chrono::milliseconds max_wait) {
  const c10::InferenceMode no_gradients;
  const auto until = Clock::now() + max_wait;
  auto& state = *state_;
  try {
    while (state.done.empty() && !state.pages.empty()) {
      state.run_once();
      if (Clock::now() >= until) break;
    }
  } catch (const c10::Error& error) {
    throw Error{
        fmt::format("LibTorch failed, and with it the engine: {}", error.what_without_backtrace())};
  }
  return std::exchange(state.done, {});
}

void DeepseekEngine::cancel(std::uint64_t ticket) {
  auto& state = *state_;
  state.generator->cancel(ticket);
  state.pages.erase(ticket);
  state.to_look_at.erase(std::remove(state.to_look_at.begin(), state.to_look_at.end(), ticket),
                         state.to_look_at.end());
  const auto same = [&](const Completion& completion) { return completion.ticket == ticket; };
  state.done.erase(std::remove_if(state.done.begin(), state.done.end(), same), state.done.end());
}

Description DeepseekEngine::description() const {
  return {"deepseek_ocr2", std::string{version()}, state_->fingerprint};
}

EngineFigures DeepseekEngine::figures() const {
  auto figures = state_->figures;
  const auto& generator = *state_->generator;
  figures.prefill_s = generator.figures().prefill_s;
  figures.decode_s = generator.figures().decode_s;
  figures.prompt_tokens = generator.figures().prompt_tokens;
  figures.new_tokens = generator.figures().new_tokens;
  figures.decode_steps = generator.figures().decode_steps;
  figures.preemptions = generator.scheduler().preemptions();
  figures.kv_bytes = static_cast<std::size_t>(generator.blocks()) *
                     KvCache::bytes_per_block(state_->config.decoder, state_->placement.type);
  return figures;
}

}  // namespace pecia::engine::deepseek
