// LD_PRELOAD for tests: a file system that tells of a full disk late (NFS: when a file is closed), or never. For regular files
// that are open for writing alone; PECIA_LOST_WRITES says which: "at-close" or "silently".
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace {

bool plays(std::string_view what) {
  const char* asked = std::getenv("PECIA_LOST_WRITES");
  return asked != nullptr && what == asked;
}

bool is_output(int fd) {
  struct stat is {};
  return ::fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && (::fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
}

}  // namespace

extern "C" int close(int fd) {
  const bool lost = plays("at-close") && is_output(fd);
  const auto closed = static_cast<int>(::syscall(SYS_close, fd));
  if (!lost) return closed;
  errno = EDQUOT;
  return -1;
}

extern "C" ssize_t write(int fd, const void* bytes, std::size_t size) {
  return plays("silently") && is_output(fd) ? static_cast<ssize_t>(size) : ::syscall(SYS_write, fd, bytes, size);
}
