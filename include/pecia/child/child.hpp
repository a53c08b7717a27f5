#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/file.hpp"

namespace pecia::child {

struct Limits {
  std::uint64_t memory_bytes = 0;          ///< RLIMIT_AS; 0 = none (and none under sanitizers)
  std::uint64_t cpu_s = 0;                 ///< RLIMIT_CPU over the child's life; 0 = none
  std::uint64_t message_bytes = 256 << 20; ///< a longer message from the child is nonsense
  std::uint64_t file_bytes = 1 << 30;      ///< RLIMIT_FSIZE: shared memory counts, the largest image must fit. 0 = none
  double send_wait_s = 10;                 ///< for a child that takes no messages: then it counts as gone
};

struct Program {
  std::filesystem::path executable;
  std::vector<std::string> arguments;                            ///< without argv[0]
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to ours
  Limits limits;
};

/// A message: bytes, and descriptors that came with it.
struct Packet {
  Bytes bytes;
  std::vector<UniqueFd> fds;
};

/// One supervised process and the socket to it.
///
/// Started by posix_spawn with all other descriptors closed; it ignores INT, TERM and USR1, ends by
/// EOF on its socket or with the *thread* that started it (PR_SET_PDEATHSIG), so start it from one
/// that lives as long as the child is to. Messages are framed; nothing the child sends is trusted.
/// Used by one thread at a time. The destructor kills and reaps.
class Child {
 public:
  /// Throws `Error` if it cannot be started.
  explicit Child(const Program& program);
  ~Child();
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;

  /// Sends; false if the child is gone.
  [[nodiscard]] bool send(std::span<const std::byte> bytes, std::span<const int> fds = {});
  enum class Status { message, timeout, gone };
  struct Received {
    Status status = Status::timeout;
    Packet packet;
  };
  /// Waits up to `max_wait` for a whole message. `gone`: it ended, or sent what is no message.
  [[nodiscard]] Received receive(std::chrono::milliseconds max_wait);

  [[nodiscard]] pid_t pid() const noexcept;
  /// The socket, to poll several children at once.
  [[nodiscard]] int fd() const noexcept;
  /// CPU seconds it has used so far, -1 if unknown.
  [[nodiscard]] double cpu_s() const noexcept;
  /// From now on it may use so many CPU seconds more (whole ones, rounded up) until SIGXCPU ends it: also while this process
  /// is stalled and cannot watch it. The hard limit stays, so that the soft one can be moved up again.
  void allow_cpu(double more_s) noexcept;
  /// Whole lines that it has printed since this was asked last: the newest, where they are very many.
  [[nodiscard]] std::vector<std::string> printed_lines();
  /// Closes its socket, and then lets it end by itself, for `patience` at most: for one that has something to clear away.
  void hang_up(std::chrono::milliseconds patience);
  /// Ends it at once and says how it had ended: "killed by signal 11 (Segmentation fault)",
  /// "exited with status 3", "ended by pecia".
  std::string end();
  [[nodiscard]] bool ended_by_cpu_limit() const noexcept;  ///< after `end`: by SIGXCPU
  [[nodiscard]] std::optional<int> exit_status() const noexcept;  ///< after `end`: of one that exited by itself

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The program's own side, in `main` of pecia-page and the engines. One thread may send while another receives.
class Parent {
 public:
  /// Takes over the inherited socket (descriptor 3), sets the death signal, ignores INT, TERM and
  /// USR1, sets oom_score_adj. Throws `Error` when there is no socket: started by hand.
  Parent();
  ~Parent();
  Parent(const Parent&) = delete;
  Parent& operator=(const Parent&) = delete;
  /// The next message; nothing at end of file: then return from main.
  [[nodiscard]] std::optional<Packet> receive();
  /// Throws `Error` if the parent is gone.
  void send(std::span<const std::byte> bytes, std::span<const int> fds = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Full path of a program that stands beside the running one ("pecia-page"); throws `Error` naming
/// the places looked at. `PECIA_LIBEXEC_DIR` in the environment goes first (tests).
[[nodiscard]] std::filesystem::path find_program(std::string_view name);

}  // namespace pecia::child
