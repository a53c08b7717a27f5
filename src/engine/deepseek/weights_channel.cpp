#include "pecia/engine/weights_channel.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "file_weight_source.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "weights_frames.hpp"

namespace pecia::engine {
namespace {

using deepseek::WeightsFrame;
constexpr std::uint64_t message_block_bytes = std::uint64_t{8} << 20;

int milliseconds_of(std::chrono::seconds patience) {
  return static_cast<int>(std::chrono::milliseconds{patience}.count());
}

}  // namespace

std::pair<UniqueFd, UniqueFd> make_weights_channel() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw Error{fmt::format("no socket for the engine's weights: {}", std::strerror(errno))};
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

// ---- the rank's end

WeightsGiver::WeightsGiver(UniqueFd socket, std::chrono::seconds patience)
    : socket_{std::move(socket)}, patience_{patience} {}

std::optional<WeightsOffer> WeightsGiver::offer() {
  const auto payload = receive(WeightsFrame::offer);
  if (!payload) return std::nullopt;
  try {
    return deepseek::decode_offer(*payload);
  } catch (const Error& error) {
    drop(error.what());
    return std::nullopt;
  }
}

void WeightsGiver::order(const WeightsOrders& orders) {
  if (!gone() && !deepseek::write_frame(socket_.get(), WeightsFrame::orders, deepseek::encode(orders),
                                        milliseconds_of(patience_)))
    socket_.reset();
}

std::optional<Bytes> WeightsGiver::nccl_id() { return receive(WeightsFrame::id); }

/// Of a process that says something else, as of one that is gone, there is nothing more to expect.
std::optional<Bytes> WeightsGiver::receive(deepseek::WeightsFrame kind) {
  if (gone()) return std::nullopt;
  try {
    auto frame = deepseek::read_frame(socket_.get(), milliseconds_of(patience_));
    if (frame && frame->kind == kind) return std::move(frame->payload);
    socket_.reset();
  } catch (const Error& error) {
    drop(error.what());
  }
  return std::nullopt;
}

void WeightsGiver::drop(const char* why) {
  log::warning("no weights are broadcast to the engine process of this rank: {}", why);
  socket_.reset();
}

void WeightsGiver::give(std::span<const std::byte> block) {
  if (gone() ||
      deepseek::write_frame(socket_.get(), WeightsFrame::block, block, milliseconds_of(patience_)))
    return;
  log::warning(
      "the engine process of this rank took no more weights; the next one reads the files itself");
  socket_.reset();
}

void WeightsGiver::fail(const std::string& problem) {
  if (!gone())
    (void)deepseek::write_frame(socket_.get(), WeightsFrame::problem,
                                std::as_bytes(std::span{problem}), milliseconds_of(patience_));
  socket_.reset();
}

// ---- the files of rank 0

struct WeightsReader::State {
  deepseek::FileWeights files;
  std::uint64_t bytes = 0;
  std::size_t tensor = 0;
  std::uint64_t offset = 0;
};

WeightsReader::WeightsReader(const std::filesystem::path& checkpoint)
    : state_{std::make_unique<State>(State{deepseek::FileWeights{checkpoint}})} {
  for (const auto& tensor : state_->files.tensors()) state_->bytes += tensor.bytes();
}

WeightsReader::~WeightsReader() = default;

std::uint64_t WeightsReader::bytes() const noexcept { return state_->bytes; }

Bytes WeightsReader::next() {
  auto& s = *state_;
  const auto& tensors = s.files.tensors();
  Bytes block;
  // Many tensors are small, and a message for each would cost more than its bytes.
  while (s.tensor < tensors.size() && block.size() < message_block_bytes) {
    const auto& tensor = tensors[s.tensor];
    const auto part = std::min(tensor.bytes() - s.offset, message_block_bytes - block.size());
    const auto at = block.size();
    block.resize(at + part);
    s.files.read(tensor.name, s.offset, std::span{block}.subspan(at));
    s.offset += part;
    if (s.offset == tensor.bytes()) {
      ++s.tensor;
      s.offset = 0;
    }
  }
  return block;
}

}  // namespace pecia::engine

