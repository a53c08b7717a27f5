#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/child/child.hpp"

namespace pecia::child {

/// Descriptors that may come with one message.
constexpr std::size_t max_fds = 4;
/// The problem of a socket whose other end has closed it: no nonsense, it has ended.
constexpr std::string_view end_of_file = "end of file";

/// Messages on a stream socket, both ways: u32 length, u32 number of descriptors, then the bytes;
/// the descriptors travel with the first byte. Whoever is at the other end is not trusted.
class FrameSocket {
 public:
  FrameSocket(UniqueFd socket, std::uint64_t max_message_bytes)
      : socket_{std::move(socket)}, max_message_bytes_{max_message_bytes} {}

  /// False: the other end is gone, or has not read for `patience`.
  [[nodiscard]] bool send(std::span<const std::byte> bytes, std::span<const int> fds,
                          std::chrono::milliseconds patience);
  enum class Status { message, timeout, end };
  /// Goes on with a message that has begun. `end`: end of file, or what is no message: `problem`.
  [[nodiscard]] Status receive(std::chrono::milliseconds max_wait, Packet& packet);

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  [[nodiscard]] bool read_some();
  [[nodiscard]] std::optional<Packet> whole_message();
  /// False, for `read_some` to return.
  [[nodiscard]] bool fail(std::string_view problem);

  UniqueFd socket_;
  std::uint64_t max_message_bytes_;
  Bytes buffer_;  ///< received, not yet handed out
  std::vector<UniqueFd> fds_;
  std::string problem_;
};

}  // namespace pecia::child
