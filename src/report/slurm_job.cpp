#include <algorithm>
#include <charconv>

#include "pecia/report/overview.hpp"

namespace pecia::report {
namespace {

/// The value of `key=` up to the next space; empty where there is none.
std::string field(std::string_view line, std::string_view key) {
  std::size_t at = 0;
  while ((at = line.find(key, at)) != std::string_view::npos) {
    const bool is_word = at == 0 || line[at - 1] == ' ';
    at += key.size();
    if (is_word) return std::string{line.substr(at, line.find_first_of(" \n", at) - at)};
  }
  return {};
}

/// Slurm's words for nothing.
std::string unless_none(std::string text) {
  const bool nothing = text == "None" || text == "(null)" || text == "N/A";
  return nothing ? std::string{} : text;
}

}  // namespace

std::optional<SlurmJob> parse_scontrol(std::string_view line) {
  SlurmJob job;
  job.job = field(line, "JobId=");
  job.state = field(line, "JobState=");
  if (job.job.empty() || job.state.empty()) return std::nullopt;
  job.reason = unless_none(field(line, "Reason="));
  job.nodes = unless_none(field(line, "NodeList="));
  const auto restarts = field(line, "Restarts=");
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(restarts.data(), restarts.data() + restarts.size(), number);
  if (failure == std::errc{}) job.restarts = number;
  return job;
}

std::optional<SlurmJob> parse_squeue(std::string_view line) {
  line = line.substr(0, line.find('\n'));
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const auto end = std::min(line.find('|', at), line.size());
    fields.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  if (fields.size() != 4 || fields[0].empty() || fields[1].empty()) return std::nullopt;
  return SlurmJob{fields[0], fields[1], unless_none(fields[2]), unless_none(fields[3]), std::nullopt};
}

}  // namespace pecia::report
