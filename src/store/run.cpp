#include "pecia/store/run.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr mode_t folder_mode = 0777;  // the umask decides

fs::path epoch_folder(const RunPaths& run, std::uint32_t epoch) { return run.epochs() / fmt::format("{:06}", epoch); }

}  // namespace

void turn_off_hdf5_locking() { ::setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1); }

void create_run_directory(const RunPaths& run) {
  const auto probe = run.root / ".writable";
  try {
    create_folders(run.root);
    for (const auto& folder : {run.manifest(), run.epochs(), run.journal(), run.shards()})
      fs::create_directory(folder);
    replace_file(probe, "");  // fsyncs run.root, with these folders in it
    fs::remove(probe);
  } catch (const std::exception& error) {
    throw UsageError{fmt::format("the run directory {} cannot be written ({}). Name another one by `run:` in the job "
                                 "file or --set run=DIR",
                                 run.root.string(), error.what())};
  }
}

std::uint32_t newest_epoch(const RunPaths& run) {
  std::uint32_t newest = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{run.epochs(), ignored}) {
    const auto name = entry.path().filename().string();
    std::uint32_t epoch = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), epoch);
    if (failure == std::errc{} && end == name.data() + name.size()) newest = std::max(newest, epoch);
  }
  // A stale listing (NFS) lacks the last ones; asked for by name they are there.
  while (fs::exists(epoch_folder(run, newest + 1), ignored)) ++newest;
  return newest;
}

bool is_newest(const RunPaths& run, std::uint32_t epoch) { return newest_epoch(run) <= epoch; }

void check_newest(const RunPaths& run, std::uint32_t epoch) {
  if (!is_newest(run, epoch))
    throw Error{fmt::format("another job has taken the run {} over; what has one writer is left to it",
                            run.root.string())};
}

std::uint32_t take_next_epoch(const RunPaths& run) {
  for (auto epoch = newest_epoch(run) + 1;; ++epoch) {
    const auto folder = epoch_folder(run, epoch);
    if (::mkdir(folder.c_str(), folder_mode) == 0) {
      sync_folder(run.epochs());
      return epoch;
    }
    // A listing may be stale (NFS): the next number is tried where this one is taken.
    if (errno != EEXIST) throw system_error(errno, "cannot take an epoch", folder.string());
  }
}

}  // namespace pecia::store
