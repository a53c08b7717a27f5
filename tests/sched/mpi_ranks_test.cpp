#include "sched/ranks_contract.hpp"
#include "support/world.hpp"

namespace pecia {
namespace mpi_ranks_test {

TEST(MpiRanks, ReadEveryPageAndFinish) {
  EXPECT_EQ(test::run_echo_rank(test::world(), 1000), sched::ExitStatus::complete);
}

}  // namespace mpi_ranks_test
}  // namespace pecia
