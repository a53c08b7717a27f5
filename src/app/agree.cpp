#include "agree.hpp"

#include <map>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/log.hpp"

namespace pecia::app {
namespace {

constexpr std::int32_t usage_status = 2;
constexpr std::int32_t error_status = 1;

struct Failure {
  std::int32_t status = 0;
  std::string message;
};

Failure failure_of(const std::function<void()>& step) {
  try {
    step();
    return {};
  } catch (const UsageError& error) {
    return {usage_status, error.what()};
  } catch (const Stopped& stopped) {
    return {unfinished_status, stopped.what()};
  } catch (const StorageError& error) {
    return {error.may_pass() ? unfinished_status : error_status, error.what()};
  } catch (const std::exception& error) {
    return {error_status, error.what()};
  }
}

std::int32_t log_failures(const std::vector<Bytes>& from_ranks) {
  std::int32_t status = 0;
  std::map<std::string, std::vector<std::size_t>> ranks_by_message;
  for (std::size_t rank = 0; rank < from_ranks.size(); ++rank) {
    ByteReader in{from_ranks[rank], "failure report"};
    const auto rank_status = in.get<std::int32_t>();
    auto message = in.get_text();
    if (rank_status == 0) continue;
    status = status == error_status ? status : rank_status;
    ranks_by_message[std::move(message)].push_back(rank);
  }
  for (const auto& [message, ranks] : ranks_by_message) {
    if (ranks.size() == from_ranks.size())
      log::error("{}", message);
    else
      log::error("{} [on rank {}{}]", message, ranks.front(),
                 ranks.size() > 1 ? fmt::format(" and {} more", ranks.size() - 1) : "");
  }
  return status;
}

}  // namespace

void agree(comm::Communicator& comm, const std::function<void()>& step) {
  const auto failure = failure_of(step);
  ByteWriter mine;
  mine.put(failure.status).put_text(failure.message);
  const auto all = comm.gather(mine.bytes());
  ByteWriter verdict;
  if (comm.rank() == 0) verdict.put(log_failures(all));
  const auto told = comm.broadcast(std::move(verdict).bytes());
  const auto status = ByteReader{told, "verdict"}.get<std::int32_t>();
  if (status != 0) throw Ended{status};
}

int alone(const std::function<int()>& verb) {
  try {
    return verb();
  } catch (const Ended& ended) {
    return ended.exit_status;
  } catch (const Stopped& stopped) {
    log::info("{}", stopped.what());
    return unfinished_status;
  }
}

}  // namespace pecia::app
