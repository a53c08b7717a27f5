#pragma once

#include <chrono>

// What tests/engine/model_worker.cpp does with a page, by the gray of its first pixel.
namespace pecia::test {

enum ModelPage {
  kills_its_process = 1,
  loses_the_device = 2,
  hangs = 3,
  cannot_be_prepared = 4,
  is_read_as_nonsense = 5,
  is_slow = 6,
  is_endless = 7,
};

constexpr std::chrono::milliseconds time_of(int gray) {
  if (gray == is_endless) return std::chrono::hours{1};
  return std::chrono::milliseconds{gray == is_slow ? 300 : 5};
}

}  // namespace pecia::test
