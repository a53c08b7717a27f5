#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "decoder.hpp"
#include "kv_cache.hpp"
#include "loops.hpp"
#include "ngram_guard.hpp"
#include "output.hpp"
#include "sampling.hpp"
#include "scheduler.hpp"

namespace pecia::engine::deepseek {

/// The n-gram guard of one sequence, with ids for tokens.
struct GuardIds {
  int n = 20, window = 90;
  std::vector<std::int32_t> allow;
};

struct Sequence {
  std::uint64_t ticket = 0;
  int prompt_tokens = 0;
  int max_new_tokens = 0;  ///< prompt and answer within the model's positions
  std::optional<GuardIds> guard;
  bool loop_detection = true;
  std::vector<std::int32_t> structure;  ///< ids that say nothing of a loop
};

/// A sequence that left the generator.
struct Finished {
  enum class How : std::uint8_t {
    ended,      ///< as `generated.finish_reason` says
    no_memory,  ///< the KV cache does not hold it, even alone
    no_numbers  ///< the logits were not finite
  };
  std::uint64_t ticket = 0;
  How how = How::ended;
  Generated generated;
};

/// Many sequences through one decoder: continuous batching over a paged KV cache. What a sequence
/// says does not depend on the others.
class Generator {
 public:
  /// Called with the logits (rows, vocabulary) of every step, before the guard, and whose rows they
  /// are.
  using Observer = std::function<void(std::span<const std::uint64_t>, const at::Tensor&)>;

  struct Figures {
    double prefill_s = 0, decode_s = 0;
    std::uint64_t prompt_tokens = 0, new_tokens = 0, decode_steps = 0;
  };

  Generator(std::shared_ptr<const Decoder> decoder, std::int32_t eos_id, SchedulerLimits limits);

  void add(Sequence sequence);
  /// Sequences that were admitted and whose prompts are wanted, in this order; each once.
  [[nodiscard]] std::vector<std::uint64_t> take_admitted();
  /// (prompt tokens, width), embedded.
  void set_prompt(std::uint64_t ticket, at::Tensor rows);
  /// One decode step of all that are so far, and chunks of prompts. If it throws for want of
  /// memory, call `restart`.
  void step();
  /// What finished since the last call.
  [[nodiscard]] std::vector<Finished> take_finished();
  /// Drops it, at once.
  void cancel(std::uint64_t ticket);
  /// Drops it and gives what it said so far.
  [[nodiscard]] Generated give_up(std::uint64_t ticket);
  /// All sequences start anew, within other limits.
  void restart(SchedulerLimits limits);

  [[nodiscard]] const Scheduler& scheduler() const noexcept { return scheduler_; }
  [[nodiscard]] int blocks() const noexcept { return blocks_; }
  [[nodiscard]] const Figures& figures() const noexcept { return figures_; }
  void observe(Observer observer) { observer_ = std::move(observer); }

 private:
  struct State {
    Sequence sequence;
    at::Tensor prompt;
    Generated generated;
    std::optional<NgramGuard> guard;
    std::optional<LoopDetector> loops;
  };
  void begin_anew(std::uint64_t ticket);
  void decode_step(const std::vector<std::uint64_t>& tickets);
  void prefill_step(const std::vector<Scheduler::Chunk>& chunks);
  /// hidden: (tickets, width).
  void next_tokens(std::span<const std::uint64_t> tickets, const at::Tensor& hidden);
  void accept(std::uint64_t ticket, const Choice& choice);
  void leave(std::uint64_t ticket, Finished::How how);

  std::shared_ptr<const Decoder> decoder_;
  std::int32_t eos_id_;
  int blocks_;
  Scheduler scheduler_;
  std::optional<KvCache> cache_;
  std::unordered_map<std::uint64_t, State> states_;
  std::vector<std::uint64_t> admitted_;
  std::vector<Finished> finished_;
  Figures figures_;
  Observer observer_;
};

}  // namespace pecia::engine::deepseek
