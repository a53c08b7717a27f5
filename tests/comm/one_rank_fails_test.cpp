#include <gtest/gtest.h>

#include "support/world.hpp"

// Fails on the last rank alone: the harness must notice (registered with WILL_FAIL).
TEST(Harness, NoticesARankThatFails) { EXPECT_LT(pecia::testing::world().rank(), pecia::testing::world().size() - 1); }
