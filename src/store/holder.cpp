#include "holder.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/json.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

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

std::string host_name() {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  return host;
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

}  // namespace

Holder ourselves(const RunPaths& run) {
  Holder holder;
  struct stat folder {};
  if (::stat(run.root.c_str(), &folder) == 0) holder.folder = folder.st_ino;
  holder.host = host_name();
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

HolderLife life_here(const Holder& holder) {
  // Containers share a boot id, not process ids.
  if (holder.boot_id.empty() || holder.boot_id != boot_id() || holder.host != host_name()) return HolderLife::unknown;
  if (const auto process = process_of(holder.pid)) {
    // Where nobody waits for orphans (pid 1 of many containers), the dead stay listed.
    const bool dead =
        process->state == 'Z' || process->state == 'X' || process->start != holder.pid_start;
    return dead ? HolderLife::ended : HolderLife::alive;
  }
  // Another user's process may be hidden (/proc mounted with hidepid), but it can be asked for.
  const bool gone = ::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH;
  return gone ? HolderLife::ended : HolderLife::unknown;
}

HolderLife life_of(const Holder& holder, const Holder& us) {
  const auto life = life_here(holder);
  // It lives, if so, on the run that this one was copied from.
  const bool is_copy = holder.folder != 0 && holder.folder != us.folder;
  return life == HolderLife::alive && is_copy ? HolderLife::unknown : life;
}

bool is_earlier_in_job(const Holder& holder, const Holder& us) {
  if (us.slurm_job.empty() || holder.slurm_job != us.slurm_job) return false;
  const auto restart = step_number(holder.slurm_restart).value_or(0),
             our_restart = step_number(us.slurm_restart).value_or(0);
  if (restart != our_restart) return restart < our_restart;
  const auto step = step_number(holder.slurm_step), our_step = step_number(us.slurm_step);
  return step && our_step && *step < *our_step;
}

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

}  // namespace pecia::store
