#pragma once

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pecia::app {

/// Where YAML came from, for messages.
struct JobOrigin {
  std::string name;       ///< "jobs/x.yaml", or "--set engine.threads=4"
  bool has_lines = true;  ///< false: lines and columns would mean nothing to a person
  bool is_run = false;    ///< a run's own job: "***" stands in it for every password
  [[nodiscard]] std::string place(const YAML::Mark& mark) const;  ///< "jobs/x.yaml:12:5"
};

/// A value of the job, not looked at yet.
struct JobValue {
  YAML::Node node;
  JobOrigin origin;
  std::string key;  ///< "engine.threads"

  /// "jobs/x.yaml:12:5: engine.threads: <problem>"
  [[noreturn]] void fail(const std::string& problem) const;
  /// "...: expected <what>, found 'many'"; what stands where passwords do is not shown.
  [[noreturn]] void expected(const std::string& what) const;
  /// The text of a scalar; anything else was not `expected`.
  [[nodiscard]] const std::string& scalar(const std::string& what) const;
  /// Its number, if it is nothing but a number.
  [[nodiscard]] double number(const std::string& what) const;
  [[nodiscard]] long long whole_number(const std::string& what) const;
};

/// Whether a value of this key may be a password, or was meant as one.
[[nodiscard]] bool is_secret(std::string_view key) noexcept;

/// "'many'", "a list", "a map of keys", "nothing": for messages.
[[nodiscard]] std::string description(const YAML::Node& node);

/// The kinds of values that keys take. Each has the name of its type, its range with the unit, and
/// knows how it is read (throwing `UsageError`) and written (null: nothing is set).
namespace kind {

struct Text {
  std::string type = "a text";
  std::string range = {};
  [[nodiscard]] std::string read(const JobValue& value) const { return value.scalar(type); }
  [[nodiscard]] YAML::Node write(const std::string& text) const { return YAML::Node{text}; }
};

/// Read, and never written.
struct Password : Text {
  static constexpr auto hidden = "***";
  [[nodiscard]] std::optional<std::string> read(const JobValue& value) const;
  [[nodiscard]] YAML::Node write(const std::string&) const { return YAML::Node{hidden}; }
};

/// What a model is asked.
struct Prompt : Text {
  Prompt() { type = "grounding, plain, or a text of your own"; }
  [[nodiscard]] std::string read(const JobValue& value) const;
};

struct Path {
  std::string type = "a path";
  std::string range = {};
  [[nodiscard]] std::filesystem::path read(const JobValue& value) const {
    return value.scalar(type);
  }
  [[nodiscard]] YAML::Node write(const std::filesystem::path& path) const {
    return path.empty() ? YAML::Node{} : YAML::Node{path.native()};
  }
};

struct Texts {
  std::string type = "a text or a list of texts";
  std::string range = {};
  [[nodiscard]] std::vector<std::string> read(const JobValue& value) const;
  [[nodiscard]] YAML::Node write(const std::vector<std::string>& texts) const;
};

/// Names of Tesseract's models: "deu", "script/Fraktur".
struct Languages : Texts {
  Languages() { type = "auto, or languages such as deu, deu+lat or [deu, lat]"; }
  [[nodiscard]] std::vector<std::string> read(const JobValue& value) const;
};

struct Whole {
  int least, most;
  std::string unit;
  std::string type = "a whole number";
  std::string range = fmt::format("{} to {}{}", least, most, unit.empty() ? "" : " " + unit);
  [[nodiscard]] int read(const JobValue& value) const;
  [[nodiscard]] YAML::Node write(int number) const { return YAML::Node{std::to_string(number)}; }
};

struct Number {
  double least, most;
  std::string unit;
  std::string type = "a number";
  std::string range = fmt::format("{} to {}{}", least, most, unit.empty() ? "" : " " + unit);
  [[nodiscard]] double read(const JobValue& value) const;
  [[nodiscard]] YAML::Node write(double number) const {
    return YAML::Node{fmt::format("{}", number)};
  }
};

/// A number or a word, for which 0 stands.
template <class Numbers>
struct OrWord : Numbers {
  std::string word;
  OrWord(Numbers numbers, std::string for_zero) : Numbers{std::move(numbers)}, word{std::move(for_zero)} {
    this->type = fmt::format("{} or '{}'", this->type, word);
  }
  [[nodiscard]] auto read(const JobValue& value) const -> decltype(Numbers::read(value)) {
    if (value.scalar(this->type) == word) return 0;
    return Numbers::read(value);
  }
  [[nodiscard]] YAML::Node write(decltype(Numbers::least) number) const {
    return number == 0 ? YAML::Node{word} : Numbers::write(number);
  }
};

/// 0 stands for 'auto'.
struct WholeOrAuto : OrWord<Whole> {
  WholeOrAuto(int largest, std::string of) : OrWord{Whole{1, largest, std::move(of)}, "auto"} {}
};

/// A number of ranks, or what it follows from (Job::Ranks).
struct Ranks {
  std::string type = "a whole number, 'auto' or 'rest'";
  std::string range = "0 to 1024 ranks";
  [[nodiscard]] int read(const JobValue& value) const;
  [[nodiscard]] YAML::Node write(int number) const;
};

/// One of several words, each for a value of `Value`.
template <class Value>
struct Choice {
  std::vector<std::pair<std::string, Value>> words;
  std::string type = "one of " + joined();
  std::string range = {};
  [[nodiscard]] Value read(const JobValue& value) const {
    const auto& text = value.scalar(type);
    for (const auto& [word, meaning] : words) {
      if (word == text) return meaning;
    }
    value.expected(type);
  }
  [[nodiscard]] YAML::Node write(const Value& value) const {
    for (const auto& [word, meaning] : words) {
      if (meaning == value) return YAML::Node{word};
    }
    return {};
  }

 private:
  [[nodiscard]] std::string joined() const {
    std::string list;
    for (const auto& entry : words) list += (list.empty() ? "" : ", ") + entry.first;
    return list;
  }
};

}  // namespace kind
}  // namespace pecia::app
