#include "pecia/comm/threads.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::comm {
namespace {

/// What the ranks of one process share. Every collective is an exchange: each rank puts in its bytes,
/// the last to come publishes all of them, and each takes what it needs.
class World {
 public:
  explicit World(int ranks) : boxes_(static_cast<std::size_t>(ranks)), inputs_(boxes_.size()) {}

  [[nodiscard]] int size() const noexcept { return static_cast<int>(boxes_.size()); }

  std::shared_ptr<const std::vector<Bytes>> exchange(int rank, Bytes bytes) {
    std::unique_lock lock{mutex_};
    check();
    inputs_[static_cast<std::size_t>(rank)] = std::move(bytes);
    const auto round = round_;
    if (++arrived_ == boxes_.size()) {
      arrived_ = 0;
      ++round_;
      published_ = std::make_shared<const std::vector<Bytes>>(std::exchange(inputs_, std::vector<Bytes>(boxes_.size())));
      changed_.notify_all();
    } else {
      changed_.wait(lock, [&] { return round_ != round || broken(); });
      if (round_ == round) check();
    }
    return published_;
  }

  void post(int to, Message message) {
    std::lock_guard lock{mutex_};
    check();
    boxes_.at(static_cast<std::size_t>(to)).push_back(std::move(message));
  }

  std::optional<Message> take(int rank) {
    std::lock_guard lock{mutex_};
    check();
    auto& box = boxes_[static_cast<std::size_t>(rank)];
    if (box.empty()) return std::nullopt;
    auto message = std::move(box.front());
    box.pop_front();
    return message;
  }

  void abort(int exit_status) {
    std::lock_guard lock{mutex_};
    if (!aborted_) aborted_ = exit_status;
    changed_.notify_all();
  }

  /// A rank that threw must not hold the others.
  void fail(int rank) {
    std::lock_guard lock{mutex_};
    if (failed_rank_ < 0) failed_rank_ = rank;
    changed_.notify_all();
  }

 private:
  [[nodiscard]] bool broken() const { return aborted_ || failed_rank_ >= 0; }
  void check() const {
    if (aborted_) throw Aborted{*aborted_};
    if (failed_rank_ >= 0) throw Error{"rank " + std::to_string(failed_rank_) + " failed"};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::deque<Message>> boxes_;
  std::vector<Bytes> inputs_;
  std::shared_ptr<const std::vector<Bytes>> published_;
  std::size_t arrived_ = 0;
  std::uint64_t round_ = 0;
  std::optional<int> aborted_;
  int failed_rank_ = -1;
};

class ThreadRank final : public Communicator {
 public:
  ThreadRank(World& world, int rank, std::string description)
      : world_{world}, rank_{rank}, description_{std::move(description)} {}

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override { return world_.size(); }
  [[nodiscard]] int host_size() const noexcept override { return world_.size(); }
  [[nodiscard]] int host_rank() const noexcept override { return rank_; }
  void barrier() override { (void)world_.exchange(rank_, {}); }

  [[nodiscard]] std::int64_t sum(std::int64_t value) override {
    ByteWriter mine;
    mine.put(value);
    std::int64_t total = 0;
    for (const auto& bytes : *world_.exchange(rank_, std::move(mine).bytes()))
      total += ByteReader{bytes}.get<std::int64_t>();
    return total;
  }
  [[nodiscard]] Bytes broadcast(Bytes bytes) override {
    return world_.exchange(rank_, rank_ == 0 ? std::move(bytes) : Bytes{})->front();
  }
  [[nodiscard]] std::vector<Bytes> gather(std::span<const std::byte> bytes) override {
    const auto all = world_.exchange(rank_, {bytes.begin(), bytes.end()});
    return rank_ == 0 ? *all : std::vector<Bytes>{};
  }
  [[nodiscard]] Bytes scatter(std::vector<Bytes> per_rank) override {
    ByteWriter packed;
    if (rank_ == 0) {
      require(per_rank.size() == static_cast<std::size_t>(size()), "scatter needs one part for each rank");
      for (const auto& part : per_rank) packed.put(std::uint64_t{part.size()}).put_raw(part);
    }
    const auto all = world_.exchange(rank_, std::move(packed).bytes());
    ByteReader in{all->front(), "scatter"};
    for (int rank = 0;; ++rank) {
      const auto part = in.get_raw(in.get<std::uint64_t>());
      if (rank == rank_) return {part.begin(), part.end()};
    }
  }

  void send(int to, std::span<const std::byte> bytes) override {
    world_.post(to, {rank_, {bytes.begin(), bytes.end()}});
  }
  [[nodiscard]] std::optional<Message> try_receive() override { return world_.take(rank_); }

  [[noreturn]] void abort(int exit_status) override {
    world_.abort(exit_status);
    throw Aborted{exit_status};
  }
  [[nodiscard]] std::string description() const override { return description_; }

 private:
  World& world_;
  int rank_;
  std::string description_;
};

/// A world of its own, and the one rank in it.
struct WorldHolder {
  World world{1};
};
class Alone final : private WorldHolder, public Communicator {
 public:
  [[nodiscard]] int rank() const noexcept override { return 0; }
  [[nodiscard]] int size() const noexcept override { return 1; }
  [[nodiscard]] int host_size() const noexcept override { return 1; }
  [[nodiscard]] int host_rank() const noexcept override { return 0; }
  void barrier() override {}
  [[nodiscard]] std::int64_t sum(std::int64_t value) override { return value; }
  [[nodiscard]] Bytes broadcast(Bytes bytes) override { return bytes; }
  [[nodiscard]] std::vector<Bytes> gather(std::span<const std::byte> bytes) override {
    return {Bytes{bytes.begin(), bytes.end()}};
  }
  [[nodiscard]] Bytes scatter(std::vector<Bytes> per_rank) override {
    require(per_rank.size() == 1, "scatter needs one part for each rank");
    return std::move(per_rank.front());
  }
  void send(int to, std::span<const std::byte> bytes) override { rank0_.send(to, bytes); }
  [[nodiscard]] std::optional<Message> try_receive() override { return rank0_.try_receive(); }
  [[noreturn]] void abort(int exit_status) override { throw Aborted{exit_status}; }
  [[nodiscard]] std::string description() const override { return "alone"; }

 private:
  ThreadRank rank0_{world, 0, "alone"};
};

}  // namespace

std::unique_ptr<Communicator> make_alone() { return std::make_unique<Alone>(); }

void run_threads(int ranks, const std::function<void(Communicator&)>& body) {
  World world{ranks};
  std::mutex mutex;
  std::exception_ptr first_failure;
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < ranks; ++rank) {
      threads.emplace_back([&, rank] {
        ThreadRank comm{world, rank, "threads"};
        try {
          body(comm);
        } catch (...) {
          {
            std::lock_guard lock{mutex};
            if (!first_failure) first_failure = std::current_exception();
          }
          world.fail(rank);
        }
      });
    }
  }
  if (first_failure) std::rethrow_exception(first_failure);
}

}  // namespace pecia::comm
