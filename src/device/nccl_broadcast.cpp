#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nccl.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "cuda_check.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/device/device.hpp"
#include "pecia/device/nccl_broadcast.hpp"

namespace pecia::device {
namespace {

using Clock = std::chrono::steady_clock;

static_assert(sizeof(ncclUniqueId) == sizeof(BroadcastId));

constexpr auto poll_interval = std::chrono::milliseconds{1};
constexpr const char* advice = "The ranks can read the weights from the files instead";

/// NCCL's own words are about the last failure in this process, and not always there.
[[noreturn]] void fail(std::string_view what, ncclResult_t result, ncclComm_t communicator) {
  const char* words = ncclGetLastError(communicator);
  throw Error{fmt::format("{}: {}{}{}. {}", what, ncclGetErrorString(result),
                          words && *words ? ": " : "", words ? words : "", advice)};
}

/// Before any call of NCCL, which makes an id where there is no GPU, and then says little of it.
void require_gpu(int gpu) {
  const auto seen = visible_gpus();
  if (seen.gpus.empty())
    throw Error{fmt::format("weights cannot be broadcast by NCCL: {}", seen.problem)};
  if (gpu < 0 || static_cast<std::size_t>(gpu) >= seen.gpus.size())
    throw Error{
        fmt::format("weights cannot be broadcast by NCCL: this process sees {} GPUs, and is told "
                    "to use number {} "
                    "(the first is 0)",
                    seen.gpus.size(), gpu)};
}

}  // namespace

std::string nccl_version() {
  int version = 0;
  if (ncclGetVersion(&version) != ncclSuccess) return {};
  return fmt::format("{}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
}

BroadcastId make_broadcast_id() {
  require_gpu(0);
  ncclUniqueId made;
  if (const auto result = ncclGetUniqueId(&made); result != ncclSuccess)
    fail("NCCL cannot make the id of a broadcast", result, nullptr);
  BroadcastId id;
  std::memcpy(id.data(), &made, sizeof made);
  return id;
}

struct Broadcast::State {
  int ranks, rank, gpu;
  Clock::duration timeout;
  ncclComm_t communicator = nullptr;
  cudaStream_t stream = nullptr;
  bool sound = false;  ///< no call has failed or is under way

  State(int ranks_, int rank_, int gpu_, double timeout_s)
      : ranks(ranks_),
        rank(rank_),
        gpu(gpu_),
        timeout(
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_s))) {
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  /// Orderly where all went well: a rank may still read from another's buffers.
  ~State() {
    if (communicator && !(sound && end())) ncclCommAbort(communicator);
    if (stream) cudaStreamDestroy(stream);
  }

  /// False if the others do not end too.
  bool end() noexcept {
    try {
      const auto result = ncclCommFinalize(communicator);
      if (result != ncclSuccess && result != ncclInProgress)
        fail("NCCL cannot end a broadcast", result, communicator);
      wait("NCCL cannot end a broadcast", [] { return true; });
      return ncclCommDestroy(communicator) == ncclSuccess;
    } catch (const std::exception& error) {
      log::warning("{}", error.what());
      return false;
    }
  }

  /// Until `done()`, or NCCL fails, or time is up: a call of NCCL may wait for ranks that are gone.
  template <class Done>
  void wait(std::string_view what, Done done) const {
    const auto deadline = Clock::now() + timeout;
    for (;;) {
      ncclResult_t state = ncclSuccess;
      if (const auto result = ncclCommGetAsyncError(communicator, &state); result != ncclSuccess)
        fail(what, result, communicator);
      if (state != ncclSuccess && state != ncclInProgress) fail(what, state, communicator);
      if (state == ncclSuccess && done()) return;
      if (Clock::now() > deadline)
        throw Error{
            fmt::format("{}: not all of {} ranks came within {:.0f} s. Is one of them gone? {}",
                        what, ranks, std::chrono::duration<double>(timeout).count(), advice)};
      std::this_thread::sleep_for(poll_interval);
    }
  }
};

Broadcast::Broadcast(const BroadcastId& id, int ranks, int rank, int gpu, double timeout_s)
    : state_(std::make_unique<State>(ranks, rank, gpu, timeout_s)) {
  require(ranks > 0 && rank >= 0 && rank < ranks,
          fmt::format("there is no rank {} among {}", rank, ranks));
  require_gpu(gpu);
  const auto what =
      fmt::format("NCCL cannot join rank {} of {} (GPU {}) to a broadcast", rank, ranks, gpu);
  check(cudaSetDevice(gpu), what);
  check(cudaStreamCreateWithFlags(&state_->stream, cudaStreamNonBlocking), what);
  ncclUniqueId unique;
  std::memcpy(&unique, id.data(), sizeof unique);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  const auto result = ncclCommInitRankConfig(&state_->communicator, ranks, unique, rank, &config);
  if (result != ncclSuccess && result != ncclInProgress) fail(what, result, nullptr);
  state_->wait(what, [] { return true; });
  state_->sound = true;
}

Broadcast::Broadcast(Broadcast&&) noexcept = default;
Broadcast& Broadcast::operator=(Broadcast&&) noexcept = default;
Broadcast::~Broadcast() = default;

void Broadcast::broadcast(void* memory, std::size_t bytes, int root) {
  const auto what = fmt::format("NCCL cannot broadcast {} bytes from rank {} to rank {}", bytes,
                                root, state_->rank);
  state_->sound = false;
  check(cudaSetDevice(state_->gpu), what);
  const auto result =
      ncclBroadcast(memory, memory, bytes, ncclChar, root, state_->communicator, state_->stream);
  if (result != ncclSuccess && result != ncclInProgress) fail(what, result, state_->communicator);
  state_->wait(what, [&] {
    const auto state = cudaStreamQuery(state_->stream);
    if (state != cudaErrorNotReady) check(state, what);
    return state == cudaSuccess;
  });
  state_->sound = true;
}

}  // namespace pecia::device
