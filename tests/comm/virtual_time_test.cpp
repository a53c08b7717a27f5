#include "pecia/comm/virtual_time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "pecia/base/error.hpp"

namespace pecia::comm {
namespace virtual_time_test {

/// Neither polling nor receiving takes time, so that arrivals can be told to the digit.
constexpr Network exact{.latency_s = 0.5, .bytes_per_s = 100, .receive_s = 0, .poll_s = 0};

Bytes bytes(std::size_t size, std::uint8_t first = 0) {
  Bytes made(size);
  if (size > 0) made[0] = std::byte{first};
  return made;
}

/// Lets time pass until `rank` has taken all that is under way to it; first bytes, and when.
std::vector<std::pair<int, double>> take_all(VirtualTime& world, int rank) {
  std::vector<std::pair<int, double>> taken;
  while (world.next_arrival_s(rank) < std::numeric_limits<double>::infinity()) {
    world.set_now(world.next_arrival_s(rank));
    while (const auto message = world.rank(rank).try_receive())
      taken.emplace_back(static_cast<int>(message->bytes.at(0)), world.now_s());
  }
  return taken;
}

TEST(VirtualTime, AMessageTakesLatencyAndItsBytes) {
  VirtualTime world{3, exact};
  world.rank(0).send(2, bytes(50));
  EXPECT_EQ(world.next_arrival_s(2), 1.0);
  EXPECT_EQ(world.next_arrival_s(1), std::numeric_limits<double>::infinity());
  world.set_now(0.99);
  EXPECT_FALSE(world.rank(2).try_receive());
  world.set_now(1);
  const auto message = world.rank(2).try_receive();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->source, 0);
  EXPECT_EQ(message->bytes.size(), 50U);
  EXPECT_FALSE(world.rank(2).try_receive());
}

TEST(VirtualTime, IsInOrderForEachPairWhateverTheSizes) {
  for (const double jitter_s : {0.0, 3.0}) {
    auto network = exact;
    network.jitter_s = jitter_s;
    network.poll_s = 0.1;
    VirtualTime world{2, network};
    std::vector<int> expected;
    for (int n = 0; n < 100; ++n) {
      world.rank(0).send(1, bytes(n % 2 == 0 ? 200 : 1, static_cast<std::uint8_t>(n)));
      expected.push_back(n);
    }
    std::vector<int> order;
    for (const auto& [first, when_s] : take_all(world, 1)) order.push_back(first);
    EXPECT_EQ(order, expected) << "jitter " << jitter_s;
  }
}

TEST(VirtualTime, AReceiverTakesOneMessageAfterTheOther) {
  auto network = exact;
  network.receive_s = 0.25;
  VirtualTime world{5, network};
  for (int sender = 0; sender < 4; ++sender)
    world.rank(sender).send(4, bytes(1, static_cast<std::uint8_t>(sender)));
  const auto taken = take_all(world, 4);
  ASSERT_EQ(taken.size(), 4U);
  for (std::size_t n = 0; n < 4; ++n)
    EXPECT_NEAR(taken[n].second, 0.51 + 0.25 * static_cast<double>(n + 1), 1e-9);
}

TEST(VirtualTime, MessagesOfDifferentSendersMayPassEachOther) {
  auto network = exact;
  network.jitter_s = 1e-6;
  VirtualTime world{3, network};
  world.rank(0).send(2, bytes(500, 1));
  world.rank(1).send(2, bytes(1, 2));
  EXPECT_EQ(take_all(world, 2).front().first, 2);
}

TEST(VirtualTime, PollingDelaysByUpToItsInterval) {
  auto network = exact;
  network.poll_s = 0.5;
  VirtualTime world{2, network};
  double least_s = 10, most_s = 0;
  for (int n = 0; n < 200; ++n) {
    const double sent_s = world.now_s();
    world.rank(0).send(1, bytes(1));
    const double took_s = take_all(world, 1).front().second - sent_s;
    least_s = std::min(least_s, took_s);
    most_s = std::max(most_s, took_s);
  }
  EXPECT_GE(least_s, 0.51);
  EXPECT_LT(least_s, 0.53);
  EXPECT_LE(most_s, 1.01);
  EXPECT_GT(most_s, 0.99);
}

TEST(VirtualTime, TheSameSeedGivesTheSameArrivals) {
  auto network = exact;
  network.jitter_s = 1;
  const auto arrivals = [&](std::uint32_t seed) {
    network.seed = seed;
    VirtualTime world{2, network};
    for (int n = 0; n < 20; ++n) world.rank(0).send(1, bytes(1));
    return take_all(world, 1);
  };
  EXPECT_EQ(arrivals(1), arrivals(1));
  EXPECT_NE(arrivals(1), arrivals(9));
}

TEST(VirtualTime, TimeNeverGoesBack) {
  VirtualTime world{1, exact};
  world.set_now(5);
  world.set_now(4);
  EXPECT_EQ(world.now_s(), 5);
}

TEST(VirtualTime, ARankMaySendToItself) {
  VirtualTime world{1, exact};
  world.rank(0).send(0, bytes(1, 7));
  EXPECT_EQ(take_all(world, 0).at(0).first, 7);
}

TEST(VirtualTime, HasNoCollectivesAndAWorldNeedsARank) {
  VirtualTime world{2, exact};
  EXPECT_EQ(world.rank(1).rank(), 1);
  EXPECT_EQ(world.rank(1).size(), 2);
  EXPECT_THROW(world.rank(0).barrier(), Error);
  EXPECT_THROW((void)world.rank(0).sum(1), Error);
  EXPECT_THROW((void)world.rank(0).broadcast({}), Error);
  EXPECT_THROW((void)world.rank(0).gather({}), Error);
  EXPECT_THROW((void)world.rank(0).scatter({}), Error);
  EXPECT_THROW(world.rank(0).abort(75), Aborted);
  EXPECT_THROW((VirtualTime{0, exact}), Error);
}

}  // namespace virtual_time_test
}  // namespace pecia::comm
