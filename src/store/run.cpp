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
#include "pecia/store/run_id.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr mode_t folder_mode = 0777;  // the umask decides

/// False if it was there.
bool make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), folder_mode) == 0) return true;
  const auto why = errno;
  struct stat found {};
  if (::stat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return false;
  throw storage_error(why, "cannot make the folder", folder.string());
}

/// A folder with those above it. The names of the new ones are committed, and that of the last in any
/// case: an earlier job may have been killed right behind its mkdir.
void make_folders(const fs::path& folder) {
  const auto above = folder.parent_path();
  std::error_code unknown;
  if (!above.empty() && above != folder && !fs::exists(above, unknown)) make_folders(above);
  const bool made = make_folder(folder);
  try {
    sync_folder(above);
  } catch (const StorageError&) {
    if (made) throw;  // of an old one: it may belong to others and be closed to us
  }
}

fs::path epoch_folder(const RunPaths& run, std::uint32_t epoch) { return run.epochs() / fmt::format("{:06}", epoch); }

}  // namespace

void turn_off_hdf5_locking() { ::setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1); }

void create_run_directory(const RunPaths& run) {
  try {
    make_folders(fs::absolute(run.root).lexically_normal());
    // Their names are committed with run.yaml, before any page is.
    if (make_folder(run.epochs())) make_run_id(run);
    for (const auto& folder : {run.manifest(), run.journal(), run.shards()}) make_folder(folder);
    const auto probe = run.root / ".writable";
    write_whole(probe, {}, Durability::none);
    remove_file(probe);
  } catch (const StorageError& error) {
    if (error.out_of_room()) throw;  // not the user's mistake, and it passes
    throw UsageError{fmt::format("the run directory {} cannot be written ({}). Name another one by `run:` in the job "
                                 "file or --set run=DIR",
                                 run.root.string(), error.what())};
  }
}

std::uint64_t journal_and_shard_bytes(const RunPaths& run) {
  std::uint64_t bytes = 0;
  std::error_code unknown;
  for (const auto& folder : {run.journal(), run.shards()}) {
    for (const auto& entry : fs::directory_iterator{folder, unknown}) {
      const auto size = entry.file_size(unknown);
      if (!unknown) bytes += size;
    }
  }
  return bytes;
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
    if (errno != EEXIST) throw storage_error(errno, "cannot take an epoch", folder.string());
  }
}

}  // namespace pecia::store
