#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "comm/communicator_contract.hpp"
#include "pecia/comm/mpi.hpp"
#include "support/world.hpp"

namespace pecia {
namespace mpi_test {

TEST(Mpi, MeetsTheContract) { test::meets_the_contract(test::world()); }

TEST(Mpi, MeetsTheContractInSmallParts) { test::meets_the_contract(*test::world_in_parts(1000)); }

// The rest of a large message may be with a rank that is stopped for ever: whoever looks must not wait.
TEST(Mpi, ALargeMessageUnderWayHoldsNobody) {
  namespace fs = std::filesystem;
  auto& comm = test::world();
  const auto name = "pecia-mpi-test-" + std::to_string(::getpid());
  const fs::path folder = test::text_of(comm.broadcast(test::bytes_of((fs::temp_directory_path() / name).native())));
  if (comm.rank() == 0) fs::create_directory(folder);
  comm.barrier();
  const auto wait_for = [](const fs::path& file) {
    while (!fs::exists(file)) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  };

  const Bytes large(std::size_t{64} << 20, std::byte{7});
  const int last = comm.size() - 1;
  if (last > 0 && comm.rank() == last) {
    comm.send(0, large);
    std::ofstream{folder / "sent"} << last;
    wait_for(folder / "looked");  // no call of MPI meanwhile, as if it were stopped
  }
  if (last > 0 && comm.rank() == 0) {
    wait_for(folder / "sent");
    std::optional<comm::Message> message;
    for (int looks = 0; looks < 200 && !message; ++looks) {
      message = comm.try_receive();
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    std::ofstream{folder / "looked"} << last;
    if (!message) message = test::receive(comm);
    EXPECT_EQ(message->bytes, large);
  }
  comm.barrier();
  if (comm.rank() == 0) fs::remove_all(folder);
}

TEST(Mpi, IsSeenByItsEnvironment) { EXPECT_EQ(comm::detect_launch(), comm::Launch::mpi); }

}  // namespace mpi_test
}  // namespace pecia
