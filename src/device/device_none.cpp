#include "pecia/device/device.hpp"

namespace pecia::device {

Gpus visible_gpus() { return {{}, "this pecia was built without CUDA"}; }

}  // namespace pecia::device
