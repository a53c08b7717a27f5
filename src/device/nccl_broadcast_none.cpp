#include "pecia/base/error.hpp"
#include "pecia/device/nccl_broadcast.hpp"

namespace pecia::device {
namespace {

[[noreturn]] void refuse() {
  throw Error{
      "weights cannot be broadcast: built without NCCL. Every rank can read the files itself; or "
      "build again where "
      "CUDA and NCCL are (docs/deepseek.md)"};
}

}  // namespace

struct Broadcast::State {};

std::string nccl_version() { return {}; }

BroadcastId make_broadcast_id() { refuse(); }

Broadcast::Broadcast(const BroadcastId&, int, int, int, double) { refuse(); }
Broadcast::Broadcast(Broadcast&&) noexcept = default;
Broadcast& Broadcast::operator=(Broadcast&&) noexcept = default;
Broadcast::~Broadcast() = default;

void Broadcast::broadcast(void*, std::size_t, int) { refuse(); }

}  // namespace pecia::device
