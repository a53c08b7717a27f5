// A file system as clusters have them, played below one folder (LD_PRELOAD; every process is a host of its own):
//   PECIA_ODD_ROOT         the folder
//   PECIA_ODD_NO_LOCKS     flock and locks by fcntl fail, as on Lustre mounted without them
//   PECIA_ODD_NO_LINKS     there are neither hard nor symbolic links
//   PECIA_ODD_STALE_S      NFS: for so long others' new names are not listed, their removed ones still are, and
//                          reading on in a file that another has removed or replaced fails (ESTALE)
//   PECIA_ODD_LOG          a file outside the folder, in which the processes tell each other of names
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace {

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

double now_s() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double stale_s() { return std::atof(setting("PECIA_ODD_STALE_S").c_str()); }

std::string path_of(int fd) {
  char target[4096];
  const auto length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
  return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : "";
}

std::string absolute(int folder, const char* path) {
  if (path[0] == '/') return path;
  char here[4096];
  if (folder != AT_FDCWD) return path_of(folder) + "/" + path;
  return std::string{getcwd(here, sizeof here) ? here : ""} + "/" + path;
}

bool is_below_root(const std::string& path) {
  const auto root = setting("PECIA_ODD_ROOT");
  return !root.empty() && path.starts_with(root + "/");
}

bool is_there(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

/// What happened to a name last: '+' made, '-' removed, '~' replaced.
struct Change {
  char kind = 0;
  double time_s = 0;
  pid_t pid = 0;
};

void tell(char kind, const std::string& path) {
  if (stale_s() <= 0 || !is_below_root(path)) return;
  char line[4400];
  const int size = std::snprintf(line, sizeof line, "%c %.6f %d %s\n", kind, now_s(), getpid(), path.c_str());
  const int log = real<int(const char*, int, ...)>("open")(setting("PECIA_ODD_LOG").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (log < 0 || write(log, line, static_cast<std::size_t>(size)) != size) std::abort();
  close(log);
}

/// Others' changes that this process cannot know of yet, by path.
std::map<std::string, Change> unseen_changes() {
  std::map<std::string, Change> last;
  std::ifstream log{setting("PECIA_ODD_LOG")};
  for (std::string line; std::getline(log, line);) {
    std::istringstream words{line};
    Change change;
    std::string path;
    words >> change.kind >> change.time_s >> change.pid;
    words.get();
    std::getline(words, path);
    last[path] = change;
  }
  std::erase_if(last, [](const auto& entry) {
    return entry.second.pid == getpid() || now_s() - entry.second.time_s > stale_s();
  });
  return last;
}

/// A folder being listed.
struct Listing {
  std::string folder;
  std::map<std::string, Change> unseen;
  std::vector<dirent> ghosts;
  bool ghosts_made = false;
};
std::mutex listings_mutex;
std::map<DIR*, Listing> listings;

bool is_in(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + "/") && path.find('/', folder.size() + 1) == std::string::npos;
}

void make_ghosts(Listing& listing) {
  listing.ghosts_made = true;
  for (const auto& [path, change] : listing.unseen) {
    if (change.kind != '-' || !is_in(path, listing.folder)) continue;
    dirent ghost{};
    ghost.d_ino = 1;
    ghost.d_type = DT_REG;
    std::snprintf(ghost.d_name, sizeof ghost.d_name, "%s", path.c_str() + listing.folder.size() + 1);
    listing.ghosts.push_back(ghost);
  }
}

dirent* next_entry(DIR* folder) {
  static thread_local dirent shown;
  auto* const next = real<dirent*(DIR*)>("readdir");
  const std::lock_guard lock{listings_mutex};
  if (!listings.contains(folder)) {
    const auto path = path_of(dirfd(folder));
    if (stale_s() <= 0 || !is_below_root(path + "/")) return next(folder);
    listings[folder] = {path, unseen_changes(), {}};
  }
  auto& listing = listings[folder];
  while (auto* entry = next(folder)) {
    const auto change = listing.unseen.find(listing.folder + "/" + entry->d_name);
    if (change == listing.unseen.end() || change->second.kind != '+') return entry;
  }
  if (!listing.ghosts_made) make_ghosts(listing);
  if (listing.ghosts.empty()) return nullptr;
  shown = listing.ghosts.back();
  listing.ghosts.pop_back();
  return &shown;
}

/// Reading in a file that is gone for others only is the maker's right (a silly rename, in NFS's words).
bool is_stale(int fd) {
  struct stat status {};
  if (stale_s() <= 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 0) return false;
  auto path = path_of(fd);
  path = path.substr(0, path.rfind(" (deleted)"));
  return is_below_root(path) && unseen_changes().contains(path);
}

int refuse(int error) {
  errno = error;
  return -1;
}

bool links_fail(const std::string& path) { return !setting("PECIA_ODD_NO_LINKS").empty() && is_below_root(path); }

int open_and_tell(int folder, const char* path, int flags, mode_t mode) {
  const auto name = absolute(folder, path);
  const bool makes = (flags & O_CREAT) != 0 && !is_there(name);
  const int fd = real<int(int, const char*, int, ...)>("openat")(folder, path, flags, mode);
  if (fd >= 0 && makes) tell('+', name);
  return fd;
}

int rename_and_tell(int from_folder, const char* from, int to_folder, const char* to) {
  const auto old_name = absolute(from_folder, from), new_name = absolute(to_folder, to);
  const bool replaces = is_there(new_name);
  const int failed = real<int(int, const char*, int, const char*)>("renameat")(from_folder, from, to_folder, to);
  if (failed != 0) return failed;
  tell('-', old_name);
  tell(replaces ? '~' : '+', new_name);
  return 0;
}

int unlink_and_tell(int folder, const char* path, int flags) {
  const auto name = absolute(folder, path);
  const int failed = real<int(int, const char*, int)>("unlinkat")(folder, path, flags);
  if (failed == 0) tell('-', name);
  return failed;
}

int lock_by_fcntl(int fd, int command, void* argument) {
  const bool locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
  if (locks && !setting("PECIA_ODD_NO_LOCKS").empty() && is_below_root(path_of(fd))) return refuse(ENOLCK);
  return real<int(int, int, ...)>("fcntl")(fd, command, argument);
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

// The mode is there only where the flags say so.
#define OPEN(folder)                             \
  va_list arguments;                             \
  va_start(arguments, flags);                    \
  const mode_t mode = mode_of(flags, arguments); \
  va_end(arguments);                             \
  return open_and_tell(folder, path, flags, mode)

extern "C" {

int open(const char* path, int flags, ...) { OPEN(AT_FDCWD); }
int open64(const char* path, int flags, ...) { OPEN(AT_FDCWD); }
int openat(int folder, const char* path, int flags, ...) { OPEN(folder); }
int openat64(int folder, const char* path, int flags, ...) { OPEN(folder); }

int mkdir(const char* path, mode_t mode) {
  const int failed = real<int(const char*, mode_t)>("mkdir")(path, mode);
  if (failed == 0) tell('+', absolute(AT_FDCWD, path));
  return failed;
}

int rename(const char* from, const char* to) { return rename_and_tell(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return rename_and_tell(from_folder, from, to_folder, to);
}
int unlink(const char* path) { return unlink_and_tell(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char* path, int flags) { return unlink_and_tell(folder, path, flags); }
int remove(const char* path) {
  const int failed = unlink_and_tell(AT_FDCWD, path, 0);
  return failed != 0 && errno == EISDIR ? unlink_and_tell(AT_FDCWD, path, AT_REMOVEDIR) : failed;
}

dirent* readdir(DIR* folder) { return next_entry(folder); }
dirent64* readdir64(DIR* folder) { return reinterpret_cast<dirent64*>(next_entry(folder)); }
int closedir(DIR* folder) {
  {
    const std::lock_guard lock{listings_mutex};
    listings.erase(folder);
  }
  return real<int(DIR*)>("closedir")(folder);
}

ssize_t read(int fd, void* buffer, size_t size) {
  if (is_stale(fd)) return refuse(ESTALE);
  return real<ssize_t(int, void*, size_t)>("read")(fd, buffer, size);
}
ssize_t pread(int fd, void* buffer, size_t size, off_t at) {
  if (is_stale(fd)) return refuse(ESTALE);
  return real<ssize_t(int, void*, size_t, off_t)>("pread")(fd, buffer, size, at);
}
ssize_t pread64(int fd, void* buffer, size_t size, off_t at) { return pread(fd, buffer, size, at); }

int flock(int fd, int operation) {
  if (!setting("PECIA_ODD_NO_LOCKS").empty() && is_below_root(path_of(fd))) return refuse(ENOLCK);
  return real<int(int, int)>("flock")(fd, operation);
}
int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return lock_by_fcntl(fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return lock_by_fcntl(fd, command, argument);
}

int link(const char* from, const char* to) {
  if (links_fail(absolute(AT_FDCWD, to))) return refuse(EPERM);
  return real<int(const char*, const char*)>("link")(from, to);
}
int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  if (links_fail(absolute(to_folder, to))) return refuse(EPERM);
  return real<int(int, const char*, int, const char*, int)>("linkat")(from_folder, from, to_folder, to, flags);
}
int symlink(const char* target, const char* path) {
  if (links_fail(absolute(AT_FDCWD, path))) return refuse(EPERM);
  return real<int(const char*, const char*)>("symlink")(target, path);
}
int symlinkat(const char* target, int folder, const char* path) {
  if (links_fail(absolute(folder, path))) return refuse(EPERM);
  return real<int(const char*, int, const char*)>("symlinkat")(target, folder, path);
}

}  // extern "C"
