#include "system_calls.hpp"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

namespace pecia::child {
namespace {

constexpr std::uint64_t inherited_socket = 3;  ///< of class Parent
constexpr std::uint64_t name_anonymous_memory = 0x53564d41;  ///< PR_SET_VMA of newer headers: glibc names heaps
constexpr std::uint64_t socket_kinds = 0xf;  ///< of a socket's type, beside SOCK_CLOEXEC and SOCK_NONBLOCK
constexpr std::uint64_t whole_int = 0xffff'ffff;  ///< in a register whose upper half may hold anything
constexpr std::uint64_t io_priority_of_process = 1;  ///< IOPRIO_WHO_PROCESS, which no header of glibc has
constexpr std::uint64_t unnamed_temporary_file = 020000000;  ///< O_TMPFILE without O_DIRECTORY

#ifdef __s390__
constexpr unsigned clone_flags = 1;  ///< the argument of clone that they are in
#else
constexpr unsigned clone_flags = 0;
#endif

/// Allowed whatever their arguments are. Names that this libseccomp, or this machine, does not know are
/// passed over.
constexpr std::array always{
    // memory
    "brk", "madvise", "mincore", "mlock", "mlock2", "mremap", "munlock", "munmap", "msync", "membarrier",
    "ftruncate", "ftruncate64", "fallocate", "get_mempolicy",
    // files that are open
    "read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "lseek", "_llseek", "close", "close_range",
    "dup", "dup2", "dup3", "fstat", "fstat64", "fstatfs", "fstatfs64", "getdents", "getdents64", "fadvise64", "readahead",
    "poll", "ppoll", "ppoll_time64", "select", "pselect6", "_newselect",
    // looking for files; Landlock says which may be opened
    "stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "statfs", "statfs64", "getcwd",
    // threads and time
    "futex", "futex_time64", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "sched_yield",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "getcpu", "exit", "exit_group", "restart_syscall", "clock_gettime", "clock_gettime64",
    "clock_getres", "clock_getres_time64", "gettimeofday", "time", "times", "nanosleep", "clock_nanosleep",
    "clock_nanosleep_time64", "getrusage",
    // signals of its own
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "rt_sigsuspend", "rt_sigpending", "rt_sigtimedwait",
    "sigaltstack", "pause",
    // about itself
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getpgrp",
    "getpgid", "getsid", "uname", "sysinfo", "getrandom", "getrlimit", "ugetrlimit"};

/// Refused with EPERM whatever their arguments are. What stands in no list is unknown to the process, by
/// ENOSYS: so glibc does without what is newer than this list.
constexpr std::array never{
    "execve", "execveat", "fork", "vfork", "socket", "socketpair", "socketcall", "connect", "bind", "listen", "accept",
    "accept4", "sendto", "recvfrom", "sendmmsg", "recvmmsg", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "process_mrelease", "kcmp", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "tkill",
    "rt_sigqueueinfo", "rt_tgsigqueueinfo", "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "fsopen",
    "fsconfig", "fsmount", "fspick", "open_tree", "mount_setattr", "bpf", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "add_key", "request_key", "keyctl", "unshare", "setns", "userfaultfd", "perf_event_open",
    "fanotify_init", "inotify_init", "inotify_init1", "name_to_handle_at", "open_by_handle_at", "creat", "truncate", "truncate64",
    "mkdir", "mkdirat", "mknod", "mknodat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link",
    "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "utime", "utimes", "utimensat", "utimensat_time64", "futimesat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr",
    "lremovexattr", "fremovexattr", "removexattrat", "setrlimit", "setuid", "setgid", "setreuid", "setregid", "setresuid",
    "setresgid", "setgroups", "capset", "setsid", "setpgid", "personality", "reboot", "syslog", "swapon", "swapoff",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "acct", "quotactl", "settimeofday",
    "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "iopl", "ioperm", "shmget", "shmat",
    "msgget", "semget", "mq_open", "memfd_secret", "vmsplice", "migrate_pages", "move_pages", "seccomp"};

/// Refused to a program that we have not written, which may do what else it likes.
constexpr std::array no_programs{
    "connect", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "mount", "umount", "umount2",
    "pivot_root", "chroot", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "open_tree", "mount_setattr", "bpf",
    "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key", "keyctl", "unshare", "setns",
    "userfaultfd", "perf_event_open", "fanotify_init", "name_to_handle_at", "open_by_handle_at", "quotactl",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "iopl", "ioperm", "swapon",
    "swapoff", "settimeofday", "clock_settime", "adjtimex", "syslog", "acct",
    // Other processes of the user, the rank first: signals beside kill, their memory, what they share (System V).
    "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal", "process_madvise", "process_mrelease",
    "migrate_pages", "move_pages", "shmat", "shmctl", "semop", "semtimedop", "semctl", "msgrcv", "msgctl"};

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise) : context_{::seccomp_init(otherwise), &::seccomp_release} {
    if (!context_) failed_ = ENOMEM;
  }

