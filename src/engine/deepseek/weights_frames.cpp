#include "weights_frames.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr std::size_t most_frame_bytes = std::size_t{64} << 20;

/// False when it cannot be read from (or written to) in time.
bool ready(int socket, short what, int patience_ms) {
  pollfd waiting{socket, what, 0};
  int found = 0;
  do found = ::poll(&waiting, 1, patience_ms);
  while (found < 0 && errno == EINTR);
  return found > 0;
}

bool read_all(int socket, std::span<std::byte> into, int patience_ms) {
  while (!into.empty()) {
    if (!ready(socket, POLLIN, patience_ms)) return false;
    const auto got = ::recv(socket, into.data(), into.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

bool write_all_of(int socket, std::span<const std::byte> bytes, int patience_ms) {
  while (!bytes.empty()) {
    if (!ready(socket, POLLOUT, patience_ms)) return false;
    const auto put = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace

std::optional<Frame> read_frame(int socket, int patience_ms) {
  Bytes head(sizeof(std::uint32_t) + sizeof(WeightsFrame));
  if (!read_all(socket, head, patience_ms)) return std::nullopt;
  ByteReader in{head, "weights from the rank"};
  const auto length = in.get<std::uint32_t>();
  Frame frame;
  frame.kind = in.get<WeightsFrame>();
  require(length <= most_frame_bytes && frame.kind >= WeightsFrame::offer &&
              frame.kind <= WeightsFrame::problem,
          "what came where weights were expected makes no sense");
  frame.payload.resize(length);
  if (!read_all(socket, frame.payload, patience_ms)) return std::nullopt;
  return frame;
}

bool write_frame(int socket, WeightsFrame kind, std::span<const std::byte> payload,
                 int patience_ms) {
  ByteWriter head;
  head.put(static_cast<std::uint32_t>(payload.size())).put(kind);
  return write_all_of(socket, head.bytes(), patience_ms) &&
         write_all_of(socket, payload, patience_ms);
}

Bytes encode(const WeightsOffer& offer) {
  ByteWriter out;
  out.put(offer.nccl).put_text(offer.gpu).put(offer.bytes);
  return std::move(out).bytes();
}

WeightsOffer decode_offer(const Bytes& bytes) {
  ByteReader in{bytes, "offer of the engine process"};
  WeightsOffer offer;
  offer.nccl = in.get<bool>();
  offer.gpu = in.get_text();
  offer.bytes = in.get<std::uint64_t>();
  in.expect_end();
  return offer;
}

Bytes encode(const WeightsOrders& orders) {
  ByteWriter out;
  out.put(orders.way).put(orders.place).put(orders.processes).put_raw(orders.id);
  return std::move(out).bytes();
}

WeightsOrders decode_orders(const Bytes& bytes) {
  ByteReader in{bytes, "orders about weights"};
  WeightsOrders orders;
  orders.way = in.get<WeightsOrders::Way>();
  require(orders.way <= WeightsOrders::Way::nccl, "an unknown way to get weights");
  orders.place = in.get<std::uint32_t>();
  orders.processes = in.get<std::uint32_t>();
  const auto id = in.get_raw(in.left());
  orders.id.assign(id.begin(), id.end());
  return orders;
}

}  // namespace pecia::engine::deepseek
