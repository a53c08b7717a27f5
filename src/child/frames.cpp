#include "frames.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::child {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t header_bytes = 8;
constexpr std::size_t read_bytes = std::size_t{256} << 10;

int wait_ms(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

bool poll_for(int fd, short what, Clock::time_point until) {
  pollfd wanted{fd, what, 0};
  while (true) {
    const int ready = ::poll(&wanted, 1, wait_ms(until));
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= until) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

bool FrameSocket::send(std::span<const std::byte> bytes, std::span<const int> fds,
                       std::chrono::milliseconds patience) {
  require(fds.size() <= max_fds, "too many descriptors for one message");
  ByteWriter header;
  header.put(static_cast<std::uint32_t>(bytes.size())).put(static_cast<std::uint32_t>(fds.size()));
  std::array<std::byte, header_bytes> head{};
  std::memcpy(head.data(), header.bytes().data(), header_bytes);
  std::size_t sent = 0;
  const auto until = Clock::now() + patience;
  while (sent < header_bytes + bytes.size()) {
    std::array<iovec, 2> parts{};
    const auto head_left = sent < header_bytes ? header_bytes - sent : 0;
    const auto body_sent = sent < header_bytes ? 0 : sent - header_bytes;
    parts[0] = {head.data() + (header_bytes - head_left), head_left};
    // sendmsg does not write to what it sends; iovec has no const.
    parts[1] = {const_cast<std::byte*>(bytes.data()) + body_sent, bytes.size() - body_sent};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * max_fds)> control{};
    if (sent == 0 && !fds.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(fds.size_bytes());
      cmsghdr* rights = CMSG_FIRSTHDR(&message);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(fds.size_bytes());
      std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
    }
    const auto written = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written > 0) {
      sent += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!poll_for(socket_.get(), POLLOUT, until)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

FrameSocket::Status FrameSocket::receive(std::chrono::milliseconds max_wait, Packet& packet) {
  const auto until = Clock::now() + max_wait;
  // Held to the deadline even while bytes keep coming: the caller's watchdogs wait for it.
  for (bool late = false;; late = Clock::now() >= until) {
    if (!problem_.empty()) return Status::end;
    if (auto whole = whole_message()) {
      packet = std::move(*whole);
      return Status::message;
    }
    if (!problem_.empty()) return Status::end;
    if (late || !poll_for(socket_.get(), POLLIN, until)) return Status::timeout;
    if (!read_some()) return Status::end;
  }
}

bool FrameSocket::read_some() {
  const auto had = buffer_.size();
  buffer_.resize(had + read_bytes);
  iovec part{buffer_.data() + had, read_bytes};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * max_fds)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  buffer_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  // ECONNRESET: it ended before it had read all that we sent.
  if (got < 0) return fail(errno == ECONNRESET ? end_of_file : "the socket broke");
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t n = 0; n < count; ++n) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + n * sizeof(int), sizeof fd);
      fds_.emplace_back(fd);
    }
  }
  // A read ends behind the first bytes that come with descriptors: of two messages at most.
  if ((message.msg_flags & MSG_CTRUNC) || fds_.size() > 2 * max_fds)
    return fail("it sent more descriptors than a message may have");
  if (got == 0) return fail(end_of_file);
  return true;
}

std::optional<Packet> FrameSocket::whole_message() {
  if (buffer_.size() < header_bytes) return std::nullopt;
  ByteReader header{buffer_};
  const auto length = header.get<std::uint32_t>();
  const auto count = header.get<std::uint32_t>();
  if (length > max_message_bytes_ || count > max_fds) {
    problem_ = fmt::format("it sent what is no message (claims {} bytes and {} descriptors)", length, count);
    return std::nullopt;
  }
  if (buffer_.size() < header_bytes + length) return std::nullopt;
  if (fds_.size() < count) {
    problem_ = "it sent a message without its descriptors";
    return std::nullopt;
  }
  Packet packet;
  const auto begin = buffer_.begin() + header_bytes;
  packet.bytes.assign(begin, begin + static_cast<std::ptrdiff_t>(length));
  buffer_.erase(buffer_.begin(), begin + static_cast<std::ptrdiff_t>(length));
  for (std::size_t n = 0; n < count; ++n) packet.fds.push_back(std::move(fds_[n]));
  fds_.erase(fds_.begin(), fds_.begin() + static_cast<std::ptrdiff_t>(count));
  return packet;
}

bool FrameSocket::fail(std::string_view problem) {
  if (problem_.empty()) problem_ = problem;
  return false;
}

}  // namespace pecia::child
