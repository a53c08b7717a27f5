#include "pecia/comm/threads.hpp"
#include "sched/ranks_contract.hpp"

namespace pecia {
namespace {

TEST(ThreadRanks, ReadEveryPageAndFinish) {
  for (const int ranks : {1, 2, 4, 8}) {
    comm::run_threads(ranks, [](comm::Communicator& comm) {
      EXPECT_EQ(test::run_echo_rank(comm, 1000), sched::ExitStatus::complete);
    });
  }
}

}  // namespace
}  // namespace pecia
