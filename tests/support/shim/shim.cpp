// LD_PRELOAD for tests: plays faults, kills and stalls at named calls below one folder, and writes down what a
// loss of power would leave of it. See docs/developing.md, "The shim".
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <ctime>
#include <string>
#include <string_view>

#include "events.hpp"

namespace {

using shim::below_root;

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
#define NEXT(function)                                                        \
  ([] {                                                                       \
    static auto* const is = ::next<decltype(::function)>(#function);          \
    return is;                                                                \
  }())

/// The name that this thread last made, renamed or removed: tells the folder fsyncs of the code apart.
thread_local std::string last_name;
thread_local bool last_removed = false;

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string inode_and_size(const struct stat& is) {
  return std::to_string(is.st_ino) + "\t" + std::to_string(is.st_size);
}

/// Rules before a call, the call, a note of it, rules after it.
template <class Call, class Note>
int named_call(const char* op, const std::string& path, Call call, Note note) {
  if (path.empty()) return call();
  if (const auto verdict = shim::look_up(op, path); verdict.error != 0) {
    errno = verdict.error;
    return -1;
  }
  const int result = call();
  if (result < 0) return result;
  last_name = path;
  last_removed = op == std::string_view{"unlink"};
  if (shim::recording()) note();
  if (const auto verdict = shim::look_up(op, path, true); verdict.error != 0) {
    errno = verdict.error;
    return -1;
  }
  return result;
}

template <class Call>
int open_call(int folder, const char* name, int flags, Call call) {
  const auto whole = shim::absolute(folder, name);
  const auto path = below_root(whole);
  if (path.empty() || (flags & O_DIRECTORY) != 0) return call();
  const bool fresh = (flags & O_CREAT) != 0 && ::access(whole.c_str(), F_OK) != 0;
  int fd = -1;
  return named_call(fresh ? "create" : "open", path, [&] { return fd = call(); },
                    [&] {
                      struct stat is {};
                      if (::fstat(fd, &is) != 0) return;
                      if (fresh) shim::record("create\t" + path + "\t" + std::to_string(is.st_ino));
                      else if ((flags & O_TRUNC) != 0) shim::record("truncate\t" + std::to_string(is.st_ino));
                    });
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

void note_write(int fd, long long begin, long long bytes) {
  struct stat is {};
  if (!shim::recording() || bytes <= 0 || ::fstat(fd, &is) != 0) return;
  if (begin < 0) begin = (::fcntl(fd, F_GETFL) & O_APPEND) != 0 ? is.st_size - bytes : ::lseek(fd, 0, SEEK_CUR) - bytes;
  shim::record("write\t" + std::to_string(is.st_ino) + "\t" + std::to_string(begin) + "\t" +
               std::to_string(begin + bytes));
}

/// `call` writes at most so many bytes; `begin` -1: where the descriptor stands.
template <class Call>
ssize_t write_call(int fd, std::size_t bytes, long long begin, Call call) {
  const auto path = below_root(shim::path_of(fd));
  if (path.empty()) return call(bytes);
  const auto verdict = shim::look_up("write", path);
  if (verdict.error != 0) {
    errno = verdict.error;
    return -1;
  }
  const auto wanted = verdict.bytes < 0 ? bytes : std::min(bytes, static_cast<std::size_t>(verdict.bytes));
  const auto written = call(wanted);
  note_write(fd, begin, written);
  if (verdict.kill || verdict.kill_session) shim::kill_us(verdict.kill_session);
  if (written >= 0) (void)shim::look_up("write", path, true);
  return written;
}

/// `call` reads at most so many bytes; none, as at the end of the file, where a rule says 0.
template <class Call>
ssize_t read_call(int fd, std::size_t bytes, Call call) {
  const auto path = below_root(shim::path_of(fd));
  if (path.empty()) return call(bytes);
  const auto verdict = shim::look_up("pread", path);
  if (verdict.error != 0) {
    errno = verdict.error;
    return -1;
  }
  return call(verdict.bytes < 0 ? bytes : std::min(bytes, static_cast<std::size_t>(verdict.bytes)));
}

template <class Call>
int sync_call(int fd, Call call) {
  const auto path = below_root(shim::path_of(fd));
  struct stat is {};
  if (path.empty() || ::fstat(fd, &is) != 0) return call();
  const bool folder = S_ISDIR(is.st_mode);
  const bool named = folder && !last_name.empty() && parent_of(last_name) == path;
  const auto event = !folder ? path : named ? last_name : path + "/";
  const auto* op = !folder ? "fsync" : named && last_removed ? "fsyncdir-removed" : "fsyncdir";
  const auto verdict = shim::look_up(op, event);
  if (verdict.skip) return 0;
  if (verdict.error != 0) {
    errno = verdict.error;
    return -1;
  }
  // What was there before the call is on disk after it. A thread is in one fsync at a time.
  const auto thread = std::to_string(::gettid());
  if (shim::recording())
    shim::record("syncing\t" + thread + "\t" + (folder ? "folder\t" + path : "file\t" + inode_and_size(is)));
  const int result = call();
  if (result != 0) return result;
  if (shim::recording()) shim::record("synced\t" + thread);
  (void)shim::look_up(op, event, true);
  return 0;
}

template <class Call>
int rename_call(const std::string& from, const std::string& to, Call call) {
  const auto path = below_root(to);
  if (!path.empty()) shim::keep(to);
  return named_call("rename", path, call, [&] { shim::record("rename\t" + below_root(from) + "\t" + path); });
}

template <class Call>
int removing_call(const char* op, const std::string& whole, Call call) {
  const auto path = below_root(whole);
  if (!path.empty()) shim::keep(whole);
  return named_call(op, path, call, [&] { shim::record("unlink\t" + path); });
}

template <class Call>
int folder_call(const std::string& path, Call call) {
  return named_call("mkdir", path, call, [&] { shim::record("mkdir\t" + path); });
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_call(AT_FDCWD, path, flags, [&] { return NEXT(open)(path, flags, mode); });
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_call(AT_FDCWD, path, flags, [&] { return NEXT(open64)(path, flags, mode); });
}
int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_call(folder, path, flags, [&] { return NEXT(openat)(folder, path, flags, mode); });
}
int openat64(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_call(folder, path, flags, [&] { return NEXT(openat64)(folder, path, flags, mode); });
}
int creat(const char* path, mode_t mode) { return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char* path, mode_t mode) { return open64(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

ssize_t write(int fd, const void* data, size_t bytes) {
  return write_call(fd, bytes, -1, [&](std::size_t some) { return NEXT(write)(fd, data, some); });
}
ssize_t pwrite(int fd, const void* data, size_t bytes, off_t at) {
  return write_call(fd, bytes, at, [&](std::size_t some) { return NEXT(pwrite)(fd, data, some, at); });
}
ssize_t pwrite64(int fd, const void* data, size_t bytes, off64_t at) {
  return write_call(fd, bytes, at, [&](std::size_t some) { return NEXT(pwrite64)(fd, data, some, at); });
}
/// A short write of several pieces is one of the first.
ssize_t writev(int fd, const iovec* pieces, int count) {
  std::size_t bytes = 0;
  for (int n = 0; n < count; ++n) bytes += pieces[n].iov_len;
  return write_call(fd, bytes, -1, [&](std::size_t some) {
    return some == bytes ? NEXT(writev)(fd, pieces, count)
                         : NEXT(write)(fd, pieces[0].iov_base, std::min(some, pieces[0].iov_len));
  });
}

ssize_t pread(int fd, void* into, size_t bytes, off_t at) {
  return read_call(fd, bytes, [&](std::size_t some) { return NEXT(pread)(fd, into, some, at); });
}
ssize_t pread64(int fd, void* into, size_t bytes, off64_t at) {
  return read_call(fd, bytes, [&](std::size_t some) { return NEXT(pread64)(fd, into, some, at); });
}

int ftruncate(int fd, off_t size) noexcept {
  const auto path = below_root(shim::path_of(fd));
  return named_call("truncate", path, [&] { return NEXT(ftruncate)(fd, size); }, [] {});
}
int ftruncate64(int fd, off64_t size) noexcept {
  const auto path = below_root(shim::path_of(fd));
  return named_call("truncate", path, [&] { return NEXT(ftruncate64)(fd, size); }, [] {});
}

int fsync(int fd) {
  return sync_call(fd, [&] { return NEXT(fsync)(fd); });
}
int fdatasync(int fd) {
  return sync_call(fd, [&] { return NEXT(fdatasync)(fd); });
}

int rename(const char* from, const char* to) noexcept {
  return rename_call(shim::absolute(AT_FDCWD, from), shim::absolute(AT_FDCWD, to),
                     [&] { return NEXT(rename)(from, to); });
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  return rename_call(shim::absolute(from_folder, from), shim::absolute(to_folder, to),
                     [&] { return NEXT(renameat)(from_folder, from, to_folder, to); });
}

int unlink(const char* path) noexcept {
  return removing_call("unlink", shim::absolute(AT_FDCWD, path), [&] { return NEXT(unlink)(path); });
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  return removing_call((flags & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", shim::absolute(folder, path),
                       [&] { return NEXT(unlinkat)(folder, path, flags); });
}
int remove(const char* path) noexcept {
  return removing_call("unlink", shim::absolute(AT_FDCWD, path), [&] { return NEXT(remove)(path); });
}
int rmdir(const char* path) noexcept {
  return removing_call("rmdir", shim::absolute(AT_FDCWD, path), [&] { return NEXT(rmdir)(path); });
}
int mkdir(const char* path, mode_t mode) noexcept {
  return folder_call(below_root(shim::absolute(AT_FDCWD, path)), [&] { return NEXT(mkdir)(path, mode); });
}
int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  return folder_call(below_root(shim::absolute(folder, path)), [&] { return NEXT(mkdirat)(folder, path, mode); });
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int result = NEXT(clock_gettime)(clock, time);
  const auto offset = clock == CLOCK_REALTIME ? shim::clock_offset_ns() : 0;
  if (result == 0 && offset != 0) {
    constexpr long long second_ns = 1'000'000'000;
    const auto sum = time->tv_sec * second_ns + time->tv_nsec + offset;
    time->tv_sec = sum / second_ns;
    time->tv_nsec = sum % second_ns;
  }
  return result;
}
}
