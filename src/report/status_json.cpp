#include <filesystem>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/report/status.hpp"

namespace pecia::report {
namespace {

using Json = nlohmann::ordered_json;

Json ranks_of(const Status& status) {
  auto ranks = Json::array();
  for (const auto& rank : status.per_rank)
    ranks.push_back({{"host", rank.host},
                     {"speed", rank.speed},
                     {"load_s", rank.load_s},
                     {"queued", rank.queued},
                     {"held", rank.held},
                     {"done", rank.done},
                     {"failed", rank.failed},
                     {"memory_bytes", rank.memory_bytes},
                     {"health", rank.health}});
  return ranks;
}

void read_ranks(const Json& json, Status& status) {
  for (const auto& entry : json) {
    auto& rank = status.per_rank.emplace_back();
    entry.at("host").get_to(rank.host);
    entry.at("speed").get_to(rank.speed);
    entry.at("load_s").get_to(rank.load_s);
    entry.at("queued").get_to(rank.queued);
    entry.at("held").get_to(rank.held);
    entry.at("done").get_to(rank.done);
    entry.at("failed").get_to(rank.failed);
    entry.at("memory_bytes").get_to(rank.memory_bytes);
    entry.at("health").get_to(rank.health);
  }
}

Json schedule_of(const Status::Schedule& schedule) {
  return {{"idle_s", schedule.idle_s}, {"makespan_s", schedule.makespan_s}, {"steals", schedule.steals},
          {"stolen_pages", schedule.stolen_pages}, {"copies", schedule.copies},
          {"duplicates", schedule.duplicates}, {"messages", schedule.messages},
          {"heartbeats", schedule.heartbeats}};
}

void read_schedule(const Json& json, Status::Schedule& schedule) {
  json.at("idle_s").get_to(schedule.idle_s);
  json.at("makespan_s").get_to(schedule.makespan_s);
  json.at("steals").get_to(schedule.steals);
  json.at("stolen_pages").get_to(schedule.stolen_pages);
  json.at("copies").get_to(schedule.copies);
  json.at("duplicates").get_to(schedule.duplicates);
  json.at("messages").get_to(schedule.messages);
  json.at("heartbeats").get_to(schedule.heartbeats);
}

}  // namespace

std::string to_json(const Status& status) {
  Json json;
  json["state"] = status.state;
  json["version"] = status.version;
  json["host"] = status.host;
  json["pid"] = status.pid;
  json["slurm_job"] = status.slurm_job;
  json["message"] = status.message;
  json["epoch"] = status.epoch;
  json["ranks"] = status.ranks;
  json["started_s"] = status.started_s;
  json["written_s"] = status.written_s;
  json["documents"] = status.documents;
  json["pages"] = status.pages;
  json["done"] = status.done;
  json["by_state"] = status.by_state;
  json["by_reason"] = status.by_reason;
  json["pages_per_s"] = status.pages_per_s;
  json["left_s"] = status.left_s ? Json(*status.left_s) : Json(nullptr);
  json["warnings"] = status.warnings;
  json["examples"] = status.examples;
  json["schedule"] = schedule_of(status.schedule);
  json["per_rank"] = ranks_of(status);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status from_json(const std::string& text) {
  try {
    const auto json = Json::parse(text);
    Status status;
    json.at("state").get_to(status.state);
    json.at("version").get_to(status.version);
    json.at("host").get_to(status.host);
    json.at("pid").get_to(status.pid);
    json.at("slurm_job").get_to(status.slurm_job);
    json.at("message").get_to(status.message);
    json.at("epoch").get_to(status.epoch);
    json.at("ranks").get_to(status.ranks);
    json.at("started_s").get_to(status.started_s);
    json.at("written_s").get_to(status.written_s);
    json.at("documents").get_to(status.documents);
    json.at("pages").get_to(status.pages);
    json.at("done").get_to(status.done);
    json.at("by_state").get_to(status.by_state);
    json.at("by_reason").get_to(status.by_reason);
    json.at("pages_per_s").get_to(status.pages_per_s);
    if (const auto& left = json.at("left_s"); !left.is_null()) status.left_s = left.get<double>();
    // Added after the first release: a status of that has none.
    if (json.contains("warnings")) json.at("warnings").get_to(status.warnings);
    if (json.contains("examples")) json.at("examples").get_to(status.examples);
    if (json.contains("schedule")) read_schedule(json.at("schedule"), status.schedule);
    if (json.contains("per_rank")) read_ranks(json.at("per_rank"), status);
    return status;
  } catch (const Json::exception& error) {
    throw Error{std::string{"status.json is damaged: "} + error.what()};
  }
}

bool is_final(const Status& status) {
  return status.state == "complete" || status.state == "unfinished" || status.state == "failed";
}

void write_status(const store::RunPaths& run, const Status& status) {
  replace_file(run.status(), to_json(status), Durability::whole);
}

std::optional<Status> read_status(const store::RunPaths& run) {
  std::error_code failure;
  if (!std::filesystem::exists(run.status(), failure)) return std::nullopt;
  return from_json(read_file(run.status()));
}

}  // namespace pecia::report
