#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <utility>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/log.hpp"
#include "pecia/store/run.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using nlohmann::json;
constexpr mode_t file_mode = 0666;
/// Two jobs that take a lock over at once both rename their file into place; the one that is still
/// there after this time has it.
constexpr std::chrono::milliseconds settle{500};
constexpr std::chrono::seconds look_every{1};
/// One of them may have renewed its lock.
constexpr double orphan_s = std::chrono::duration<double>{orphans_end}.count();
constexpr int renewals_of_the_living = 2;
constexpr int missing_of_the_lost = 2;

double seconds_since(Clock::time_point time) { return std::chrono::duration<double>(Clock::now() - time).count(); }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string boot_id() {
  try {
    auto id = read_file("/proc/sys/kernel/random/boot_id");
    while (!id.empty() && id.back() == '\n') id.pop_back();
    return id;
  } catch (const Error&) {
    return "";
  }
}

struct Process {
  char state = 0;
  std::uint64_t start = 0;  ///< with it a pid that is used again is told apart
};

/// Fields 3 and 22 of /proc/<pid>/stat; nothing if it cannot be seen.
std::optional<Process> process_of(std::int64_t pid) {
  try {
    const auto stat = read_file(fmt::format("/proc/{}/stat", pid));
    std::string_view rest{stat};
    rest.remove_prefix(rest.rfind(')') + 1);
    Process process{rest.at(1), 0};
    for (int field = 2; field < 21; ++field) rest.remove_prefix(rest.find(' ', 1));
    process.start = std::strtoull(rest.data() + 1, nullptr, 10);
    return process;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

Holder ourselves(const RunPaths& run) {
  Holder holder;
  struct stat folder {};
  if (::stat(run.root.c_str(), &folder) == 0) holder.folder = folder.st_ino;
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  holder.host = host;
  holder.boot_id = boot_id();
  holder.pid = getpid();
  if (const auto process = process_of(holder.pid)) holder.pid_start = process->start;
  holder.slurm_job = environment("SLURM_JOB_ID");
  holder.slurm_step = environment("SLURM_STEP_ID");
  holder.slurm_restart = environment("SLURM_RESTART_COUNT");
  // Starts anywhere, so that two takers of the same host and pid namespace never look the same.
  holder.counter = std::uint64_t{std::random_device{}()} << 16;
  return holder;
}

std::string to_json(const Holder& holder) {
  return json{{"host", holder.host},
              {"boot_id", holder.boot_id},
              {"pid", holder.pid},
              {"pid_start", holder.pid_start},
              {"slurm_job", holder.slurm_job},
              {"slurm_step", holder.slurm_step},
              {"slurm_restart", holder.slurm_restart},
              {"folder", holder.folder},
              {"counter", holder.counter}}
             .dump(1) +
         "\n";
}

bool same_process(const Holder& one, const Holder& other) {
  return one.host == other.host && one.boot_id == other.boot_id && one.pid == other.pid &&
         one.pid_start == other.pid_start && (one.counter >> 16) == (other.counter >> 16);
}

enum class Life { unknown, alive, ended };

/// What the same machine's process table shows of the holder.
Life life_of(const Holder& holder, const Holder& us) {
  // Containers share a boot id, not process ids.
  if (holder.boot_id.empty() || holder.boot_id != us.boot_id || holder.host != us.host)
    return Life::unknown;
  // It lives, if so, on the run that this one was copied from.
  const bool is_copy = holder.folder != 0 && holder.folder != us.folder;
  if (const auto process = process_of(holder.pid)) {
    // Where nobody waits for orphans (pid 1 of many containers), the dead stay listed.
    const bool dead =
        process->state == 'Z' || process->state == 'X' || process->start != holder.pid_start;
    if (dead) return Life::ended;
    return is_copy ? Life::unknown : Life::alive;
  }
  // Another user's process may be hidden (/proc mounted with hidepid), but it can be asked for.
  const bool gone = ::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH;
  return gone ? Life::ended : Life::unknown;
}

/// The number of an ordinary Slurm step; none for the batch script and its kin, which run beside
/// steps.
std::optional<std::uint32_t> step_number(const std::string& step) {
  constexpr std::uint32_t first_special = 0xFFFFFFF0;
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(step.data(), step.data() + step.size(), number);
  if (step.empty() || failure != std::errc{} || end != step.data() + step.size() ||
      number >= first_special)
    return std::nullopt;
  return number;
}

/// Slurm ends a job before it restarts it; the batch script a step before the next.
bool is_earlier_in_job(const Holder& holder, const Holder& us) {
  if (us.slurm_job.empty() || holder.slurm_job != us.slurm_job) return false;
  const auto restart = step_number(holder.slurm_restart).value_or(0),
             our_restart = step_number(us.slurm_restart).value_or(0);
  if (restart != our_restart) return restart < our_restart;
  const auto step = step_number(holder.slurm_step), our_step = step_number(us.slurm_step);
  return step && our_step && *step < *our_step;
}

}  // namespace

std::string Holder::description() const {
  auto text = fmt::format("host {}, pid {}", host, pid);
  if (!slurm_job.empty()) text += fmt::format(", Slurm job {}", slurm_job);
  return text;
}

std::optional<Holder> read_holder(const RunPaths& run) {
  std::error_code failed;
  if (!fs::exists(run.lock(), failed)) return std::nullopt;
  try {
    const auto file = json::parse(read_file(run.lock()));
    Holder holder;
    holder.host = file.at("host").get<std::string>();
    holder.boot_id = file.at("boot_id").get<std::string>();
    holder.pid = whole_number<std::int64_t>(file.at("pid"));
    holder.pid_start = whole_number<std::uint64_t>(file.at("pid_start"));
    holder.slurm_job = file.at("slurm_job").get<std::string>();
    holder.slurm_step = file.at("slurm_step").get<std::string>();
    holder.slurm_restart = file.at("slurm_restart").get<std::string>();
    if (file.contains("folder")) holder.folder = whole_number<std::uint64_t>(file.at("folder"));
    holder.counter = whole_number<std::uint64_t>(file.at("counter"));
    return holder;
  } catch (const std::exception&) {
    return std::nullopt;  // being written this moment, or gone: whoever wants it looks again
  }
}

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
    const UniqueFd fd{::open(run.lock().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_mode)};
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
    std::this_thread::sleep_for(settle);
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
      const auto life = holder ? life_of(*holder, us) : Life::unknown;
      if (holder && settings.break_lock && first && same_process(*holder, *first)) {
        if (take_over("--break-lock, held by " + holder->description())) return;
      } else if (!holder && settings.break_lock) {
        if (take_over("--break-lock, and the lock cannot be read")) return;
      } else if (holder && (life == Life::ended ||
                            (life == Life::unknown && is_earlier_in_job(*holder, us)))) {
        if (take_over("its holder (" + holder->description() + ") has ended")) return;
      } else if (holder && life == Life::alive && seconds_since(began) > orphan_s) {
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
           life == Life::alive ? orphan_s - seconds_since(began) : settings.takeover_s - quiet_s);
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
