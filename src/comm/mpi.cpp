#include "pecia/comm/mpi.hpp"

#define OMPI_SKIP_MPICXX 1   // the C++ bindings are gone in Open MPI 5
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <list>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::comm {
namespace {

constexpr int last_part = 1;  ///< tag: the message ends with this part
constexpr int more_parts = 2;

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
  explicit MpiWorld(std::size_t part_bytes) : part_bytes_{part_bytes} {
    require(part_bytes > 0 && part_bytes <= default_part_bytes, "MPI counts in int: a part is 1 B to 1 GiB");
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
      std::erase_if(pending_, [](Sent& sent) {
        int done = 0;
        return MPI_Test(&sent.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0;
      });
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    // What a dead rank was to take or to give never completes, and MPI may still use its bytes: let
    // them live on.
    if (!pending_.empty()) (void)std::make_unique<std::list<Sent>>(std::move(pending_)).release();
    if (!arriving_.empty()) (void)std::make_unique<std::list<Arriving>>(std::move(arriving_)).release();
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
    for (std::size_t at = 0; at < size; at += part_bytes_)
      broadcast_part(bytes.data() + at, std::min(part_bytes_, size - at));
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
      const auto part = bytes.first(std::min(part_bytes_, bytes.size()));
      bytes = bytes.subspan(part.size());
      auto& sent = pending_.emplace_back(Sent{MPI_REQUEST_NULL, {part.begin(), part.end()}});
      check(MPI_Isend(sent.bytes.data(), static_cast<int>(sent.bytes.size()), MPI_BYTE, to,
                      bytes.empty() ? last_part : more_parts, messages_, &sent.request),
            "MPI_Isend");
    } while (!bytes.empty());
  }

  [[nodiscard]] std::optional<Message> try_receive() override {
    reap();
    do {
      if (auto message = take_whole()) return message;
    } while (match_next());
    return std::nullopt;
  }

  [[noreturn]] void abort(int exit_status) override {
    MPI_Abort(MPI_COMM_WORLD, exit_status);
    std::_Exit(exit_status);
  }

  [[nodiscard]] std::string description() const override { return mpi_version(); }

 private:
  struct Sent {
    MPI_Request request;
    Bytes bytes;
  };
  struct Arriving {
    int source;
    bool last;
    MPI_Request request;
    Bytes bytes;
  };

  /// Begins to receive what comes next, if anything has come. Never blocks: the rest of a large
  /// message may be with a rank that is stopped or dead.
  bool match_next() {
    int arrived = 0;
    MPI_Message handle{};
    MPI_Status status{};
    check(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, messages_, &arrived, &handle, &status), "MPI_Improbe");
    if (!arrived) return false;
    int count = 0;
    check(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
    auto& part = arriving_.emplace_back(Arriving{status.MPI_SOURCE, status.MPI_TAG == last_part, MPI_REQUEST_NULL, {}});
    part.bytes.resize(static_cast<std::size_t>(count));
    check(MPI_Imrecv(part.bytes.data(), count, MPI_BYTE, &handle, &part.request), "MPI_Imrecv");
    return true;
  }

  /// The first message whose parts have all arrived; within a source in the order sent.
  std::optional<Message> take_whole() {
    std::set<int> waiting;  // sources whose earlier part is still under way
    for (auto at = arriving_.begin(); at != arriving_.end();) {
      int done = 0;
      if (!waiting.contains(at->source)) check(MPI_Test(&at->request, &done, MPI_STATUS_IGNORE), "MPI_Test");
      if (!done) {
        waiting.insert(at->source);
        ++at;
        continue;
      }
      auto& whole = partial_[at->source];
      if (whole.empty())
        whole = std::move(at->bytes);
      else
        whole.insert(whole.end(), at->bytes.begin(), at->bytes.end());
      const auto [source, last] = std::pair{at->source, at->last};
      at = arriving_.erase(at);
      if (last) return Message{source, std::exchange(whole, {})};
    }
    return std::nullopt;
  }

  void broadcast_part(void* data, std::size_t size) {
    MPI_Request request{};
    check(MPI_Ibcast(data, static_cast<int>(size), MPI_BYTE, 0, collectives_, &request), "MPI_Ibcast");
    wait(request, "MPI_Ibcast");
  }

  void send_whole(int to, std::span<const std::byte> bytes) {
    const std::uint64_t size = bytes.size();
    send_part(to, &size, sizeof size);
    for (std::size_t at = 0; at < size; at += part_bytes_)
      send_part(to, bytes.data() + at, std::min<std::size_t>(part_bytes_, size - at));
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
    for (std::size_t at = 0; at < size; at += part_bytes_)
      receive_part(from, bytes.data() + at, std::min<std::size_t>(part_bytes_, size - at));
    return bytes;
  }
  void receive_part(int from, void* data, std::size_t size) {
    MPI_Request request{};
    check(MPI_Irecv(data, static_cast<int>(size), MPI_BYTE, from, last_part, collectives_, &request), "MPI_Irecv");
    wait(request, "MPI_Irecv");
  }

  /// Frees what has been sent, in any order: a rank that is stopped holds back only its own.
  void reap() {
    std::erase_if(pending_, [](Sent& sent) {
      int done = 0;
      check(MPI_Test(&sent.request, &done, MPI_STATUS_IGNORE), "MPI_Test");
      return done != 0;
    });
  }

  MPI_Comm messages_ = MPI_COMM_NULL, collectives_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1, host_rank_ = 0, host_size_ = 1;
  std::size_t part_bytes_;
  std::list<Sent> pending_;
  std::list<Arriving> arriving_;  ///< in the order matched
  std::map<int, Bytes> partial_;  ///< by source: parts received of a message
};

}  // namespace

MpiSession::MpiSession(int& argc, char**& argv) {
  int provided = 0;
  check(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  require(provided >= MPI_THREAD_FUNNELED, "MPI offers no thread support (workers run in threads)");
}
MpiSession::~MpiSession() { MPI_Finalize(); }
std::unique_ptr<Communicator> MpiSession::world(std::size_t part_bytes) const {
  return std::make_unique<MpiWorld>(part_bytes);
}

std::string mpi_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  check(MPI_Get_library_version(text, &length), "MPI_Get_library_version");
  const std::string version(text, static_cast<std::size_t>(length));
  return version.substr(0, version.find(", package"));
}

}  // namespace pecia::comm
