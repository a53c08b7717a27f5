// Settings from the command line: --set KEY=VALUE.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "job_file.hpp"
#include "job_schema.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

/// Whether `value` is anything but a map with this one key.
bool has_other_keys(const YAML::Node& value, std::string_view key) {
  return !value.IsMap() || std::any_of(value.begin(), value.end(), [&](const auto& entry) { return !entry.first.IsScalar() || entry.first.Scalar() != key; });
}

/// Whether a word stands in a text, in letters of any size.
bool names(std::string_view text, std::string_view word) {
  const auto alike = [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), alike) != text.end();
}

/// Also of keys that there are not, and that were meant as one of those.
bool may_give_password(std::string_view path, const YAML::Node& value) {
  if (value.IsNull() || path == "passwords.file") return false;
  if (path == "passwords") return has_other_keys(value, "file");
  if (path != "rules") return names(path, "pass");
  return value.IsSequence() && std::any_of(value.begin(), value.end(), [](const YAML::Node& rule) { return rule.IsMap() && rule["password"]; });
}

/// The command line of a process is for everybody on the machine to read.
void refuse_passwords(std::string_view path, const YAML::Node& value, const JobOrigin& origin) {
  if (may_give_password(path, value))
    throw UsageError{fmt::format("{}: everybody on the machine can see a password on the command line. Write it into the job file, or "
                                 "into a file of its own: --set passwords.file=FILE", origin.name)};
}

}  // namespace

void apply_override(const std::string& text, Job& job) {
  const auto equals = text.find('=');
  const bool may_hold_password = names(text, "pass") || names(text, "rule");
  const auto key_end = std::min(equals, text.find_first_of(": {["));  // of what was meant as one, too
  const JobOrigin origin{fmt::format("--set {}", may_hold_password ? text.substr(0, key_end) : printable(text)), false};
  if (equals == std::string::npos || equals == 0)
    throw UsageError{
        fmt::format("{}: expected KEY=VALUE, such as --set engine.threads=4", origin.name)};
  try {
    const auto key = text.substr(0, equals);
    const auto value = YAML::Load(text.substr(equals + 1));
    refuse_passwords(key, value, origin);
    read_key(key, value, origin, job);
  } catch (const YAML::Exception& error) {
    throw not_yaml(error, origin);
  }
}

}  // namespace pecia::app
