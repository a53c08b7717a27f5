#include "sched/ranks_contract.hpp"
#include "support/world.hpp"

namespace pecia {
namespace {

TEST(MpiRanks, ReadEveryPageAndFinish) {
  EXPECT_EQ(testing::run_echo_rank(testing::world(), 1000), sched::ExitStatus::complete);
}

}  // namespace
}  // namespace pecia
