#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pecia/engine/language_sampler.hpp"

namespace pecia::engine {

/// One process that samples languages, started when it is first asked, and a thread that holds it: a child dies with
/// the thread that started it. Asked by any thread, one at a time.
class LanguageProcess {
 public:
  /// `cancelled`, `most_idle`: as of `LanguageSampler`.
  LanguageProcess(const std::atomic<bool>& cancelled, std::chrono::milliseconds most_idle);
  ~LanguageProcess();
  LanguageProcess(const LanguageProcess&) = delete;
  LanguageProcess& operator=(const LanguageProcess&) = delete;

  /// As `LanguageSampler::look`.
  [[nodiscard]] LanguageSample look(const page::Image& page, const std::vector<std::string>& candidates,
                                    double most_cpu_s);
  [[nodiscard]] pid_t pid() const noexcept;  ///< -1: there is none now

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::engine