  void allow(const char* name) { add(SCMP_ACT_ALLOW, name, 0, nullptr); }
  void allow(const char* name, scmp_arg_cmp argument) { add(SCMP_ACT_ALLOW, name, 1, &argument); }
  void refuse(const char* name) { add(SCMP_ACT_ERRNO(EPERM), name, 0, nullptr); }
  void refuse(const char* name, scmp_arg_cmp argument) { add(SCMP_ACT_ERRNO(EPERM), name, 1, &argument); }

  /// As on a kernel that has no such call.
  void without(const char* name) { add(SCMP_ACT_ERRNO(ENOSYS), name, 0, nullptr); }

  /// As if it had been done.
  void pretend(const char* name) { add(SCMP_ACT_ERRNO(0), name, 0, nullptr); }

  /// 0 or an errno.
  [[nodiscard]] int load() {
    if (failed_ != 0) return failed_;
    ::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1);
    ::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree: the list is long
    // Kernels before 5.16 make filtered processes slow against attacks of one part of a program on another.
    ::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_SSB, 1);
    ::seccomp_attr_set(context_.get(), SCMP_FLTATR_API_SYSRAWRC, 1);  // what the kernel says
    return -::seccomp_load(context_.get());
  }

 private:
  void add(std::uint32_t action, const char* name, unsigned count, const scmp_arg_cmp* arguments) {
    if (failed_ != 0) return;
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;
    const int result = ::seccomp_rule_add_array(context_.get(), action, number, count, arguments);
    // -EDOM: this machine has no such call.
    if (result != 0 && result != -EDOM && result != -EEXIST) failed_ = -result;
  }

  std::unique_ptr<void, decltype(&::seccomp_release)> context_;
  int failed_ = 0;
};

scmp_arg_cmp argument(unsigned number, scmp_compare how, std::uint64_t value, std::uint64_t other = 0) {
  return {number, how, value, other};
}

/// For reading only: also where there is no Landlock.
void open_for_reading(Filter& filter, const char* name, unsigned flags_argument) {
  constexpr std::uint64_t changing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | unnamed_temporary_file;
  filter.allow(name, argument(flags_argument, SCMP_CMP_MASKED_EQ, changing, 0));
  for (const std::uint64_t flag : {std::uint64_t{O_WRONLY}, std::uint64_t{O_RDWR}, std::uint64_t{O_CREAT},
                                   std::uint64_t{O_TRUNC}, unnamed_temporary_file})
    filter.refuse(name, argument(flags_argument, SCMP_CMP_MASKED_EQ, flag, flag));
}

