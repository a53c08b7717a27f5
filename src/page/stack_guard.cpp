#include "stack_guard.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "protocol.hpp"

namespace pecia::page {

#ifdef PECIA_SANITIZED
/// A sanitizer has a handler of its own for faults, and larger frames.
void guard_stack() {}
#else
namespace {

constexpr rlim_t most_stack_bytes = rlim_t{32} << 20;
/// A function with a large frame touches the stack's end so far below where it began.
constexpr std::uintptr_t reach_bytes = std::uintptr_t{256} << 10;

alignas(16) std::array<char, 64 * 1024> handler_stack;

void on_fault(int signal, siginfo_t* info, void* context) {
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
#ifdef __x86_64__
  const auto stack =
      static_cast<std::uintptr_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  const auto stack = static_cast<std::uintptr_t>(static_cast<ucontext_t*>(context)->uc_mcontext.sp);
#else
  const std::uintptr_t stack = 0;
#endif
  if (std::max(at, stack) - std::min(at, stack) < reach_bytes)
    ::_exit(protocol::nested_too_deep_status);
  ::signal(signal, SIG_DFL);  // any other fault comes again, and ends the process as ever
}

}  // namespace

void guard_stack() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_STACK, &limit) == 0) {
    limit.rlim_cur = std::min(limit.rlim_max, most_stack_bytes);
    ::setrlimit(RLIMIT_STACK, &limit);
  }
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  if (::sigaltstack(&stack, nullptr) == 0) ::sigaction(SIGSEGV, &action, nullptr);
}
#endif

}  // namespace pecia::page