namespace pecia::engine::deepseek {
namespace {

/// The bytes of all tensors, as they come over the socket.
class StreamWeights final : public WeightSource {
 public:
  StreamWeights(UniqueFd socket, std::unique_ptr<WeightSource> files,
                std::vector<TensorInfo> stored)
      : socket_{std::move(socket)}, files_{std::move(files)}, stored_{std::move(stored)} {}

  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override {
    return files_->tensors();
  }

  void read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) override {
    // What nobody asks for (stray tensors) goes by.
    while (tensor_ < stored_.size() && stored_[tensor_].name != name) {
      skip(stored_[tensor_].bytes() - offset_);
      ++tensor_;
      offset_ = 0;
    }
    require(
        tensor_ < stored_.size() && offset_ <= offset &&
            into.size() <= stored_[tensor_].bytes() - offset,
        fmt::format("weights that are broadcast can be read in their order only; {} was asked for",
                    name));
    skip(offset - offset_);
    offset_ = offset + into.size();
    while (!into.empty()) {
      const auto bytes = some(into.size());
      std::memcpy(into.data(), bytes.data(), bytes.size());
      into = into.subspan(bytes.size());
    }
  }

 private:
  void skip(std::uint64_t bytes) {
    while (bytes > 0) bytes -= some(bytes).size();
  }

  /// The next bytes, up to so many.
  std::span<const std::byte> some(std::uint64_t most) {
    if (at_ == block_.size()) next_block();
    const auto part = std::min<std::uint64_t>(most, block_.size() - at_);
    at_ += part;
    return std::span{block_}.subspan(at_ - part, part);
  }

  void next_block() {
    const auto ended = [&](std::string_view why) {
      return Error{
          fmt::format("the broadcast of the weights ended at {}: {}", stored_[tensor_].name, why)};
    };
    auto frame = read_frame(socket_.get(), -1);
    if (!frame) throw ended("the rank is gone");
    if (frame->kind == WeightsFrame::problem)
      throw ended({reinterpret_cast<const char*>(frame->payload.data()), frame->payload.size()});
    require(frame->kind == WeightsFrame::block && !frame->payload.empty(),
            "no block of weights where one was expected");
    block_ = std::move(frame->payload);
    at_ = 0;
  }

  UniqueFd socket_;
  std::unique_ptr<WeightSource> files_;
  std::vector<TensorInfo> stored_;
  std::size_t tensor_ = 0;
  std::uint64_t offset_ = 0;
  Bytes block_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<WeightSource> weights_by_order(UniqueFd socket, std::unique_ptr<WeightSource> files,
                                               std::vector<TensorInfo> stored, WeightsOffer offer,
                                               const NcclSource& nccl,
                                               const std::function<Bytes()>& new_id) {
  constexpr int as_long_as_it_lives = -1;
  offer.bytes = 0;
  for (const auto& tensor : stored) offer.bytes += tensor.bytes();
  // A rank that gave the broadcast up, because this process came late, has closed its end.
  if (!write_frame(socket.get(), WeightsFrame::offer, encode(offer), as_long_as_it_lives))
    return files;
  const auto frame = read_frame(socket.get(), as_long_as_it_lives);
  if (!frame) return files;  // the rank gave the broadcast up
  require(frame->kind == WeightsFrame::orders, "no orders about weights where some were expected");
  auto orders = decode_orders(frame->payload);
  switch (orders.way) {
    case WeightsOrders::Way::files:
      return files;
    case WeightsOrders::Way::stream:
      return std::make_unique<StreamWeights>(std::move(socket), std::move(files),
                                             std::move(stored));
    case WeightsOrders::Way::nccl:
      break;
  }
  if (orders.id.empty()) {
    orders.id = new_id();
    require(write_frame(socket.get(), WeightsFrame::id, orders.id, as_long_as_it_lives),
            "the rank is gone");
  }
  return nccl(std::move(files), static_cast<int>(orders.place), static_cast<int>(orders.processes),
              orders.id);
}

}  // namespace pecia::engine::deepseek