/// No code but what is loaded by now.
void memory_without_code(Filter& filter) {
  for (const auto* name : {"mmap", "mmap2", "mprotect", "pkey_mprotect"}) {
    filter.allow(name, argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    filter.refuse(name, argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
  }
}

void threads_but_no_processes(Filter& filter) {
  filter.allow("clone", argument(clone_flags, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  filter.refuse("clone", argument(clone_flags, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  // clone3 is in no list: its flags lie in memory, where no filter sees them, and without it glibc clones.
}

/// Nobody else is sent a signal: neither another process nor a group of them.
void no_signals_to_others(Filter& filter) {
  const auto self = static_cast<std::uint64_t>(::getpid());
  for (const auto* name : {"kill", "tgkill"}) filter.refuse(name, argument(0, SCMP_CMP_NE, self));
}

/// abort and raise go on working.
void signals_to_itself(Filter& filter) {
  for (const auto* name : {"kill", "tgkill"}) filter.allow(name, argument(0, SCMP_CMP_EQ, static_cast<std::uint64_t>(::getpid())));
  no_signals_to_others(filter);
}

/// Limits, cores and priority of the rank and of all else that runs as the user: 0 is the process that calls, a
/// number may be another. Landlock sees to signals alone, and that from its ABI 6 on.
void nothing_of_other_processes(Filter& filter) {
  // The first process keeps raise and abort; in those that it starts abort ends them all the same.
  no_signals_to_others(filter);
  for (const auto* name : {"prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"})
    filter.refuse(name, argument(0, SCMP_CMP_NE, 0));
  for (const auto& [name, of_process] : {std::pair{"setpriority", std::uint64_t{PRIO_PROCESS}}, std::pair{"ioprio_set", io_priority_of_process}}) {
    filter.refuse(name, argument(0, SCMP_CMP_NE, of_process));
    filter.refuse(name, argument(1, SCMP_CMP_NE, 0));
  }
  // A descriptor that is ready sends its owner a signal of choice.
  for (const auto* name : {"fcntl", "fcntl64"}) {
    for (const int what : {F_SETOWN, F_SETOWN_EX, F_SETSIG})
      filter.refuse(name, argument(1, SCMP_CMP_MASKED_EQ, whole_int, static_cast<std::uint64_t>(what)));
  }
  for (const std::uint64_t what : {std::uint64_t{FIOSETOWN}, std::uint64_t{SIOCSPGRP}})
    filter.refuse("ioctl", argument(1, SCMP_CMP_MASKED_EQ, whole_int, what));
}

void some_of_many(Filter& filter) {
  // 0 is the thread that calls: a number may be another process's.
  filter.allow("sched_setaffinity", argument(0, SCMP_CMP_EQ, 0));
  filter.refuse("sched_setaffinity", argument(0, SCMP_CMP_NE, 0));
  for (const std::uint64_t what : {std::uint64_t{PR_SET_NAME}, std::uint64_t{PR_GET_NAME}, std::uint64_t{PR_GET_DUMPABLE},
                                   std::uint64_t{PR_GET_NO_NEW_PRIVS}, std::uint64_t{PR_GET_SECCOMP}, name_anonymous_memory})
    filter.allow("prctl", argument(0, SCMP_CMP_EQ, what));
  for (const std::uint64_t what : {std::uint64_t{TCGETS}, std::uint64_t{FIONREAD}, std::uint64_t{TIOCGWINSZ}})
    filter.allow("ioctl", argument(1, SCMP_CMP_EQ, what));
  for (const auto* name : {"fcntl", "fcntl64"}) {
    for (const int what : {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS})
      filter.allow(name, argument(1, SCMP_CMP_EQ, static_cast<std::uint64_t>(what)));
  }
  // Limits may be looked at, the one on CPU time above all, which its parent moves, not set.
  filter.allow("prlimit64", argument(2, SCMP_CMP_EQ, 0));
  filter.refuse("prlimit64", argument(2, SCMP_CMP_NE, 0));
  // Huge pages may be missing when they are touched, by the rank.
  filter.allow("memfd_create", argument(1, SCMP_CMP_MASKED_EQ, MFD_HUGETLB, 0));
  filter.refuse("memfd_create", argument(1, SCMP_CMP_MASKED_EQ, MFD_HUGETLB, MFD_HUGETLB));
  for (const auto* name : {"sendmsg", "recvmsg"}) {
    filter.allow(name, argument(0, SCMP_CMP_EQ, inherited_socket));
    filter.refuse(name, argument(0, SCMP_CMP_NE, inherited_socket));
  }
}

}  // namespace

int restrict_system_calls() noexcept {
  Filter filter{SCMP_ACT_ERRNO(ENOSYS)};
  for (const auto* name : always) filter.allow(name);
  for (const auto* name : never) filter.refuse(name);
  open_for_reading(filter, "open", 1);
  open_for_reading(filter, "openat", 2);
  memory_without_code(filter);
  threads_but_no_processes(filter);
  signals_to_itself(filter);
  some_of_many(filter);
  return filter.load();
}

int restrict_connections() noexcept {
  Filter filter{SCMP_ACT_ALLOW};
  for (const auto* name : no_programs) filter.refuse(name);
  filter.refuse("socket", argument(0, SCMP_CMP_NE, AF_UNIX));
  // What is sent from these needs no connection that could be refused.
  for (const auto* name : {"socket", "socketpair"}) {
    for (const std::uint64_t kind : {std::uint64_t{SOCK_DGRAM}, std::uint64_t{SOCK_RAW}})
      filter.refuse(name, argument(1, SCMP_CMP_MASKED_EQ, socket_kinds, kind));
  }
  nothing_of_other_processes(filter);
  for (const int space : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP}) {
    const auto bit = static_cast<unsigned>(space);
    filter.refuse("clone", argument(clone_flags, SCMP_CMP_MASKED_EQ, bit, bit));
  }
  filter.without("clone3");
  // LibreOffice listens in /tmp for another LibreOffice that would hand it its documents, and ends if it cannot.
  filter.pretend("bind");
  filter.pretend("listen");
  return filter.load();
}

}  // namespace pecia::child
