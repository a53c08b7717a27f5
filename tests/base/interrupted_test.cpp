#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "support/temp_folder.hpp"

// Signals arrive while a rank waits for the disk, and pecia's handlers do not restart system calls.
// These stand in for the C library's own and are interrupted as often as a test says.
namespace {

int interruptions = 0;

bool interrupted() {
  if (interruptions == 0) return false;
  --interruptions;
  errno = EINTR;
  return true;
}

}  // namespace

extern "C" int fsync(int fd) { return interrupted() ? -1 : static_cast<int>(::syscall(SYS_fsync, fd)); }
extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  return interrupted() ? -1 : ::syscall(SYS_write, fd, bytes, size);
}

namespace pecia {
namespace {

TEST(Interrupted, AFileIsCommittedAllTheSame) {
  const test::TempFolder folder;
  const auto file = folder.path() / "file";
  UniqueFd fd{::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  interruptions = 2;
  EXPECT_NO_THROW(sync_file(fd.get(), file));
  EXPECT_EQ(interruptions, 0);
  interruptions = 2;
  EXPECT_NO_THROW(sync_folder(folder.path()));
  EXPECT_EQ(interruptions, 0);
  interruptions = 3;
  replace_file(file, "whole");
  EXPECT_EQ(interruptions, 0);
  EXPECT_EQ(read_file(file), "whole");
}

TEST(Interrupted, ALineOfTheLogIsWrittenAllTheSame) {
  const test::TempFolder folder;
  const auto file = folder.path() / "log";
  const UniqueFd fd{::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  const UniqueFd former{::dup(STDERR_FILENO)};
  ::dup2(fd.get(), STDERR_FILENO);
  interruptions = 1;
  log::warning("{} pages were lost", 3);
  ::dup2(former.get(), STDERR_FILENO);
  EXPECT_EQ(interruptions, 0);
  const auto line = read_file(file);
  EXPECT_TRUE(line.ends_with(" warning 3 pages were lost\n")) << line;
}

}  // namespace
}  // namespace pecia
