#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <string>

#include "pecia/comm/mpi.hpp"
#include "support/world.hpp"

namespace {

std::unique_ptr<pecia::comm::Communicator>& the_world() {
  static std::unique_ptr<pecia::comm::Communicator> world;
  return world;
}

pecia::comm::MpiSession*& the_session() {
  static pecia::comm::MpiSession* session = nullptr;
  return session;
}

/// Rank 0 prints as usual; the others print only what failed, tagged with their rank.
class QuietRank final : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& part) override {
    if (!part.failed()) return;
    const auto* file = part.file_name() ? part.file_name() : "?";
    const auto line = "[rank " + std::to_string(the_world()->rank()) + "] " + file + ":" +
                      std::to_string(part.line_number()) + ": " + part.message() + "\n";
    std::cerr << line << std::flush;  // one write, so that ranks do not interleave within a line
  }
};

/// Keeps one test's messages out of the next.
class Fence final : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo&) override { the_world()->barrier(); }
};

}  // namespace

pecia::comm::Communicator& pecia::test::world() { return *the_world(); }
std::unique_ptr<pecia::comm::Communicator> pecia::test::world_in_parts(std::size_t part_bytes) {
  return the_session()->world(part_bytes);
}

int main(int argc, char** argv) {
  pecia::comm::MpiSession session{argc, argv};
  the_session() = &session;
  the_world() = session.world();
  ::testing::InitGoogleTest(&argc, argv);
  auto& unit = *::testing::UnitTest::GetInstance();
  if (the_world()->rank() != 0) {
    delete unit.listeners().Release(unit.listeners().default_result_printer());
    unit.listeners().Append(new QuietRank);  // owned by googletest
  }
  unit.listeners().Append(new Fence);
  const int failures = RUN_ALL_TESTS() + (unit.test_to_run_count() == 0 ? 1 : 0);
  const auto failed = the_world()->sum(failures);
  the_world().reset();
  return failed == 0 ? 0 : 1;
}
