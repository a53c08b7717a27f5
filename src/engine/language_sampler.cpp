#include "pecia/engine/language_sampler.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "language_process.hpp"
#include "pecia/base/stop.hpp"

namespace pecia::engine {

struct LanguageSampler::State {
  const std::atomic<bool>& cancelled;
  std::size_t most;
  std::chrono::milliseconds most_idle;
  mutable std::mutex mutex;
  std::condition_variable freed;
  std::vector<std::unique_ptr<LanguageProcess>> processes;
  std::vector<LanguageProcess*> free;  ///< last used last: it has models loaded, and others end when they are idle

  [[nodiscard]] LanguageProcess* take() {
    std::unique_lock lock{mutex};
    freed.wait(lock, [this] { return !free.empty() || processes.size() < most; });
    if (free.empty()) return processes.emplace_back(std::make_unique<LanguageProcess>(cancelled, most_idle)).get();
    auto* process = free.back();
    free.pop_back();
    return process;
  }

  void give_back(LanguageProcess* process) {
    {
      const std::lock_guard lock{mutex};
      free.push_back(process);
    }
    freed.notify_one();
  }
};

LanguageSampler::LanguageSampler(const std::atomic<bool>& cancelled, int processes, std::chrono::milliseconds most_idle)
    : state_{new State{cancelled, static_cast<std::size_t>(std::max(1, processes)), most_idle, {}, {}, {}, {}}} {}

LanguageSampler::~LanguageSampler() = default;

LanguageSample LanguageSampler::look(const page::Image& page, const std::vector<std::string>& candidates,
                                     double most_cpu_s) {
  const auto back = [this](LanguageProcess* process) { state_->give_back(process); };
  const std::unique_ptr<LanguageProcess, decltype(back)> process{state_->take(), back};
  if (state_->cancelled) throw Stopped{"asked to stop before a document's languages were found out"};
  return process->look(page, candidates, most_cpu_s);
}

std::vector<pid_t> LanguageSampler::child_pids() const {
  const std::lock_guard lock{state_->mutex};
  std::vector<pid_t> pids;
  for (const auto& process : state_->processes) {
    if (const auto pid = process->pid(); pid > 0) pids.push_back(pid);
  }
  return pids;
}

}  // namespace pecia::engine
