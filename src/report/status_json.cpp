#include <filesystem>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/json.hpp"
#include "pecia/report/status.hpp"

namespace pecia::report {
namespace {

using Json = nlohmann::ordered_json;

Json ranks_json(const Status& status) {
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
    read_whole_number(entry.at("queued"), rank.queued);
    read_whole_number(entry.at("held"), rank.held);
    read_whole_number(entry.at("done"), rank.done);
    read_whole_number(entry.at("failed"), rank.failed);
    read_whole_number(entry.at("memory_bytes"), rank.memory_bytes);
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
  read_whole_number(json.at("steals"), schedule.steals);
  read_whole_number(json.at("stolen_pages"), schedule.stolen_pages);
  read_whole_number(json.at("copies"), schedule.copies);
  read_whole_number(json.at("duplicates"), schedule.duplicates);
  read_whole_number(json.at("messages"), schedule.messages);
  read_whole_number(json.at("heartbeats"), schedule.heartbeats);
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
  json["per_rank"] = ranks_json(status);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status from_json(const std::string& text) {
  try {
    const auto json = Json::parse(text);
    Status status;
    json.at("state").get_to(status.state);
    json.at("version").get_to(status.version);
    json.at("host").get_to(status.host);
    read_whole_number(json.at("pid"), status.pid);
    json.at("slurm_job").get_to(status.slurm_job);
    json.at("message").get_to(status.message);
    read_whole_number(json.at("epoch"), status.epoch);
    read_whole_number(json.at("ranks"), status.ranks);
    read_whole_number(json.at("started_s"), status.started_s);
    read_whole_number(json.at("written_s"), status.written_s);
    read_whole_number(json.at("documents"), status.documents);
    read_whole_number(json.at("pages"), status.pages);
    read_whole_number(json.at("done"), status.done);
    for (const auto& [state, pages] : json.at("by_state").items()) read_whole_number(pages, status.by_state[state]);
    for (const auto& [reason, pages] : json.at("by_reason").items()) read_whole_number(pages, status.by_reason[reason]);
    json.at("pages_per_s").get_to(status.pages_per_s);
    if (const auto& left = json.at("left_s"); !left.is_null()) status.left_s = left.get<double>();
    // Added after the first release: a status of that has none.
    if (json.contains("warnings")) json.at("warnings").get_to(status.warnings);
    if (json.contains("examples")) json.at("examples").get_to(status.examples);
    if (json.contains("schedule")) read_schedule(json.at("schedule"), status.schedule);
    if (json.contains("per_rank")) read_ranks(json.at("per_rank"), status);
    return status;
  } catch (const std::exception& error) {
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
