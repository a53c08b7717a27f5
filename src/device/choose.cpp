#include "pecia/base/error.hpp"
#include "pecia/device/device.hpp"

namespace pecia::device {

int choose_gpu(int local_rank, int visible) {
  require(visible > 0 && local_rank >= 0, "a GPU is chosen among none, or for no rank");
  return local_rank % visible;
}

}  // namespace pecia::device
