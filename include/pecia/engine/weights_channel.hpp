#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "pecia/base/bytes.hpp"
#include "pecia/base/file.hpp"

// How the engine processes of several ranks get the weights that one rank reads: over a socket
// between each process and its rank. What goes over it is in
// src/engine/deepseek/weights_messages.hpp.
namespace pecia::engine::deepseek {
enum class WeightsFrame : std::uint8_t;
}

namespace pecia::engine {

/// What an engine process says before it has weights.
struct WeightsOffer {
  bool nccl = false;        ///< it was built with NCCL and has a GPU
  std::string gpu;          ///< what tells that GPU from the others of its host
  std::uint64_t bytes = 0;  ///< of all tensors, as the headers of its files say
};

struct WeightsOrders {
  enum class Way : std::uint8_t {
    files = 0,   ///< read the files yourself
    stream = 1,  ///< the bytes of all tensors come over this socket, in the order in which they are
                 ///< stored
    nccl = 2,    ///< from process to process; the first reads the files
  };
  Way way = Way::files;
  std::uint32_t place = 0, processes = 1;  ///< nccl: which of how many
  Bytes id;  ///< nccl: of the communicator; empty for the first, which makes it
};

/// The two ends of the socket: {the rank's, the process's}.
[[nodiscard]] std::pair<UniqueFd, UniqueFd> make_weights_channel();

/// The rank's end. A process that is gone, or takes nothing for `patience`, is dropped: what it
/// says is nothing and what it is told is lost. Used by one thread.
class WeightsGiver {
 public:
  explicit WeightsGiver(UniqueFd socket, std::chrono::seconds patience = std::chrono::seconds{120});
  [[nodiscard]] std::optional<WeightsOffer> offer();
  void order(const WeightsOrders& orders);
  /// What the first process made.
  [[nodiscard]] std::optional<Bytes> nccl_id();
  void give(std::span<const std::byte> block);
  /// The process's reading fails with this.
  void fail(const std::string& problem);
  [[nodiscard]] bool gone() const noexcept { return !socket_; }

 private:
  [[nodiscard]] std::optional<Bytes> receive(deepseek::WeightsFrame kind);
  void drop(const char* why);

  UniqueFd socket_;
  std::chrono::seconds patience_;
};

/// The bytes of all tensors of a checkpoint, block by block.
class WeightsReader {
 public:
  /// Throws `Error` with file and cause.
  explicit WeightsReader(const std::filesystem::path& checkpoint);
  ~WeightsReader();
  [[nodiscard]] std::uint64_t bytes() const noexcept;
  /// The next block, up to 8 MiB; empty at the end. Throws `Error` with file and offset.
  [[nodiscard]] Bytes next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::engine
