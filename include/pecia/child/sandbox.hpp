#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace pecia::child {

/// What a process keeps when it gives up the rest.
struct Sandbox {
  /// Files, and folders with all that is below them, that may still be opened for reading. Links are
  /// followed; what is not there is passed over.
  std::vector<std::filesystem::path> readable;
};

/// What of a sandbox holds, once it is entered.
struct Confinement {
  bool no_new_privileges = false;
  bool system_calls = false;  ///< the seccomp filter
  int landlock_abi = 0;       ///< 0: files are not confined by Landlock
  /// What the kernel refused, and what to do, for a person; empty if all of it holds.
  std::vector<std::string> missing;

  /// "no_new_privs, seccomp, Landlock ABI 7"
  [[nodiscard]] std::string held() const;
};

/// Gives up, for the rest of this process's life, what a parser of hostile documents has no use for:
/// new privileges; files but `readable`, and writing any (Landlock, Linux 5.13); all system calls but
/// those that compute, read what is open, map memory and start threads (seccomp). A call that is
/// refused fails with EPERM, one that glibc is to do without (clone3) with ENOSYS.
///
/// Call it while the process has one thread (Landlock confines the calling one and those that it will
/// start), after what must still be loaded is: no library can be loaded any more. Never throws for
/// what the kernel refuses: the process goes on with what it could get, and says what not.
///
/// Built with a sanitizer, it gives up new privileges alone: the leak checker clones and traces, and
/// reports read /proc and start programs.
[[nodiscard]] Confinement confine(const Sandbox& sandbox);

/// What a program keeps that is not ours, LibreOffice. What is not there is passed over.
struct ProgramSandbox {
  std::vector<std::filesystem::path> readable;  ///< and programs there may be started
  std::vector<std::filesystem::path> writable;
};

/// Takes from this process, and from all that it will start, files but those, the network and other processes. To be
/// called between fork and exec. As with `confine`, nothing that the kernel refuses is an error, and of a build with
/// a sanitizer all of it holds: the program is not ours.
[[nodiscard]] Confinement confine_program(const ProgramSandbox& sandbox);

/// For `PROGRAM --sandbox FILE...`, once confined: prints what holds, what does not, and whether each of
/// `files` can still be opened. Returns the exit status: 0 if all of it holds.
[[nodiscard]] int tell_of(const Confinement& confinement, std::span<const std::string> files);

}  // namespace pecia::child
