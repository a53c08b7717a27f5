#pragma once

#include <asm/sockios.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

namespace pecia::test {

/// A call that a sandboxed process is refused. Made so that nothing comes of it where it is not refused,
/// and that it then does not fail with one of `refusals`.
struct ForbiddenCall {
  std::string name;
  std::function<long()> call;               ///< as the kernel answers: below 0, and errno
  bool anybodys = true;                     ///< any process may make it; else some machines, or containers, refuse it to all
  std::vector<int> refusals = {EPERM};
};

/// Ends a process that should not have come to be, so that the call alone is tried.
inline long child_or_error(long pid) {
  if (pid == 0) ::_exit(0);
  return pid;
}

inline std::vector<ForbiddenCall> forbidden_processes() {
  return {
      {"clone3", [] { return ::syscall(SYS_clone3, nullptr, 0); }, false, {ENOSYS}},
      {"clone of a process", [] { return child_or_error(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }},
#ifdef SYS_fork
      {"fork", [] { return child_or_error(::syscall(SYS_fork)); }},
#endif
      {"execve", [] { return ::syscall(SYS_execve, "/no/such/program", nullptr, nullptr); }},
      {"execveat", [] { return ::syscall(SYS_execveat, -1, "/no/such/program", nullptr, nullptr, 0); }},
      {"ptrace", [] { return ::ptrace(PTRACE_PEEKDATA, 0x7fffffff, nullptr, nullptr); }},
      {"process_vm_readv", [] { return ::process_vm_readv(::getpid(), nullptr, 0, nullptr, 0, 0); }},
      {"process_vm_writev", [] { return ::process_vm_writev(::getpid(), nullptr, 0, nullptr, 0, 0); }},
      {"kill of the parent", [] { return long{::kill(::getppid(), 0)}; }},
      {"kill of all", [] { return long{::kill(-0x7fffffff, 0)}; }},
      {"other cores for another process", [] {
         cpu_set_t cores;
         ::sched_getaffinity(0, sizeof cores, &cores);
         return long{::sched_setaffinity(::getppid(), sizeof cores, &cores)};
       }},
      {"pidfd_open", [] { return ::syscall(SYS_pidfd_open, ::getpid(), 0); }},
      {"setpgid", [] { return ::setpgid(0, 0) == 0 ? 0L : -1L; }},
      {"setrlimit", [] {
         rlimit limit{};
         ::getrlimit(RLIMIT_CPU, &limit);
         return long{::setrlimit(RLIMIT_CPU, &limit)};
       }},
      {"unshare", [] { return long{::unshare(0)}; }, false},
      {"setns", [] { return long{::setns(-1, 0)}; }, false},
      {"memory of huge pages", [] { return long{::memfd_create("huge", MFD_HUGETLB | 0x80000000U)}; }},
      {"memory with new code", [] {
         void* const made = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return made == MAP_FAILED ? -1L : long{::munmap(made, 4096)};
       }},
  };
}

inline std::vector<ForbiddenCall> forbidden_connections() {
  return {
      {"socket, internet", [] { return long{::socket(AF_INET, SOCK_STREAM, 0)}; }},
      {"socket, unix", [] { return long{::socket(AF_UNIX, SOCK_STREAM, 0)}; }},
      {"socketpair", [] {
         int pair[2];
         return long{::socketpair(AF_UNIX, SOCK_STREAM, 0, pair)};
       }},
      {"connect", [] { return long{::connect(-1, nullptr, 0)}; }},
      {"bind", [] { return long{::bind(-1, nullptr, 0)}; }},
      {"sendto", [] { return ::sendto(-1, nullptr, 0, 0, nullptr, 0); }},
      {"sendmsg on another descriptor", [] {
         msghdr message{};
         return ::sendmsg(0, &message, 0);
       }},
  };
}

/// Of files in `folder`, which can be written, and of `file`, which can be read.
inline std::vector<ForbiddenCall> forbidden_files(const std::string& folder, const std::string& file) {
  const auto made = folder + "/made";
  const auto open = [](const std::string& path, int flags) {
    return [path, flags] { return long{::open(path.c_str(), flags | O_CLOEXEC, 0600)}; };
  };
  return {
      {"open of a new file", open(made, O_WRONLY | O_CREAT)},
      {"open for writing", open(file, O_WRONLY)},
      {"open for both", open(file, O_RDWR)},
      {"open that truncates", open(file, O_TRUNC)},
      {"open without a name", open(folder, O_RDWR | O_TMPFILE)},
      {"creat", [=] { return long{::creat(made.c_str(), 0600)}; }},
      {"open of a file to read", open(file, O_RDONLY), true, {EACCES}},
      {"open of a folder", open(folder, O_RDONLY | O_DIRECTORY), true, {EACCES}},
      {"openat2", [] { return ::syscall(437, AT_FDCWD, ".", nullptr, 0); }, true, {ENOSYS, EPERM}},
      {"mkdir", [=] { return long{::mkdir((folder + "/folder").c_str(), 0700)}; }},
      {"rename", [=] { return long{::rename(file.c_str(), file.c_str())}; }},
      {"symlink", [=] { return long{::symlink("nowhere", (folder + "/link").c_str())}; }},
      {"chmod", [=] { return long{::chmod(file.c_str(), 0600)}; }},
      {"truncate", [=] { return long{::truncate(file.c_str(), 0)}; }},
      {"unlink", [=] { return long{::unlink((folder + "/none").c_str())}; }},
      {"fchmod of what is open", [] { return long{::fchmod(-1, 0600)}; }},
  };
}

inline std::vector<ForbiddenCall> forbidden_to_most() {
  return {
      {"mount", [] { return long{::mount("none", "/no/such/folder", "tmpfs", 0, nullptr)}; }, false},
      {"bpf", [] { return ::syscall(SYS_bpf, 9999, nullptr, 0); }, false},
      {"io_uring_setup", [] { return ::syscall(SYS_io_uring_setup, 0, nullptr); }, false},
      {"keyctl", [] { return ::syscall(SYS_keyctl, 9999, 0, 0, 0, 0); }, false},
      {"userfaultfd", [] { return ::syscall(SYS_userfaultfd, 0x7ffffff1); }, false},
      {"perf_event_open", [] { return ::syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }, false},
  };
}

/// To LibreOffice, of its parent. The upper half of a register that holds an int is none of the kernel's business,
/// so that a filter must not be led astray by it.
inline std::vector<ForbiddenCall> forbidden_to_programs() {
  constexpr long garbage = long{1} << 40;
  return {
      {"limits of the parent", [] {
         rlimit limit{};
         return long{::prlimit(::getppid(), RLIMIT_CPU, nullptr, &limit)};
       }},
      {"limits of the parent, with garbage", [] { return ::syscall(SYS_prlimit64, ::getppid() | garbage, RLIMIT_CPU, nullptr, nullptr); }},
      {"cores of the parent", [] {
         cpu_set_t cores;
         ::sched_getaffinity(0, sizeof cores, &cores);
         return long{::sched_setaffinity(::getppid(), sizeof cores, &cores)};
       }},
      {"scheduling of the parent", [] {
         const sched_param plain{};
         return long{::sched_setscheduler(::getppid(), SCHED_OTHER, &plain)};
       }},
      {"parameters of the parent's scheduling", [] {
         const sched_param plain{};
         return long{::sched_setparam(::getppid(), &plain)};
       }},
      {"attributes of the parent's scheduling", [] { return ::syscall(SYS_sched_setattr, ::getppid(), nullptr, 0); }},
      {"priority of the parent", [] { return long{::setpriority(PRIO_PROCESS, static_cast<id_t>(::getppid()), ::getpriority(PRIO_PROCESS, 0))}; }},
      {"priority of a group", [] { return long{::setpriority(PRIO_PGRP, 0x7fffffff, 0)}; }},
      {"I/O priority of the parent", [] { return ::syscall(SYS_ioprio_set, 1, ::getppid(), 0); }},
      {"I/O priority of a group", [] { return ::syscall(SYS_ioprio_set, 2, 0x7fffffff, 0); }},
      {"kill of the parent", [] { return long{::kill(::getppid(), 0)}; }},
      {"kill of the parent, with garbage", [] { return ::syscall(SYS_kill, ::getppid() | garbage, 0); }},
      {"kill of a thread of the parent", [] { return ::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0); }},
      {"kill of a group", [] { return long{::kill(-0x7fffffff, 0)}; }},
      {"owner of a descriptor", [] { return long{::fcntl(-1, F_SETOWN, ::getppid())}; }},
      {"signal of a descriptor", [] { return long{::fcntl(-1, F_SETSIG, SIGTERM)}; }},
      {"owner of a socket", [] { return long{::ioctl(-1, FIOSETOWN, nullptr)}; }},
      {"memory of System V", [] { return ::syscall(SYS_shmctl, -1, 0, nullptr); }},
  };
}

inline std::vector<ForbiddenCall> forbidden_calls(const std::string& folder, const std::string& file) {
  auto all = forbidden_processes();
  for (const auto& more : {forbidden_connections(), forbidden_files(folder, file), forbidden_to_most()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace pecia::test
