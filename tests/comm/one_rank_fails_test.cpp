#include <gtest/gtest.h>

#include "support/world.hpp"

// Fails on the last rank alone: the harness must notice (registered with WILL_FAIL).
TEST(Harness, NoticesARankThatFails) { EXPECT_LT(pecia::test::world().rank(), pecia::test::world().size() - 1); }
