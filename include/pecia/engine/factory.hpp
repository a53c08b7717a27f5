#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pecia/base/file.hpp"
#include "pecia/engine/deepseek_settings.hpp"
#include "pecia/engine/engine.hpp"

namespace pecia::engine {

struct EngineSettings {
  std::string name = "tesseract";  ///< tesseract, deepseek_ocr2, replay, echo
  int threads = 1;                 ///< worker processes (tesseract), pages at once (replay)
  double watchdog_s = 300;         ///< without progress of a page, of its worker's CPU time
  double time_scale = 1;           ///< replay: seconds x this
  DeepseekSettings deepseek;           ///< of that engine
  /// deepseek_ocr2: over it the first process gets its weights (weights_channel.hpp); closed once `make_engine` is over.
  std::shared_ptr<UniqueFd> weights_channel;
  /// From any thread, while an engine that takes long to load is made: nobody waits for it any more. `make_engine` then
  /// throws `Stopped`.
  std::function<bool()> abandoned;
  int local_rank = 0;                  ///< among the ranks of this host: which of its devices to use
  std::vector<std::string> languages;  ///< all that the job may ask for, to check them at the start
};

/// Makes the engine; throws `UsageError` for an unknown name (naming the known ones) or a language
/// that is not installed (naming the package that has it), `Error` if it cannot start. To be called
/// by the thread that will use the engine: its child processes die with that thread.
[[nodiscard]] std::unique_ptr<Engine> make_engine(const EngineSettings& settings);

/// Known engines, for messages and `doctor`.
[[nodiscard]] std::vector<std::string> engine_names();

}  // namespace pecia::engine
