#include "cores.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/bytes.hpp"

namespace pecia::app {
namespace {

struct Mask {
  std::string host;
  std::vector<std::uint32_t> cpus;
};

Mask own_mask() {
  Mask mask;
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  mask.host = host;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) mask.cpus.push_back(cpu);
    }
  }
  return mask;
}

Bytes encode(const Mask& mask) {
  ByteWriter out;
  out.put_text(mask.host).put(static_cast<std::uint32_t>(mask.cpus.size()));
  for (const auto cpu : mask.cpus) out.put(cpu);
  return std::move(out).bytes();
}

Mask decode_mask(std::span<const std::byte> bytes) {
  ByteReader in{bytes, "affinity mask"};
  Mask mask;
  mask.host = in.get_text();
  mask.cpus.resize(in.get_count(sizeof(std::uint32_t)));
  for (auto& cpu : mask.cpus) cpu = in.get<std::uint32_t>();
  return mask;
}

}  // namespace

int cores_of_this_rank(comm::Communicator& comm) {
  const auto gathered = comm.gather(encode(own_mask()));
  std::vector<Bytes> shares;
  if (comm.rank() == 0) {
    std::vector<Mask> masks;
    for (const auto& bytes : gathered) masks.push_back(decode_mask(bytes));
    std::map<std::pair<std::string, std::uint32_t>, int> users;
    for (const auto& mask : masks) {
      for (const auto cpu : mask.cpus) ++users[{mask.host, cpu}];
    }
    for (const auto& mask : masks) {
      double cores = 0;
      for (const auto cpu : mask.cpus) cores += 1.0 / users[{mask.host, cpu}];
      ByteWriter share;
      share.put(std::max<std::int32_t>(1, static_cast<std::int32_t>(std::floor(cores + 1e-6))));
      shares.push_back(std::move(share).bytes());
    }
  }
  const auto mine = comm.scatter(std::move(shares));
  return ByteReader{mine, "core share"}.get<std::int32_t>();
}

int gpus_of_this_host() {
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    const std::string_view list{visible};
    if (list.empty() || list.starts_with("-")) return 0;
    return static_cast<int>(std::ranges::count(list, ',')) + 1;
  }
  int gpus = 0;
  while (access(fmt::format("/dev/nvidia{}", gpus).c_str(), F_OK) == 0) ++gpus;
  return gpus;
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace pecia::app
