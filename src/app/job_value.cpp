#include "job_value.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "pecia/app/job.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

constexpr std::size_t shown_bytes = 60;  ///< of a wrong value in a message

/// The whole of `text` as a number.
template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// As Tesseract names them, and nothing that would leave the folder of its models.
bool is_language(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '/';
  };
  return !text.empty() && text[0] != '/' && text[0] != '-' && std::ranges::all_of(text, fits);
}

}  // namespace

std::string JobOrigin::place(const YAML::Mark& mark) const {
  if (!has_lines || mark.is_null()) return name;
  return fmt::format("{}:{}:{}", name, mark.line + 1, mark.column + 1);
}

void JobValue::fail(const std::string& problem) const {
  throw UsageError{fmt::format("{}: {}: {}", origin.place(node.Mark()), key, problem)};
}

void JobValue::expected(const std::string& what) const {
  const bool hides = node.IsScalar() && is_secret(key);
  fail(fmt::format("expected {}, found {}", what, hides ? "a text, which may be a password and is not shown" : description(node)));
}

const std::string& JobValue::scalar(const std::string& what) const {
  if (!node.IsScalar()) expected(what);
  return node.Scalar();
}

double JobValue::number(const std::string& what) const {
  const auto parsed = parse<double>(scalar(what));
  if (!parsed) expected(what);
  return *parsed;
}

long long JobValue::whole_number(const std::string& what) const {
  const auto parsed = parse<long long>(scalar(what));
  if (!parsed) expected(what);
  return *parsed;
}

bool is_secret(std::string_view key) noexcept {
  return key == "rules" || key == "rules[].password" || (key.starts_with("passwords") && key != "passwords.file");
}

std::string description(const YAML::Node& node) {
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a map of keys";
  if (!node.IsScalar()) return "nothing";
  auto text = node.Scalar();
  if (text.size() > shown_bytes) text = text.substr(0, shown_bytes) + "...";
  return fmt::format("'{}'", printable(to_utf8(text)));
}

namespace kind {

std::optional<std::string> Password::read(const JobValue& value) const {
  const auto& text = value.scalar(type);
  if (value.origin.is_run && text == hidden) return std::nullopt;
  return text;
}

std::vector<std::string> Texts::read(const JobValue& value) const {
  if (value.node.IsScalar()) return {value.node.Scalar()};
  if (!value.node.IsSequence()) value.expected(type);
  std::vector<std::string> texts;
  for (const auto& item : value.node)
    texts.push_back(JobValue{item, value.origin, value.key}.scalar(type));
  return texts;
}

YAML::Node Texts::write(const std::vector<std::string>& texts) const {
  YAML::Node list{YAML::NodeType::Sequence};
  for (const auto& text : texts) list.push_back(text);
  list.SetStyle(YAML::EmitterStyle::Flow);
  return list;
}

std::vector<std::string> Languages::read(const JobValue& value) const {
  std::vector<std::string> languages;
  for (const auto& text : Texts::read(value)) {
    std::size_t begin = 0;
    while (begin <= text.size()) {
      const auto end = std::min(text.find('+', begin), text.size());
      auto language = text.substr(begin, end - begin);
      if (!is_language(language)) value.expected(type);
      if (std::ranges::find(languages, language) == languages.end())
        languages.push_back(std::move(language));
      begin = end + 1;
    }
  }
  if (languages.empty()) value.fail("at least one language is needed");
  return languages;
}

std::string Prompt::read(const JobValue& value) const {
  constexpr std::string_view image = "<image>";
  const auto& text = value.scalar(type);
  if (text.empty()) value.expected(type);
  const auto first = text.find(image);
  if (first != std::string::npos && text.find(image, first + image.size()) != std::string::npos)
    value.fail("<image> stands in it twice, and a page is one image. Keep one of them, or none: it is then put in front");
  return text;
}

int Whole::read(const JobValue& value) const {
  const auto number = value.whole_number(type);
  if (number < least || number > most)
    value.fail(fmt::format("{} is out of range ({})", number, range));
  return static_cast<int>(number);
}

int Ranks::read(const JobValue& value) const {
  const auto& text = value.scalar(type);
  if (text == "auto") return Job::Ranks::visible_gpus;
  if (text == "rest") return Job::Ranks::rest;
  Whole whole{0, 1024, "ranks"};
  whole.type = type;
  return whole.read(value);
}

YAML::Node Ranks::write(int number) const {
  if (number == Job::Ranks::visible_gpus) return YAML::Node{"auto"};
  if (number == Job::Ranks::rest) return YAML::Node{"rest"};
  return YAML::Node{std::to_string(number)};
}

double Number::read(const JobValue& value) const {
  const auto number = value.number(type);
  if (!(number >= least && number <= most))  // written so that NaN is refused
    value.fail(fmt::format("{} is out of range ({})", number, range));
  return number;
}

}  // namespace kind
}  // namespace pecia::app
