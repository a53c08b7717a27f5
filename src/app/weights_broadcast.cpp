#include "weights_broadcast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "pecia/base/log.hpp"
#include "summary.hpp"

namespace pecia::app {
namespace {

using engine::WeightsGiver;
using engine::WeightsOffer;
using engine::WeightsOrders;
using Way = WeightsOrders::Way;

/// How all ranks get them, as rank 0 decides.
struct Plan {
  Way way = Way::files;
  std::vector<std::uint32_t>
      places;  ///< of the ranks, for NCCL; only those that take part have one
  std::uint32_t processes = 0;
};

constexpr auto no_place = ~std::uint32_t{0};

struct RankOffer {
  bool takes_part = false;
  bool nccl = false;
  std::string gpu;  ///< with the host
  std::uint64_t bytes = 0;
};

Bytes encoded(const std::optional<WeightsOffer>& offer, const std::string& host) {
  ByteWriter out;
  out.put(offer.has_value())
      .put(offer && offer->nccl)
      .put_text(offer ? host + " " + offer->gpu : "");
  out.put(offer ? offer->bytes : 0);
  return std::move(out).bytes();
}

Plan decide(const std::vector<Bytes>& gathered, std::uint64_t bytes) {
  Plan plan;
  plan.places.assign(gathered.size(), no_place);
  std::set<std::string> gpus;
  bool nccl = true;
  for (std::size_t rank = 0; rank < gathered.size(); ++rank) {
    ByteReader in{gathered[rank], "offer of a rank"};
    RankOffer offer;
    offer.takes_part = in.get<bool>();
    offer.nccl = in.get<bool>();
    offer.gpu = in.get_text();
    offer.bytes = in.get<std::uint64_t>();
    if (!offer.takes_part) continue;
    if (offer.bytes != bytes) {
      log::warning(
          "rank {} sees a checkpoint of {} bytes, rank 0 one of {}: every rank reads its own files",
          rank, offer.bytes, bytes);
      return {Way::files, std::vector<std::uint32_t>(gathered.size(), no_place), 0};
    }
    plan.places[rank] = plan.processes++;
    nccl = nccl && offer.nccl && gpus.insert(offer.gpu).second;
  }
  // Rank 0 makes the NCCL communicator's id, so it must take part.
  if (plan.processes > 1) plan.way = nccl && plan.places[0] == 0 ? Way::nccl : Way::stream;
  return plan;
}

Plan shared(comm::Communicator& comm, Plan plan) {
  ByteWriter out;
  if (comm.rank() == 0) {
    out.put(plan.way).put(plan.processes);
    for (const auto place : plan.places) out.put(place);
  }
  const auto bytes = comm.broadcast(std::move(out).bytes());
  ByteReader in{bytes, "plan of the weights' broadcast"};
  plan.way = in.get<Way>();
  plan.processes = in.get<std::uint32_t>();
  plan.places.resize(static_cast<std::size_t>(comm.size()));
  for (auto& place : plan.places) place = in.get<std::uint32_t>();
  return plan;
}

void by_nccl(comm::Communicator& comm, const Plan& plan, WeightsGiver& process) {
  const auto place = plan.places[static_cast<std::size_t>(comm.rank())];
  WeightsOrders orders{Way::nccl, place, plan.processes, {}};
  Bytes id;
  if (comm.rank() == 0) {
    process.order(orders);
    id = process.nccl_id().value_or(Bytes{});
  }
  id = comm.broadcast(std::move(id));
  if (comm.rank() == 0 || place == no_place) return;
  if (id.empty())
    orders.way = Way::files;  // rank 0's process is gone
  else
    orders.id = std::move(id);
  process.order(orders);
}

/// Every block with a byte before it: 1, or 0 and then the text of what went wrong.
void by_messages(comm::Communicator& comm, engine::WeightsReader* reader, WeightsGiver& process) {
  for (;;) {
    Bytes block;
    if (reader != nullptr) {
      try {
        block = reader->next();
        if (!block.empty()) block.insert(block.begin(), std::byte{1});
      } catch (const std::exception& error) {
        const std::string_view what{error.what()};
        const auto text = std::as_bytes(std::span{what});
        block.assign(1, std::byte{0});
        block.insert(block.end(), text.begin(), text.end());
      }
    }
    block = comm.broadcast(std::move(block));
    if (block.empty()) return;
    const auto rest = std::span{block}.subspan(1);
    if (block[0] == std::byte{0}) {
      process.fail({reinterpret_cast<const char*>(rest.data()), rest.size()});
      return;
    }
    process.give(rest);
  }
}

}  // namespace

bool weights_are_broadcast(const comm::Communicator& comm, const Job& job) {
  return job.engine.broadcast && comm.size() > 1 && job.engine.name == "deepseek_ocr2" &&
         !job.engine.deepseek.weights.starts_with("random:");
}

UniqueFd channel_of_weights(engine::EngineSettings& settings) {
  auto [rank, process] = engine::make_weights_channel();
  settings.weights_channel = std::make_shared<UniqueFd>(std::move(process));
  return std::move(rank);
}

std::unique_ptr<engine::WeightsReader> reader_of_weights(const comm::Communicator& comm, const Job& job) {
  if (comm.rank() != 0) return nullptr;
  try {
    return std::make_unique<engine::WeightsReader>(job.engine.deepseek.weights);
  } catch (const std::exception& error) {
    log::warning("the weights are not broadcast: {}", error.what());
    return nullptr;
  }
}

void broadcast_weights(comm::Communicator& comm, std::unique_ptr<engine::WeightsReader> reader,
                       UniqueFd channel) {
  WeightsGiver process{std::move(channel)};
  const auto gathered = comm.gather(encoded(process.offer(), host_name()));
  Plan plan;
  plan.places.assign(static_cast<std::size_t>(comm.size()), no_place);
  if (reader) plan = decide(gathered, reader->bytes());
  plan = shared(comm, std::move(plan));
  if (comm.rank() == 0 && plan.way != Way::files)
    log::info("weights: {:.1f} GB, broadcast to {} engine processes by {}",
              static_cast<double>(reader->bytes()) / 1e9, plan.processes,
              plan.way == Way::nccl ? "NCCL" : "messages of the ranks");
  if (plan.way == Way::nccl) {
    by_nccl(comm, plan, process);
    return;
  }
  process.order({plan.way, 0, plan.processes, {}});
  if (plan.way == Way::stream) by_messages(comm, reader.get(), process);
}

}  // namespace pecia::app
