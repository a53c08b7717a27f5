#include "pecia/device/device.hpp"

#include <gmock/gmock.h>

#if PECIA_HAS_CUDA
#include <cuda_runtime_api.h>
#endif

#include <future>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/device/nccl_broadcast.hpp"

namespace pecia::device {
namespace device_test {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

bool has_gpu() { return !visible_gpus().gpus.empty(); }

TEST(Device, NoGpuHasAReasonAndSaysWhatToDo) {
  const auto seen = visible_gpus();
  if (!seen.gpus.empty()) GTEST_SKIP() << "there is a GPU";
  if (!PECIA_HAS_CUDA)
    EXPECT_THAT(seen.problem, HasSubstr("built without CUDA"));
  else
    EXPECT_THAT(seen.problem, AnyOf(HasSubstr("driver"), HasSubstr("CUDA does not start")));
  EXPECT_THAT(message_of([] { (void)free_memory_bytes(0); }), Not(testing::IsEmpty()));
}

TEST(Device, ARankTakesTheOnlyGpuItSees) {
  EXPECT_EQ(choose_gpu(0, 1), 0);
  EXPECT_EQ(choose_gpu(3, 1), 0);
}

TEST(Device, RanksOfAHostShareItsGpusInTurn) {
  EXPECT_EQ(choose_gpu(1, 4), 1);
  EXPECT_EQ(choose_gpu(5, 4), 1);
}

TEST(Device, NoGpuIsChosenAmongNone) {
  EXPECT_THROW((void)choose_gpu(0, 0), Error);
  EXPECT_THROW((void)choose_gpu(-1, 2), Error);
}

TEST(Broadcast, WithoutAGpuTheReasonIsToldBeforeNcclIsAsked) {
  if (has_gpu()) GTEST_SKIP() << "there is a GPU";
  const auto reason = PECIA_HAS_NCCL ? visible_gpus().problem : std::string{"built without NCCL"};
  EXPECT_THAT(message_of([] { (void)make_broadcast_id(); }), HasSubstr(reason));
  EXPECT_THAT(message_of([] { Broadcast{BroadcastId{}, 2, 0, 0}; }), HasSubstr(reason));
}

TEST(Broadcast, NcclTellsItsVersionWhereItIs) {
  EXPECT_EQ(nccl_version().empty(), !PECIA_HAS_NCCL);
}

TEST(Device, IsSeenWithItsMemory_cuda) {
  if (!has_gpu()) GTEST_SKIP() << visible_gpus().problem;
  for (const auto& gpu : visible_gpus().gpus) {
    EXPECT_FALSE(gpu.name.empty());
    EXPECT_GE(gpu.major, 7);
    const auto free_bytes = free_memory_bytes(gpu.index);
    EXPECT_GT(free_bytes, 0U);
    EXPECT_LE(free_bytes, gpu.total_bytes);
  }
}

TEST(Broadcast, ToAGpuThatIsNotThereIsRefused_cuda) {
  if (!has_gpu()) GTEST_SKIP() << visible_gpus().problem;
  const auto count = static_cast<int>(visible_gpus().gpus.size());
  EXPECT_THAT(message_of([&] {
                Broadcast{BroadcastId{}, 1, 0, count};
              }),
              HasSubstr(PECIA_HAS_NCCL ? "is told to use number" : "built without NCCL"));
}

#if PECIA_HAS_CUDA && PECIA_HAS_NCCL

/// Bytes in the memory of a GPU, for one test.
class Memory {
 public:
  Memory(int gpu, const std::vector<unsigned char>& bytes) : gpu_(gpu), size_(bytes.size()) {
    EXPECT_EQ(cudaSetDevice(gpu), cudaSuccess);
    EXPECT_EQ(cudaMalloc(&at_, size_), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(at_, bytes.data(), size_, cudaMemcpyHostToDevice), cudaSuccess);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { cudaFree(at_); }
  [[nodiscard]] void* at() const { return at_; }
  [[nodiscard]] std::vector<unsigned char> bytes() const {
    std::vector<unsigned char> read(size_);
    EXPECT_EQ(cudaSetDevice(gpu_), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(read.data(), at_, size_, cudaMemcpyDeviceToHost), cudaSuccess);
    return read;
  }

 private:
  int gpu_;
  std::size_t size_;
  void* at_ = nullptr;
};

constexpr std::size_t size_bytes = (std::size_t{3} << 20) + 1;

TEST(Broadcast, OfOneRankLeavesItsBytes_cuda) {
  if (!has_gpu()) GTEST_SKIP() << visible_gpus().problem;
  const Memory memory{0, std::vector<unsigned char>(size_bytes, 7)};
  Broadcast broadcast{make_broadcast_id(), 1, 0, 0};
  broadcast.broadcast(memory.at(), size_bytes, 0);
  EXPECT_EQ(memory.bytes(), std::vector<unsigned char>(size_bytes, 7));
}

TEST(Broadcast, RankThatIsAloneIsToldSo_cuda) {
  if (!has_gpu()) GTEST_SKIP() << visible_gpus().problem;
  const auto id = make_broadcast_id();
  EXPECT_THAT(message_of([&] {
                Broadcast{id, 2, 0, 0, /*timeout_s=*/2};
              }),
              HasSubstr("ranks came within"));
}

TEST(Broadcast, GivesEveryGpuTheBytesOfTheRoot_cuda) {
  const auto count = static_cast<int>(visible_gpus().gpus.size());
  if (count < 2) GTEST_SKIP() << "fewer than 2 GPUs";
  const auto id = make_broadcast_id();
  std::vector<std::future<std::vector<unsigned char>>> ranks;
  for (int rank = 0; rank < count; ++rank)
    ranks.push_back(std::async(std::launch::async, [&id, count, rank] {
      const Memory memory{
          rank, std::vector<unsigned char>(size_bytes, static_cast<unsigned char>(rank + 1))};
      Broadcast broadcast{id, count, rank, rank};
      broadcast.broadcast(memory.at(), size_bytes, /*root=*/1);
      return memory.bytes();
    }));
  for (auto& rank : ranks) EXPECT_EQ(rank.get(), std::vector<unsigned char>(size_bytes, 2));
}

#endif

}  // namespace device_test
}  // namespace pecia::device
