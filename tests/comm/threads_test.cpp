#include "pecia/comm/threads.hpp"

#include <atomic>
#include <stdexcept>

#include "comm/communicator_contract.hpp"
#include "pecia/base/error.hpp"

namespace pecia {
namespace threads_test {

TEST(Alone, MeetsTheContract) { test::meets_the_contract(*comm::make_alone()); }

TEST(Alone, AbortThrowsTheStatus) {
  try {
    comm::make_alone()->abort(75);
    FAIL() << "abort returned";
  } catch (const comm::Aborted& aborted) {
    EXPECT_EQ(aborted.exit_status, 75);
  }
}

class Threads : public ::testing::TestWithParam<int> {};

TEST_P(Threads, MeetTheContract) { comm::run_threads(GetParam(), test::meets_the_contract); }

TEST_P(Threads, ARankThatThrowsDoesNotHoldTheOthers) {
  std::atomic<int> released{0};

  EXPECT_THROW(comm::run_threads(GetParam(),
                                 [&](comm::Communicator& comm) {
                                   if (comm.rank() == 0) throw std::runtime_error{"rank 0 gives up"};
                                   try {
                                     comm.barrier();
                                   } catch (const Error&) {
                                     ++released;
                                   }
                                 }),
               std::runtime_error);

  EXPECT_EQ(released, GetParam() - 1);
}

TEST_P(Threads, AbortReachesAllRanks) {
  std::atomic<int> aborted{0};

  EXPECT_THROW(comm::run_threads(GetParam(),
                                 [&](comm::Communicator& comm) {
                                   try {
                                     if (comm.rank() == 0) comm.abort(3);
                                     comm.barrier();
                                   } catch (const comm::Aborted& why) {
                                     EXPECT_EQ(why.exit_status, 3);
                                     ++aborted;
                                     throw;
                                   }
                                 }),
               comm::Aborted);

  EXPECT_EQ(aborted, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Ranks, Threads, ::testing::Values(1, 2, 4, 8));

}  // namespace threads_test
}  // namespace pecia
