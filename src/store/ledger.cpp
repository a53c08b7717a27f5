#include "pecia/store/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/json.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

fs::path ledger_path(const RunPaths& run, std::uint32_t epoch) {
  return run.epochs() / fmt::format("{:06}", epoch) / "ledger.json";
}

Json to_json(const std::vector<LedgerFile>& files) {
  auto list = Json::array();
  for (const auto& file : files) list.push_back({{"name", file.name}, {"rows", file.rows}, {"bytes", file.bytes}});
  return list;
}

std::vector<LedgerFile> files_of(const Json& list) {
  std::vector<LedgerFile> files;
  for (const auto& entry : list)
    files.push_back({entry.at("name").get<std::string>(), whole_number<std::uint64_t>(entry.at("rows")),
                     whole_number<std::uint64_t>(entry.at("bytes"))});
  return files;
}

/// One that is damaged is as one that was never written.
std::optional<Ledger> sound_ledger(const RunPaths& run, std::uint32_t epoch) {
  try {
    return read_ledger(run, epoch);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<LedgerFile> list_manifest(const RunPaths& run) {
  std::vector<LedgerFile> files;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator{run.manifest(), absent}) {
    if (entry.path().extension() == ".jsonl") files.push_back({entry.path().filename().string(), 0, entry.file_size()});
  }
  std::ranges::sort(files, {}, &LedgerFile::name);
  return files;
}

void write_ledger(const RunPaths& run, const Ledger& ledger) {
  check_newest(run, ledger.epoch);
  const Json json{{"epoch", ledger.epoch},
                  {"ranks", ledger.ranks},
                  {"host", ledger.host},
                  {"slurm_job", ledger.slurm_job},
                  {"slurm_restart", ledger.slurm_restart},
                  {"pages", ledger.pages},
                  {"done_at_start", ledger.done_at_start},
                  {"done", ledger.done},
                  {"end", ledger.end},
                  {"shards", to_json(ledger.shards)},
                  {"segments", to_json(ledger.segments)},
                  {"manifest", to_json(ledger.manifest)}};
  replace_file(ledger_path(run, ledger.epoch), json.dump(1) + "\n");
}

std::optional<Ledger> read_ledger(const RunPaths& run, std::uint32_t epoch) {
  const auto path = ledger_path(run, epoch);
  std::error_code failed;
  if (!fs::exists(path, failed)) return std::nullopt;
  try {
    const auto json = Json::parse(read_file(path));
    Ledger ledger;
    ledger.epoch = whole_number<std::uint32_t>(json.at("epoch"));
    ledger.ranks = whole_number<std::uint32_t>(json.at("ranks"));
    json.at("host").get_to(ledger.host);
    json.at("slurm_job").get_to(ledger.slurm_job);
    json.at("slurm_restart").get_to(ledger.slurm_restart);
    ledger.pages = whole_number<std::uint64_t>(json.at("pages"));
    ledger.done_at_start = whole_number<std::uint64_t>(json.at("done_at_start"));
    ledger.done = whole_number<std::uint64_t>(json.at("done"));
    json.at("end").get_to(ledger.end);
    ledger.shards = files_of(json.at("shards"));
    ledger.segments = files_of(json.at("segments"));
    if (json.contains("manifest")) ledger.manifest = files_of(json.at("manifest"));
    return ledger;
  } catch (const std::exception& error) {
    throw Error{fmt::format("{} is damaged: {}", path.string(), error.what())};
  }
}

std::optional<Ledger> newest_ledger(const RunPaths& run) {
  for (auto epoch = newest_epoch(run); epoch > 0; --epoch) {
    if (auto ledger = sound_ledger(run, epoch)) return ledger;
  }
  return std::nullopt;
}

std::uint32_t starts_without_progress(const RunPaths& run, std::uint64_t done_now, const std::string& slurm_job) {
  std::uint32_t starts = 0;
  for (auto epoch = newest_epoch(run); epoch > 0; --epoch) {
    const auto ledger = sound_ledger(run, epoch);
    if (ledger && ledger->end == "repaired") continue;
    if (ledger && ledger->done_at_start < done_now) break;
    if (ledger && !slurm_job.empty() && ledger->slurm_job != slurm_job) break;
    ++starts;
  }
  return starts;
}

}  // namespace pecia::store
