#pragma once

#include <optional>

#include "weights_messages.hpp"

namespace pecia::engine::deepseek {

struct Frame {
  WeightsFrame kind{};
  Bytes payload;
};

/// Nothing if the other end is gone or takes longer than `patience_ms` (-1: as long as it lives).
/// Throws `Error` on a frame that cannot be.
[[nodiscard]] std::optional<Frame> read_frame(int socket, int patience_ms);
/// False if the other end is gone or takes nothing for so long.
[[nodiscard]] bool write_frame(int socket, WeightsFrame kind, std::span<const std::byte> payload,
                               int patience_ms);

[[nodiscard]] Bytes encode(const WeightsOffer& offer);
[[nodiscard]] WeightsOffer decode_offer(const Bytes& bytes);
[[nodiscard]] Bytes encode(const WeightsOrders& orders);
[[nodiscard]] WeightsOrders decode_orders(const Bytes& bytes);

}  // namespace pecia::engine::deepseek
