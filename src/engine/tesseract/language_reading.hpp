#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pecia/child/child.hpp"
#include "pecia/engine/language_sampler.hpp"
#include "tesseract/orientation.hpp"
#include "tesseract_engine.hpp"

namespace pecia::engine {

/// Reads some lines of a page in every language that may be its own.
class LanguageReading {
 public:
  /// `installed`: all of Tesseract's, in `models`, its folder of them.
  LanguageReading(std::filesystem::path models, const std::vector<std::string>& installed);
  ~LanguageReading();

  /// Where the page's script is plain, languages of other scripts are left out. `candidates`:
  /// empty: all that are installed. Deterministic. Throws `Error` when a model cannot be loaded.
  [[nodiscard]] LanguageSample look(const page::Image& page,
                                    const std::vector<std::string>& candidates);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Answers what a `LanguageSampler` asks, until it is gone. What cannot be read has no scores.
void serve_samples(child::Parent& parent, LanguageReading& reading);

}  // namespace pecia::engine
