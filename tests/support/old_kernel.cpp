// Runs a program as on a kernel that has neither Landlock nor seccomp filters to give: old_kernel PROGRAM ARGUMENT...
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  constexpr int landlock_create_ruleset = 444;
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  const scmp_arg_cmp sets_filter{0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0};
  const bool made = filter != nullptr &&
                    ::seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), landlock_create_ruleset, 0, nullptr) == 0 &&
                    ::seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0, nullptr) == 0 &&
                    ::seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, &sets_filter) == 0 &&
                    ::seccomp_load(filter) == 0;
  if (!made) {
    std::fprintf(stderr, "old_kernel: this kernel has no seccomp filters either\n");
    return 77;
  }
  ::execv(argv[1], argv + 1);
  std::perror(argv[1]);
  return 127;
}
