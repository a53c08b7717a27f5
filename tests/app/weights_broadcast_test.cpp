#include <fmt/format.h>

#include "pecia/base/error.hpp"
#include "pecia/comm/threads.hpp"
#include "support/temp_folder.hpp"
#include "weights_broadcast_cases.hpp"

namespace pecia {
namespace weights_broadcast_test {

using engine::make_weights_channel;
using namespace test;

TEST(WeightsBroadcast, EveryProcessGetsTheBytesOfTheFiles) {
  FileWeights files{reader_checkpoint()};
  const auto expected = all_bytes(files);
  ASSERT_EQ(expected.size(), 3'011'840u);
  comm::run_threads(3, [&](comm::Communicator& comm) {
    auto [rank, process] = make_weights_channel();
    auto got = std::async(std::launch::async, [&, socket = std::move(process)]() mutable {
      return all_bytes(*process_source(std::move(socket)));
    });
    app::broadcast_weights(comm, reader_of(comm), std::move(rank));
    EXPECT_TRUE(got.get() == expected) << "rank " << comm.rank();
  });
}

TEST(WeightsBroadcast, TensorsThatNobodyWantsGoBy) {
  FileWeights files{reader_checkpoint()};
  const auto stray = files.tensors().at(7).name;
  Bytes expected;
  for (const auto& tensor : files.tensors()) {
    if (tensor.name == stray) continue;
    expected.resize(expected.size() + tensor.bytes());
    files.read(tensor.name, 0, std::span{expected}.last(tensor.bytes()));
  }
  comm::run_threads(2, [&](comm::Communicator& comm) {
    auto [rank, process] = make_weights_channel();
    auto got = std::async(std::launch::async, [&, socket = std::move(process)]() mutable {
      return all_bytes(*process_source(std::move(socket), stray));
    });
    app::broadcast_weights(comm, reader_of(comm), std::move(rank));
    EXPECT_TRUE(got.get() == expected);
  });
}

TEST(WeightsBroadcast, ARankWithoutEngineAndAProcessThatDiesHoldNobody) {
  FileWeights files{reader_checkpoint()};
  const auto expected = all_bytes(files);
  comm::run_threads(4, [&](comm::Communicator& comm) {
    auto [rank, process] = make_weights_channel();
    std::future<Bytes> got;
    if (comm.rank() == 1) {
      process.reset();  // it has another engine
    } else {
      const std::size_t most =
          comm.rank() == 2 ? 3 : ~std::size_t{0};  // rank 2's process dies after three tensors
      got = std::async(std::launch::async, [most, socket = std::move(process)]() mutable {
        return all_bytes(*process_source(std::move(socket)), most);
      });
    }
    app::broadcast_weights(comm, reader_of(comm), std::move(rank));
    if (comm.rank() == 0 || comm.rank() == 3) {
      EXPECT_TRUE(got.get() == expected);
    }
  });
}

TEST(WeightsBroadcast, AloneAProcessReadsTheFiles) {
  auto alone = comm::make_alone();
  auto [rank, process] = make_weights_channel();
  auto got = std::async(std::launch::async, [socket = std::move(process)]() mutable {
    auto files = std::make_unique<FileWeights>(reader_checkpoint());
    const auto* const given = files.get();
    const auto stored = files->tensors();
    const auto source = engine::deepseek::weights_by_order(std::move(socket), std::move(files),
                                                           stored, {}, nullptr, nullptr);
    return source.get() == given;
  });
  app::broadcast_weights(*alone, reader_of(*alone), std::move(rank));
  EXPECT_TRUE(got.get());
}

TEST(WeightsBroadcast, AFileThatEndsInTheMiddleIsToldToEveryProcess) {
  const TempFolder folder;
  std::filesystem::copy(reader_checkpoint(), folder.path());
  const auto file = folder.path() / "model.safetensors";
  std::filesystem::permissions(file, std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  auto reader = std::make_unique<engine::WeightsReader>(folder.path());
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  comm::run_threads(2, [&](comm::Communicator& comm) {
    auto [rank, process] = make_weights_channel();
    auto got =
        std::async(std::launch::async, [socket = std::move(process)]() mutable -> std::string {
          try {
            (void)all_bytes(*process_source(std::move(socket)));
          } catch (const Error& error) {
            return error.what();
          }
          return "no error";
        });
    app::broadcast_weights(comm, comm.rank() == 0 ? std::move(reader) : nullptr, std::move(rank));
    EXPECT_NE(got.get().find("model.safetensors"), std::string::npos)
        << "the message names the file";
  });
}

TEST(WeightsBroadcast, WithoutAReaderEachReadsTheFiles) {
  comm::run_threads(2, [&](comm::Communicator& comm) {
    auto [rank, process] = make_weights_channel();
    auto got = std::async(std::launch::async, [socket = std::move(process)]() mutable {
      EXPECT_THROW((void)all_bytes(*process_source(std::move(socket))), std::logic_error);
    });
    app::broadcast_weights(comm, nullptr, std::move(rank));
    got.get();
  });
}

TEST(WeightsBroadcast, GpusOfTheirOwnMakeNccl) {
  comm::run_threads(2, [&](comm::Communicator& comm) {
    auto [rank, process] = make_weights_channel();
    auto got = std::async(std::launch::async, [&comm, socket = std::move(process)]() mutable {
      auto files = std::make_unique<FileWeights>(reader_checkpoint());
      const auto stored = files->tensors();
      std::string said;
      const auto nccl = [&](std::unique_ptr<WeightSource> source, int place, int processes,
                            const Bytes& id) {
        said =
            fmt::format("place {} of {}, id {}", place, processes, std::to_integer<int>(id.at(0)));
        return source;
      };
      (void)engine::deepseek::weights_by_order(std::move(socket), std::move(files), stored,
                                               {true, "GPU-" + std::to_string(comm.rank()), 0},
                                               nccl, [] { return Bytes(128, std::byte{42}); });
      return said;
    });
    app::broadcast_weights(comm, reader_of(comm), std::move(rank));
    EXPECT_EQ(got.get(), fmt::format("place {} of 2, id 42", comm.rank()));
  });
}

}  // namespace weights_broadcast_test
}  // namespace pecia
