#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "pecia/engine/deepseek_settings.hpp"
#include "pecia/engine/engine.hpp"
#include "weight_source.hpp"

namespace pecia::engine::deepseek {

/// What tests and benchmarks set; a job does not. But for `pad_rows`, none of it changes the
/// text of a page.
struct EngineTuning {
  std::size_t kv_bytes = 0;           ///< of the KV cache; 0: by `memory_fraction`
  int chunk_tokens = 256;             ///< of a prompt per prefill chunk, counted from position 0
  int prefill_tokens_per_step = 512;  ///< of all prompts together, at least one chunk
  /// That are looked at between two decode steps, at least a page's; 0: 8 on a CPU, 32 on a GPU.
  int views_per_step = 0;
  /// Whether a CPU's products are padded (math.hpp), in the whole process. Off for what that costs.
  bool pad_rows = true;
  std::function<void(const char* part)>
      before;  ///< called before "vision" and "generation": may throw, for tests
};

/// What an engine did so far, for benchmarks and the log.
struct EngineFigures {
  double vision_s = 0, prefill_s = 0, decode_s = 0;
  std::uint64_t views = 0, prompt_tokens = 0, new_tokens = 0, decode_steps = 0;
  std::uint64_t preemptions = 0;    ///< pages begun anew because the KV cache was full
  std::uint64_t out_of_memory = 0;  ///< times that the budget was made smaller
  std::size_t kv_bytes = 0;         ///< of the KV cache now
  double load_s = 0;
};

/// DeepSeek-OCR-2. Pages are generated together, each at its own position; what a page says does
/// not depend on the others.
class DeepseekEngine final : public Engine {
 public:
  /// Loads the weights from `source`, or from the files of `settings.weights`; configuration and
  /// tokenizer always from these. Throws `UsageError` for what the user can mend (no such folder,
  /// no GPU, a checkpoint of another model), `Error` otherwise.
  explicit DeepseekEngine(const DeepseekSettings& settings,
                          std::unique_ptr<WeightSource> source = nullptr);
  DeepseekEngine(const DeepseekSettings& settings, std::unique_ptr<WeightSource> source,
                 EngineTuning tuning);
  ~DeepseekEngine() override;

  [[nodiscard]] page::ImageRequest wants(const page::PageInfo& page,
                                         const ReadOptions& options) const override;
  [[nodiscard]] Prepared prepare(const page::Image& image,
                                 const ReadOptions& options) const override;
  [[nodiscard]] Room room() const override;
  void submit(std::uint64_t ticket, Prepared page) override;
  /// Returns at once when no page is in flight.
  [[nodiscard]] std::vector<Completion> step(std::chrono::milliseconds max_wait) override;
  void cancel(std::uint64_t ticket) override;
  [[nodiscard]] Description description() const override;

  [[nodiscard]] EngineFigures figures() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::engine::deepseek
