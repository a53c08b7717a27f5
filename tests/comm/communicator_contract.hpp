#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "pecia/comm/communicator.hpp"

// What every Communicator must do: alone, as threads, under MPI.
namespace pecia::test {

inline Bytes bytes_of(std::string_view text) {
  ByteWriter out;
  out.put_raw(std::as_bytes(std::span{text}));
  return std::move(out).bytes();
}

inline std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline comm::Message receive(comm::Communicator& comm) {
  while (true) {
    if (auto message = comm.try_receive()) return std::move(*message);
    std::this_thread::sleep_for(std::chrono::microseconds{50});
  }
}

inline void every_rank_hears_from_every_other(comm::Communicator& comm) {
  for (int to = 0; to < comm.size(); ++to) comm.send(to, bytes_of("from " + std::to_string(comm.rank())));

  std::vector<int> heard(static_cast<std::size_t>(comm.size()), 0);
  for (int n = 0; n < comm.size(); ++n) {
    const auto message = receive(comm);
    EXPECT_EQ(text_of(message.bytes), "from " + std::to_string(message.source));
    ++heard.at(static_cast<std::size_t>(message.source));
  }

  EXPECT_EQ(heard, std::vector<int>(heard.size(), 1));
  comm.barrier();
}

inline void messages_of_a_pair_stay_in_order(comm::Communicator& comm) {
  constexpr std::uint32_t count = 2000;
  const int to = (comm.rank() + 1) % comm.size();
  for (std::uint32_t n = 0; n < count; ++n) {
    ByteWriter out;
    out.put(n);
    comm.send(to, out.bytes());
  }

  for (std::uint32_t n = 0; n < count; ++n) {
    const auto message = receive(comm);
    ASSERT_EQ(ByteReader{message.bytes}.get<std::uint32_t>(), n);
  }
  comm.barrier();
}

inline void empty_and_large_messages_arrive_whole(comm::Communicator& comm) {
  const int to = (comm.rank() + 1) % comm.size();
  Bytes large(5'000'000);
  for (std::size_t n = 0; n < large.size(); ++n) large[n] = static_cast<std::byte>(n * 7);
  comm.send(to, {});
  comm.send(to, large);

  EXPECT_TRUE(receive(comm).bytes.empty());
  EXPECT_EQ(receive(comm).bytes, large);
  comm.barrier();
}

inline void nothing_arrives_that_was_not_sent(comm::Communicator& comm) {
  comm.barrier();
  EXPECT_FALSE(comm.try_receive().has_value());
  comm.barrier();
}

inline void collectives_agree(comm::Communicator& comm) {
  const int size = comm.size();
  EXPECT_EQ(comm.sum(comm.rank() + 1), size * (size + 1) / 2);
  EXPECT_EQ(text_of(comm.broadcast(bytes_of(comm.rank() == 0 ? "from the root" : "ignored"))), "from the root");
  EXPECT_TRUE(comm.broadcast({}).empty());

  const auto gathered = comm.gather(bytes_of("rank " + std::to_string(comm.rank())));
  ASSERT_EQ(gathered.size(), comm.rank() == 0 ? static_cast<std::size_t>(size) : 0U);
  for (std::size_t n = 0; n < gathered.size(); ++n) EXPECT_EQ(text_of(gathered[n]), "rank " + std::to_string(n));

  std::vector<Bytes> parts;
  for (int n = 0; comm.rank() == 0 && n < size; ++n) parts.push_back(bytes_of("part " + std::to_string(n)));
  EXPECT_EQ(text_of(comm.scatter(std::move(parts))), "part " + std::to_string(comm.rank()));
  comm.barrier();
}

inline void ranks_of_a_host_are_counted(comm::Communicator& comm) {
  EXPECT_EQ(comm.host_size(), comm.size());  // tests run on one host
  EXPECT_EQ(comm.host_rank(), comm.rank());
  EXPECT_FALSE(comm.description().empty());
}

inline void meets_the_contract(comm::Communicator& comm) {
  every_rank_hears_from_every_other(comm);
  messages_of_a_pair_stay_in_order(comm);
  empty_and_large_messages_arrive_whole(comm);
  nothing_arrives_that_was_not_sent(comm);
  collectives_agree(comm);
  ranks_of_a_host_are_counted(comm);
}

}  // namespace pecia::test
