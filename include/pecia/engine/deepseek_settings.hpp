#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pecia::engine {

/// No token is generated that would repeat an n-gram of the last `window` generated tokens
/// (section 7.2 of the model's specification: the official processor). n = 1 does nothing.
struct NoRepeatNgram {
  int n = 20;
  int window = 90;
  std::vector<std::string> allow{"<td>", "</td>"};  ///< tokens that may come all the same
};

/// Settings of the engine deepseek_ocr2; each is a key below `engine.` of the job.
struct DeepseekSettings {
  enum class Device : std::uint8_t { automatic, cpu, cuda };
  enum class Dtype : std::uint8_t {
    automatic,
    bf16,
    fp32
  };  ///< automatic: bf16 where the device computes in it

  std::string weights;  ///< a checkpoint's folder, or random:full, random:tiny
  Device device = Device::automatic;
  Dtype dtype = Dtype::automatic;
  std::string prompt = "grounding";  ///< grounding, plain, or a text of one's own
  int max_new_tokens = 8192;
  std::optional<NoRepeatNgram> no_repeat_ngram = NoRepeatNgram{};
  bool loop_detection = true;
  int max_batch_pages = 0;  ///< 0: as many as the memory holds
  double memory_fraction =
      0.9;           ///< of the device's memory (on a CPU: of the rank's share of what is free)
  int restarts = 3;  ///< of the engine's process, per rank and job
  double watchdog_s = 600;  ///< that a page may take, and that the process may say nothing
  int host_ranks = 1;       ///< that share the memory of a host without a GPU
  int threads = 0;          ///< CPU threads of this engine; 0: the cores that it may use
};

/// As JSON, and back: how the settings reach the engine's process. `from_json` throws `UsageError`.
[[nodiscard]] std::string to_json(const DeepseekSettings& settings);
[[nodiscard]] DeepseekSettings deepseek_settings_from_json(const std::string& text);

}  // namespace pecia::engine
