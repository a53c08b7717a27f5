#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "block_table.hpp"

namespace pecia::engine::deepseek {

struct SchedulerLimits {
  int sequences = 16;                 ///< generated together
  int blocks = 0;                     ///< of the KV cache
  int chunk_tokens = 256;             ///< bounds of a prompt's chunks are its multiples
  int prefill_tokens_per_step = 512;  ///< of all prompts together, but always one chunk
};

/// Which sequences are worked on in which step, and where their keys and values lie: continuous
/// batching as a state machine that knows nothing of tensors.
///
/// A sequence waits, is admitted as soon as its prompt and its predicted answer fit beside what the
/// others are predicted to take still, is prefilled chunk by chunk once its prompt is ready, and
/// then takes part in every decode step. When blocks run out after all, the one admitted last gives
/// its own back and waits again, at the front; it will say the same from the start.
class Scheduler {
 public:
  using Ticket = std::uint64_t;
  struct Chunk {
    Ticket ticket = 0;
    int begin = 0, count = 0;  ///< positions of the prompt
    bool last = false;         ///< its last row gives the first token
  };
  struct Plan {
    std::vector<Ticket> admitted;   ///< newly; their prompts are wanted, unless they are ready
    std::vector<Ticket> preempted;  ///< what they have generated is void
    std::vector<Ticket> overflown;  ///< do not fit, alone as they are; dropped
    std::vector<Ticket> decode;     ///< one token each, oldest first
    std::vector<Chunk> prefill;
  };

  explicit Scheduler(SchedulerLimits limits);

  void add(Ticket ticket, int prompt_tokens, int max_new_tokens);
  /// The prompt's embeddings are there, and stay until the sequence leaves.
  void ready(Ticket ticket);
  /// Plans one step and takes the blocks for it. All of the plan has to be carried out, and told by
  /// `generated` and `leave`, before the next call.
  [[nodiscard]] Plan plan();
  /// One token more: of a sequence in `decode`, or whose last chunk was in `prefill`.
  void generated(Ticket ticket);
  /// Finished: its length is learnt from.
  void finish(Ticket ticket);
  /// Drops it without learning; unknown tickets are ignored.
  void cancel(Ticket ticket);
  /// All sequences start anew, within other limits.
  void restart(SchedulerLimits limits);

  [[nodiscard]] const BlockTable& table(Ticket ticket) const { return sequences_.at(ticket).table; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  [[nodiscard]] std::size_t running() const noexcept { return running_.size(); }
  [[nodiscard]] int free_blocks() const noexcept { return blocks_.free(); }
  [[nodiscard]] std::uint64_t preemptions() const noexcept { return preemptions_; }

 private:
  struct Sequence {
    int prompt = 0, max_new = 0;
    int prefilled = 0, generated = 0;
    int least_expected = 0;  ///< what it generated before it was preempted
    bool ready = false;
    BlockTable table;
  };

  [[nodiscard]] int expected_blocks(const Sequence& sequence) const;
  /// Of the running ones, still to be taken.
  [[nodiscard]] int reserved() const;
  void grow_decoding(Plan& plan);
  void admit(Plan& plan);
  void plan_prefill(Plan& plan);
  void preempt_last(Plan& plan);
  void back_to_start(Sequence& sequence);
  void drop(Ticket ticket);

  SchedulerLimits limits_;
  BlockAllocator blocks_;
  std::unordered_map<Ticket, Sequence> sequences_;
  std::deque<Ticket> waiting_;
  std::vector<Ticket> running_;  ///< in the order of admission
  double mean_length_ = 0;       ///< of finished answers, the latest counting most; 0: none yet
  std::uint64_t preemptions_ = 0;
};

}  // namespace pecia::engine::deepseek
