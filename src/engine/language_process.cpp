#include "language_process.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "pecia/base/clock.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/child/child.hpp"
#include "pecia/child/shared_memory.hpp"
#include "sample_protocol.hpp"

namespace pecia::engine {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// As a worker that reads pages.
constexpr std::uint64_t memory_bytes = std::uint64_t{6} << 30;
constexpr milliseconds look_at_child_every{100};
/// For a process that sleeps for ever.
constexpr double most_wall_s = 3000;
constexpr int most_tries = 2;

/// What came of one try.
struct Tried {
  std::optional<LanguageSample> sample;  ///< nothing: the process is no more, or is to be none
  bool took_too_long = false;
};

}  // namespace

/// Asked by any thread; only the owner's touches the process, which dies with the thread that started it.
struct LanguageProcess::State {
  const std::atomic<bool>& cancelled;
  milliseconds most_idle;
  std::mutex mutex;
  std::condition_variable changed;
  std::packaged_task<LanguageSample()> task;  ///< valid: to be done
  bool ending = false;
  std::thread owner;

  std::optional<child::Child> child;  ///< the owner's alone
  double cpu_before_s = 0;            ///< when it got the page
  std::atomic<pid_t> pid{-1};

  void own() {
    std::unique_lock lock{mutex};
    const auto wanted = [this] { return ending || task.valid(); };
    while (true) {
      if (!changed.wait_for(lock, most_idle, wanted)) {
        end();
        changed.wait(lock, wanted);
      }
      if (ending) break;
      auto now = std::move(task);
      lock.unlock();
      now();
      lock.lock();
    }
    end();
  }

  void start() {
    child::Program program;
    program.executable = child::find_program("pecia-tesseract");
    program.arguments = {"--sample-languages"};
    program.environment = {{"OMP_THREAD_LIMIT", "1"}};
    program.limits.memory_bytes = memory_bytes;
    child.emplace(program);
    pid = child->pid();
  }

  void end() {
    child.reset();
    pid = -1;
  }

  /// CPU time since the page was given to the process, which may have looked at many before it.
  [[nodiscard]] double cpu_s() const { return std::max(0.0, child->cpu_s() - cpu_before_s); }

  [[nodiscard]] Tried answer(double most_cpu_s) {
    const auto began = Clock::now();
    while (true) {
      const auto received = child->receive(look_at_child_every);
      const double cpu_s = this->cpu_s();
      if (received.status == child::Child::Status::message) {
        auto sample = protocol::decode_language_sample(received.packet.bytes);
        sample.cpu_s = cpu_s;
        return {std::move(sample)};
      }
      if (received.status == child::Child::Status::gone) return {};
      if (cancelled) throw Stopped{"asked to stop while a document's languages were found out"};
      if (cpu_s > most_cpu_s || seconds_since(began) > most_wall_s) return {{}, true};
    }
  }

  [[nodiscard]] Tried ask(const page::Image& page, const std::vector<std::string>& candidates, double most_cpu_s) {
    if (!child) start();
    cpu_before_s = std::max(0.0, child->cpu_s());
    std::optional<child::SharedMemory> copy;
    int fd = page.fd;
    if (fd < 0) {
      copy.emplace(child::SharedMemory::create(page.pixels.size()));
      std::memcpy(copy->writable().data(), page.pixels.data(), page.pixels.size());
      copy->seal();
      fd = copy->fd();
    }
    if (!child->send(protocol::encode(protocol::Sample{candidates, page}), {&fd, 1})) return {};
    return answer(most_cpu_s);
  }

  [[nodiscard]] LanguageSample look(const page::Image& page, const std::vector<std::string>& candidates,
                                    double most_cpu_s) {
    LanguageSample nothing;
    for (int tries = 0; tries < most_tries && nothing.cpu_s < most_cpu_s; ++tries) {
      std::string why;
      try {
        auto tried = ask(page, candidates, most_cpu_s - nothing.cpu_s);
        if (tried.sample) {
          tried.sample->cpu_s += nothing.cpu_s;
          return std::move(*tried.sample);
        }
        if (tried.took_too_long) {  // and would again
          log::warning("the process that finds out languages took more than {:.0f} s of CPU time for a page", most_cpu_s);
          nothing.cpu_s = most_cpu_s;
          end();
          break;
        }
      } catch (const Stopped&) {
        end();  // what it says later would be taken for the answer to something else
        throw;
      } catch (const Error& error) {
        if (!child) throw;  // it cannot be started
        why = error.what();
      }
      nothing.cpu_s += cpu_s();
      const auto how = child->end();
      end();
      log::warning("the process that finds out languages {}", why.empty() ? how : "made no sense: " + why);
    }
    return nothing;
  }
};

LanguageProcess::LanguageProcess(const std::atomic<bool>& cancelled, milliseconds most_idle)
    : state_{new State{cancelled, most_idle, {}, {}, {}, false, {}, {}, 0, {}}} {}

LanguageProcess::~LanguageProcess() {
  {
    const std::lock_guard lock{state_->mutex};
    state_->ending = true;
  }
  state_->changed.notify_all();
  if (state_->owner.joinable()) state_->owner.join();
}

LanguageSample LanguageProcess::look(const page::Image& page, const std::vector<std::string>& candidates,
                                     double most_cpu_s) {
  auto& state = *state_;
  if (!state.owner.joinable()) state.owner = std::thread{[&state] { state.own(); }};
  std::packaged_task<LanguageSample()> task{[&] { return state.look(page, candidates, most_cpu_s); }};
  auto sample = task.get_future();
  {
    const std::lock_guard lock{state.mutex};
    state.task = std::move(task);
  }
  state.changed.notify_all();
  return sample.get();
}

pid_t LanguageProcess::pid() const noexcept { return state_->pid; }

}  // namespace pecia::engine
