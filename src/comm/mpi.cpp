#include "pecia/comm/mpi.hpp"

#define OMPI_SKIP_MPICXX 1   // the C++ bindings are gone in Open MPI 5
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::comm {
namespace {

constexpr int last_part = 1;  ///< tag: the message ends with this part
constexpr int more_parts = 2;
/// MPI counts in int; longer messages travel in parts.
constexpr std::size_t part_bytes = std::size_t{1} << 30;

void check(int code, std::string_view call, Here where = Here::now()) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw Error{std::string{call} + ": " + std::string(text, static_cast<std::size_t>(length)), where};
}

/// Waits without spinning: a rank that waits in a collective leaves its core to others.
void wait(MPI_Request request, std::string_view call) {
  auto pause = std::chrono::microseconds{20};
  for (int done = 0;;) {
    check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), call);
    if (done) return;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::microseconds{2000});
  }
}

class MpiWorld final : public Communicator {
 public:
  MpiWorld() {
    check(MPI_Comm_dup(MPI_COMM_WORLD, &messages_), "MPI_Comm_dup");
    check(MPI_Comm_dup(MPI_COMM_WORLD, &collectives_), "MPI_Comm_dup");
    for (auto* comm : {&messages_, &collectives_})
      check(MPI_Comm_set_errhandler(*comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_rank(messages_, &rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(messages_, &size_), "MPI_Comm_size");
    MPI_Comm host = MPI_COMM_NULL;
    check(MPI_Comm_split_type(messages_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &host), "MPI_Comm_split_type");
    check(MPI_Comm_rank(host, &host_rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(host, &host_size_), "MPI_Comm_size");
    check(MPI_Comm_free(&host), "MPI_Comm_free");
  }

  ~MpiWorld() override {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    while (!pending_.empty() && std::chrono::steady_clock::now() < until) {
      reap();
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    // A send to a dead rank never completes, and MPI may still read its bytes: let them live on.
    if (!pending_.empty()) (void)std::make_unique<decltype(pending_)>(std::move(pending_)).release();
    MPI_Comm_free(&messages_);
    MPI_Comm_free(&collectives_);
  }

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override { return size_; }
  [[nodiscard]] int host_size() const noexcept override { return host_size_; }
  [[nodiscard]] int host_rank() const noexcept override { return host_rank_; }

  void barrier() override {
    MPI_Request request{};
    check(MPI_Ibarrier(collectives_, &request), "MPI_Ibarrier");
    wait(request, "MPI_Ibarrier");
  }

  [[nodiscard]] std::int64_t sum(std::int64_t value) override {
    std::int64_t total = 0;
    MPI_Request request{};
    check(MPI_Iallreduce(&value, &total, 1, MPI_INT64_T, MPI_SUM, collectives_, &request), "MPI_Iallreduce");
    wait(request, "MPI_Iallreduce");
    return total;
  }

  [[nodiscard]] Bytes broadcast(Bytes bytes) override {
    std::uint64_t size = bytes.size();
    broadcast_part(&size, sizeof size);
    bytes.resize(size);
    for (std::size_t at = 0; at < size; at += part_bytes)
      broadcast_part(bytes.data() + at, std::min(part_bytes, size - at));
    return bytes;
  }

  [[nodiscard]] std::vector<Bytes> gather(std::span<const std::byte> bytes) override {
    std::vector<Bytes> all;
    if (rank_ != 0) {
      send_whole(0, bytes);
      return all;
    }
    all.emplace_back(bytes.begin(), bytes.end());
    for (int from = 1; from < size_; ++from) all.push_back(receive_whole(from));
    return all;
  }

  [[nodiscard]] Bytes scatter(std::vector<Bytes> per_rank) override {
    if (rank_ != 0) return receive_whole(0);
    require(per_rank.size() == static_cast<std::size_t>(size_), "scatter needs one part for each rank");
    for (int to = 1; to < size_; ++to) send_whole(to, per_rank[static_cast<std::size_t>(to)]);
    return std::move(per_rank.front());
  }

  void send(int to, std::span<const std::byte> bytes) override {
    reap();
    do {
      const auto part = bytes.first(std::min(part_bytes, bytes.size()));
      bytes = bytes.subspan(part.size());
      auto& [request, copy] = pending_.emplace_back(MPI_REQUEST_NULL, Bytes{part.begin(), part.end()});
      check(MPI_Isend(copy.data(), static_cast<int>(copy.size()), MPI_BYTE, to, bytes.empty() ? last_part : more_parts,
                      messages_, &request),
            "MPI_Isend");
    } while (!bytes.empty());
  }

  [[nodiscard]] std::optional<Message> try_receive() override {
    reap();
    while (true) {
      int arrived = 0;
      MPI_Message handle{};
      MPI_Status status{};
      check(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, messages_, &arrived, &handle, &status), "MPI_Improbe");
      if (!arrived) return std::nullopt;
      int count = 0;
      check(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
      auto& bytes = partial_[status.MPI_SOURCE];
      const auto had = bytes.size();
      bytes.resize(had + static_cast<std::size_t>(count));
      check(MPI_Mrecv(bytes.data() + had, count, MPI_BYTE, &handle, MPI_STATUS_IGNORE), "MPI_Mrecv");
      if (status.MPI_TAG == last_part) return Message{status.MPI_SOURCE, std::exchange(bytes, {})};
    }
  }

  [[noreturn]] void abort(int exit_status) override {
    MPI_Abort(MPI_COMM_WORLD, exit_status);
    std::_Exit(exit_status);
  }

  [[nodiscard]] std::string description() const override { return mpi_version(); }

 private:
  void broadcast_part(void* data, std::size_t size) {
    MPI_Request request{};
    check(MPI_Ibcast(data, static_cast<int>(size), MPI_BYTE, 0, collectives_, &request), "MPI_Ibcast");
    wait(request, "MPI_Ibcast");
  }

  void send_whole(int to, std::span<const std::byte> bytes) {
    const std::uint64_t size = bytes.size();
    send_part(to, &size, sizeof size);
    for (std::size_t at = 0; at < size; at += part_bytes)
      send_part(to, bytes.data() + at, std::min<std::size_t>(part_bytes, size - at));
  }
  void send_part(int to, const void* data, std::size_t size) {
    MPI_Request request{};
    check(MPI_Isend(data, static_cast<int>(size), MPI_BYTE, to, last_part, collectives_, &request), "MPI_Isend");
    wait(request, "MPI_Isend");
  }

  Bytes receive_whole(int from) {
    std::uint64_t size = 0;
    receive_part(from, &size, sizeof size);
    Bytes bytes(size);
    for (std::size_t at = 0; at < size; at += part_bytes)
      receive_part(from, bytes.data() + at, std::min<std::size_t>(part_bytes, size - at));
    return bytes;
  }
  void receive_part(int from, void* data, std::size_t size) {
    MPI_Request request{};
    check(MPI_Irecv(data, static_cast<int>(size), MPI_BYTE, from, last_part, collectives_, &request), "MPI_Irecv");
    wait(request, "MPI_Irecv");
  }

  /// Frees what has been sent, in any order: a rank that is stopped holds back only its own.
  void reap() {
    std::erase_if(pending_, [](auto& sent) {
      int done = 0;
      check(MPI_Test(&sent.first, &done, MPI_STATUS_IGNORE), "MPI_Test");
      return done != 0;
    });
  }

  MPI_Comm messages_ = MPI_COMM_NULL, collectives_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1, host_rank_ = 0, host_size_ = 1;
  // A Bytes that moves keeps its buffer, so MPI may go on reading it.
  std::deque<std::pair<MPI_Request, Bytes>> pending_;
  std::map<int, Bytes> partial_;  ///< by source: parts received of a message
};

}  // namespace

MpiSession::MpiSession(int& argc, char**& argv) {
  int provided = 0;
  check(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  require(provided >= MPI_THREAD_FUNNELED, "MPI offers no thread support (workers run in threads)");
}
MpiSession::~MpiSession() { MPI_Finalize(); }
std::unique_ptr<Communicator> MpiSession::world() const { return std::make_unique<MpiWorld>(); }

std::string mpi_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  check(MPI_Get_library_version(text, &length), "MPI_Get_library_version");
  const std::string version(text, static_cast<std::size_t>(length));
  return version.substr(0, version.find(", package"));
}

}  // namespace pecia::comm
