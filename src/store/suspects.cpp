#include "pecia/store/suspects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/json.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int version = 1;

fs::path path_of(const RunPaths& run) { return run.root / "suspects.json"; }

Json to_json(const Suspect& page) {
  return {{"document", to_string(page.key.document)}, {"revision", page.key.revision},
          {"page", page.key.page},                    {"generation", page.generation},
          {"died_alone", page.died_alone},            {"died_together", page.died_together},
          {"trials", page.trials}};
}

std::set<std::uint32_t> epochs_of(const Json& array) {
  std::set<std::uint32_t> epochs;
  for (const auto& epoch : array) epochs.insert(whole_number<std::uint32_t>(epoch));
  return epochs;
}

Suspect suspect_of(const Json& object) {
  Suspect page;
  page.key = {parse_document_id(object.at("document").get<std::string>()), whole_number<std::uint32_t>(object.at("revision")),
              whole_number<std::uint32_t>(object.at("page"))};
  page.generation = whole_number<std::uint32_t>(object.at("generation"));
  page.died_alone = epochs_of(object.at("died_alone"));
  page.died_together = epochs_of(object.at("died_together"));
  page.trials = epochs_of(object.at("trials"));
  return page;
}

Suspect& find_or_add(std::vector<Suspect>& suspects, const InFlightPage& page) {
  const auto at = std::ranges::lower_bound(suspects, page.key, {}, &Suspect::key);
  if (at == suspects.end() || at->key != page.key) return *suspects.insert(at, {page.key, page.generation, {}, {}, {}});
  if (at->generation < page.generation) *at = {page.key, page.generation, {}, {}, {}};
  return *at;
}

}  // namespace

std::vector<Suspect> read_suspects(const RunPaths& run) {
  const auto path = path_of(run);
  if (!fs::exists(path)) return {};
  std::vector<Suspect> suspects;
  try {
    const auto json = Json::parse(read_file(path));
    require(whole_number<int>(json.at("version")) == version, "written by another version of pecia");
    for (const auto& page : json.at("pages")) suspects.push_back(suspect_of(page));
  } catch (const std::exception& error) {
    throw Error{fmt::format("{} is damaged: {}", path.string(), error.what())};
  }
  std::ranges::sort(suspects, {}, &Suspect::key);
  return suspects;
}

void write_suspects(const RunPaths& run, std::uint32_t epoch, std::span<const Suspect> suspects) {
  check_newest(run, epoch);
  if (suspects.empty()) {
    remove_file(path_of(run));
    return;
  }
  auto pages = Json::array();
  for (const auto& page : suspects) pages.push_back(to_json(page));
  replace_file(path_of(run), Json{{"version", version}, {"pages", std::move(pages)}}.dump(1) + "\n");
}

void add_deaths(std::vector<Suspect>& suspects, std::span<const RankInFlight> ranks,
                const std::function<JobEnd(std::uint32_t epoch)>& end_of) {
  std::map<std::uint32_t, std::size_t> dead;  ///< ranks, by epoch
  std::set<std::uint32_t> outlived;           ///< epochs in which a rank lived on
  for (const auto& rank : ranks) {
    if (!rank.open.empty()) ++dead[rank.epoch];
    if (rank.told_to_stop && rank.open.empty()) outlived.insert(rank.epoch);
  }
  for (const auto& rank : ranks) {
    if (rank.open.empty()) continue;
    const auto end = end_of(rank.epoch);
    // Ranks that had nothing in flight may have been killed with it.
    const bool by_itself = dead.at(rank.epoch) == 1 && (end.ranks == 1 || outlived.contains(rank.epoch));
    for (const auto& in_flight : rank.open) {
      auto& page = find_or_add(suspects, in_flight);
      const auto epoch = rank.epoch;
      // Judged once: a job that was killed while it sealed the others' journals left fewer to judge by.
      const bool judged = page.trials.contains(epoch) || page.died_alone.contains(epoch) || page.died_together.contains(epoch);
      if (judged || page.generation > in_flight.generation) continue;
      if (in_flight.alone)
        (by_itself && !end.from_outside ? page.trials : page.died_together).insert(epoch);
      else
        (by_itself && end.ranks > 1 ? page.died_alone : page.died_together).insert(epoch);
    }
  }
}

}  // namespace pecia::store
