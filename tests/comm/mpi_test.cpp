#include "comm/communicator_contract.hpp"
#include "pecia/comm/mpi.hpp"
#include "support/world.hpp"

namespace pecia {
namespace {

TEST(Mpi, MeetsTheContract) { test::meets_the_contract(test::world()); }

TEST(Mpi, IsSeenByItsEnvironment) { EXPECT_EQ(comm::detect_launch(), comm::Launch::mpi); }

}  // namespace
}  // namespace pecia
