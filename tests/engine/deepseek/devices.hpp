#pragma once

#include <c10/core/Device.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pecia/device/device.hpp"

// Tests of tensors are written once and run on every device:
//   class Thing : public DeviceTest {};
//   TEST_P(Thing, does) { ... device() ... }
//   INSTANTIATE_TEST_SUITE_P(Devices, Thing, testing::ValuesIn(devices()), device_name);
// Names that end in cuda get the ctest label gpu besides (cmake/PeciaTest.cmake).
namespace pecia::engine::deepseek::test {

inline std::vector<std::string> devices() { return {"cpu", "cuda"}; }

inline std::string device_name(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

inline bool is_there(const c10::Device& device) {
  static const bool gpu = !device::visible_gpus().gpus.empty();
  return device.is_cpu() || gpu;
}

/// Skipped where its device is not there.
class DeviceTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!is_there(device())) GTEST_SKIP() << "no " << GetParam() << " device here";
  }
  [[nodiscard]] static c10::Device device() { return c10::Device{GetParam()}; }
};

}  // namespace pecia::engine::deepseek::test
