#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>
#include <vector>

#include "job_value.hpp"
#include "pecia/app/job.hpp"

namespace pecia::app {

/// A key of a job (`Owner` = Job) or of one of its rules (`Owner` = Rule): all that reading,
/// checking, writing and explaining it needs. The default is what a default `Owner` holds.
template <class Owner>
struct KeyOf {
  std::string path;   ///< "engine.threads", "rules[].match"
  std::string type;   ///< "a whole number or 'auto'"
  std::string range;  ///< "1 to 1024 processes"; empty if there is none
  std::string help;
  std::function<void(const JobValue&, Owner&)> read;  ///< null in YAML: the default
  std::function<YAML::Node(const Owner&)> write;      ///< null: nothing is set
};

[[nodiscard]] const std::vector<KeyOf<Job>>& job_schema();
[[nodiscard]] const std::vector<KeyOf<Rule>>& rule_schema();

/// Takes the values of a whole job file into `job`, as they stand: paths are not resolved. Throws
/// `UsageError` for unknown and repeated keys and for wrong types.
void read_job(const YAML::Node& root, const JobOrigin& origin, Job& job);
/// Takes in the value of one key, as --set gives it.
void read_key(const std::string& path, const YAML::Node& node, const JobOrigin& origin, Job& job);
/// --set: `text` is "engine.threads=4". Throws `UsageError`; passwords are refused, and not repeated.
void apply_override(const std::string& text, Job& job);

}  // namespace pecia::app
