#include "support/world.hpp"
#include "weights_broadcast_cases.hpp"

namespace pecia {
namespace weights_broadcast_mpi_test {

using namespace test;

TEST(WeightsBroadcast, BytesAreEqualOverMpi) {
  FileWeights files{reader_checkpoint()};
  const auto expected = all_bytes(files);
  auto [rank, process] = engine::make_weights_channel();
  auto got = std::async(std::launch::async, [socket = std::move(process)]() mutable {
    return all_bytes(*process_source(std::move(socket)));
  });
  app::broadcast_weights(world(), reader_of(world()), std::move(rank));
  EXPECT_TRUE(got.get() == expected);
}

}  // namespace weights_broadcast_mpi_test
}  // namespace pecia
