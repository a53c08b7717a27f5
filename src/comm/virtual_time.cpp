#include "pecia/comm/virtual_time.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::comm {
namespace {

struct Posted {
  double arrives_s;
  Message message;
};

class VirtualRank final : public Communicator {
 public:
  VirtualRank(VirtualTime& time, const Network& network, int rank, int size, std::vector<VirtualRank>& all)
      : time_{time}, network_{network}, rank_{rank}, size_{size}, all_{all}, random_{network.seed + static_cast<std::uint32_t>(rank)} {}

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override { return size_; }
  [[nodiscard]] int host_size() const noexcept override { return 1; }
  [[nodiscard]] int host_rank() const noexcept override { return 0; }
  void barrier() override { no_collective(); }
  [[nodiscard]] std::int64_t sum(std::int64_t) override { no_collective(); }
  [[nodiscard]] Bytes broadcast(Bytes) override { no_collective(); }
  [[nodiscard]] std::vector<Bytes> gather(std::span<const std::byte>) override { no_collective(); }
  [[nodiscard]] Bytes scatter(std::vector<Bytes>) override { no_collective(); }

  void send(int to, std::span<const std::byte> bytes) override {
    auto& other = all_.at(static_cast<std::size_t>(to));
    const double under_way_s = network_.latency_s + static_cast<double>(bytes.size()) / network_.bytes_per_s +
                               between(0, network_.poll_s);
    double arrives_s = time_.now_s() + under_way_s;
    if (network_.jitter_s > 0) {
      auto& last_s = last_arrival_s_[to];
      last_s = arrives_s = std::max(last_s, arrives_s + between(0, network_.jitter_s));
    } else {
      // One after the other, as the receiver takes them: state per rank alone, not per pair.
      other.busy_until_s_ = arrives_s = std::max(other.busy_until_s_, arrives_s) + network_.receive_s;
    }
    const auto later = [](double arrival_s, const Posted& posted) { return arrival_s < posted.arrives_s; };
    const auto at = std::upper_bound(other.inbox_.begin(), other.inbox_.end(), arrives_s, later);
    other.inbox_.insert(at, {arrives_s, {rank_, {bytes.begin(), bytes.end()}}});
  }

  [[nodiscard]] std::optional<Message> try_receive() override {
    if (inbox_.empty() || inbox_.front().arrives_s > time_.now_s()) return std::nullopt;
    auto message = std::move(inbox_.front().message);
    inbox_.pop_front();
    return message;
  }

  [[noreturn]] void abort(int exit_status) override { throw Aborted{exit_status}; }
  [[nodiscard]] std::string description() const override { return "virtual time"; }

  [[nodiscard]] double next_arrival_s() const {
    return inbox_.empty() ? std::numeric_limits<double>::infinity() : inbox_.front().arrives_s;
  }

 private:
  double between(double low, double high) { return high > low ? std::uniform_real_distribution{low, high}(random_) : low; }
  [[noreturn]] static void no_collective() { throw Error{"one thread cannot wait for others: no collectives in virtual time"}; }

  VirtualTime& time_;
  const Network& network_;
  int rank_, size_;
  std::vector<VirtualRank>& all_;
  std::minstd_rand random_;
  std::deque<Posted> inbox_;  ///< by arrival
  double busy_until_s_ = 0;
  std::map<int, double> last_arrival_s_;  ///< with jitter only
};

}  // namespace

struct VirtualTime::State {
  Network network;
  double now_s = 0;
  std::vector<VirtualRank> ranks;
};

VirtualTime::VirtualTime(int ranks, const Network& network) : state_{std::make_unique<State>()} {
  require(ranks > 0, "a world needs a rank");
  state_->network = network;
  state_->ranks.reserve(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank)
    state_->ranks.emplace_back(*this, state_->network, rank, ranks, state_->ranks);
}
VirtualTime::~VirtualTime() = default;

Communicator& VirtualTime::rank(int rank) { return state_->ranks.at(static_cast<std::size_t>(rank)); }
double VirtualTime::now_s() const noexcept { return state_->now_s; }
void VirtualTime::set_now(double now_s) { state_->now_s = std::max(state_->now_s, now_s); }
double VirtualTime::next_arrival_s(int rank) const {
  return state_->ranks.at(static_cast<std::size_t>(rank)).next_arrival_s();
}

}  // namespace pecia::comm
