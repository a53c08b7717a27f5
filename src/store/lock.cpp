#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "holder.hpp"
#include "pecia/base/clock.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/store/run.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr mode_t lock_file_mode = 0666;
constexpr std::chrono::seconds look_every{1};
/// One of them may have renewed its lock.
constexpr double orphan_s = std::chrono::duration<double>{orphans_end}.count();
constexpr int renewals_of_the_living = 2;
constexpr int missing_of_the_lost = 2;

}  // namespace

struct RunLock::State {
  RunPaths run;
  LockSettings settings;
  Holder us;
  bool taken_over = false;
  std::atomic<bool> lost{false};
  std::mutex mutex;
  std::condition_variable wake;
  bool ending = false;
  std::thread renewer;

  /// O_EXCL decides between two jobs that find no lock.
  bool create() {
    const UniqueFd fd{::open(run.lock().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, lock_file_mode)};
    if (!fd) {
      if (errno == EEXIST) return false;
      throw storage_error(errno, "cannot make the lock", run.lock().string());
    }
    // One that cannot be read would hold up the next job for a minute.
    try {
      const auto text = to_json(us);
      write_all(fd.get(), std::as_bytes(std::span{text}), run.lock());
      sync_file(fd.get(), run.lock());
    } catch (...) {
      ::unlink(run.lock().c_str());
      throw;
    }
    return true;
  }

  bool take_over(const std::string& why) {
    log::warning("taking the run over: {}", why);
    replace_file(run.lock(), to_json(us), Durability::whole);
    std::this_thread::sleep_for(std::chrono::duration<double>{settings.settle_s});
    const auto holder = read_holder(run);
    taken_over = holder && same_process(*holder, us);
    return taken_over;
  }

  void acquire() {
    if (create()) return;
    const auto first = read_holder(run);
    auto seen = first;
    const auto began = Clock::now();
    auto unchanged_since = began;
    int renewals = 0;
    while (true) {
      const auto holder = read_holder(run);
      if (!holder && !fs::exists(run.lock())) {
        if (create()) return;
        continue;
      }
      const auto life = holder ? life_of(*holder, us) : HolderLife::unknown;
      if (holder && settings.break_lock && first && same_process(*holder, *first)) {
        if (take_over("--break-lock, held by " + holder->description())) return;
        wait(holder, 0);
        continue;  // it may have been renewing it just then
      } else if (!holder && settings.break_lock) {
        if (take_over("--break-lock, and the lock cannot be read")) return;
      } else if (holder && (life == HolderLife::ended ||
                            (life == HolderLife::unknown && is_earlier_in_job(*holder, us)))) {
        if (take_over("its holder (" + holder->description() + ") has ended")) return;
      } else if (holder && life == HolderLife::alive && seconds_since(began) > orphan_s) {
        refuse(*holder);
      }
      if (holder && (!seen || seen->counter != holder->counter)) {
        if (seen && ++renewals >= renewals_of_the_living) refuse(*holder);
        seen = holder;
        unchanged_since = Clock::now();
      }
      const double quiet_s = seconds_since(unchanged_since);
      if (quiet_s >= settings.takeover_s) {
        if (take_over(fmt::format("its lock was not renewed for {:.0f} s", quiet_s))) return;
        unchanged_since = Clock::now();
      }
      wait(holder,
           life == HolderLife::alive ? orphan_s - seconds_since(began) : settings.takeover_s - quiet_s);
    }
  }

  void wait(const std::optional<Holder>& holder, double left_s) const {
    const auto message =
        fmt::format("the run is locked by {}; waiting {:.0f} s more to see whether it lives on",
                    holder ? holder->description() : "an unreadable lock", std::max(0.0, left_s));
    if (settings.waiting && !settings.waiting(message)) throw Stopped{"stopped while waiting for the run's lock; run the same command again"};
    std::this_thread::sleep_for(look_every);
  }

  [[noreturn]] void refuse(const Holder& holder) const {
    throw UsageError{fmt::format("the run {} is in use by another job ({}). Wait for it, or end it; if you know it to "
                                 "be dead: --break-lock",
                                 run.root.string(), holder.description())};
  }

  void renew_loop() {
    std::unique_lock lock{mutex};
    int missing = 0;
    bool warned = false;
    const std::chrono::duration<double> every{settings.renew_s};
    while (!wake.wait_for(lock, every, [&] { return ending; })) {
      try {
        const auto holder = read_holder(run);
        if (holder && !same_process(*holder, us)) {
          lost = true;
          log::error("the lock of the run was taken by {}: this job writes nothing more to files that have one writer",
                     holder->description());
          return;
        }
        // Deleted, or taken over by a job that has ended already. Once may be a stale view (NFS).
        if (!holder && !fs::exists(run.lock())) {
          require(fs::exists(run.epochs()), "the run directory is not there (a mount that vanished?)");
          if (++missing < missing_of_the_lost) continue;
          lost = true;
          log::error(
              "the lock of the run has vanished ({}): this job writes nothing more to files that "
              "have one writer",
              run.lock().string());
          return;
        }
        missing = 0;
        ++us.counter;
        replace_file(run.lock(), to_json(us), Durability::whole);
        warned = false;
      } catch (const std::exception& error) {
        if (!std::exchange(warned, true))
          log::warning("the lock could not be renewed, and another job may take the run over after {:.0f} s: {}",
                       settings.takeover_s, error.what());
      }
    }
  }
};

RunLock::RunLock(const RunPaths& run, const LockSettings& settings) : state_{std::make_unique<State>()} {
  state_->run = run;
  state_->settings = settings;
  state_->us = ourselves(run);
  state_->acquire();
  state_->renewer = std::thread{[this] { state_->renew_loop(); }};
}

RunLock::~RunLock() {
  {
    std::lock_guard lock{state_->mutex};
    state_->ending = true;
  }
  state_->wake.notify_all();
  state_->renewer.join();
  const auto holder = read_holder(state_->run);
  std::error_code ignored;
  if (holder && same_process(*holder, state_->us)) fs::remove(state_->run.lock(), ignored);
}

bool RunLock::lost() const noexcept { return state_->lost; }
bool RunLock::taken_over() const noexcept { return state_->taken_over; }

}  // namespace pecia::store
