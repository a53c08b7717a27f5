// Holds the lock of a run until it is killed or its input ends; says so on standard output.
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "pecia/store/run.hpp"

int main(int argc, char** argv) {
  try {
    pecia::store::LockSettings settings;
    settings.break_lock = argc > 2;  // --break-lock
    if (settings.break_lock) settings.settle_s = 5;  // two of them start at once, as far as a busy machine can
    const pecia::store::RunLock lock{{argv[1]}, settings};
    std::puts("held");
    std::fflush(stdout);
    char byte = 0;
    (void)!::read(STDIN_FILENO, &byte, 1);
    return 0;
  } catch (const std::exception& error) {
    std::puts(error.what());
    return 1;
  }
}
