#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "pecia/base/error.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/text.hpp"

namespace pecia::engine::deepseek {

using Json = nlohmann::json;

/// Reads one object of a config.json, or, for what is not there, another.
class Section {
 public:
  Section(std::string name, const Json* first, const Json* second = nullptr)
      : name_{std::move(name)}, first_{first}, second_{second} {}

  /// Null and absent are the same: nullptr.
  [[nodiscard]] const Json* find(const char* key) const {
    for (const auto* json : {first_, second_}) {
      if (!json) continue;
      if (const auto at = json->find(key); at != json->end()) return at->is_null() ? nullptr : &*at;
    }
    return nullptr;
  }
  [[nodiscard]] Section inside(const char* key) const {
    const auto* json = find(key);
    if (json && !json->is_object()) refuse(key, "is no JSON object");
    return {label(key), json};
  }
  [[noreturn]] void refuse(const char* key, std::string_view problem) const {
    throw Error{fmt::format("{} {}", label(key), problem)};
  }
  void whole(const char* key, int& into, int least, int most) const {
    const auto* value = find(key);
    if (!value) return;
    std::int64_t number = 0;
    if (!value->is_number_integer()) refuse(key, "is no whole number");
    try {
      number = whole_number<std::int64_t>(*value);
    } catch (const Error&) {
      refuse(key, "is too large");
    }
    if (number < least || number > most)
      refuse(key, fmt::format("is {}, which is not within {} to {}", number, least, most));
    into = static_cast<int>(number);
  }
  void real(const char* key, double& into, double least, double most) const {
    const auto* value = find(key);
    if (!value) return;
    if (!value->is_number()) refuse(key, "is no number");
    const auto number = value->get<double>();
    if (!(number >= least && number <= most))
      refuse(key, fmt::format("is {}, which is not within {} to {}", number, least, most));
    into = number;
  }
  /// What is implemented, and no other; absent is the same.
  void only(const char* key, const Json& value) const {
    const auto* found = find(key);
    if (found && *found != value)
      refuse(key, fmt::format("is {}; this engine knows {} only", shown(*found), value.dump()));
  }
  void only_absent(const char* key) const {
    if (const auto* found = find(key))
      refuse(key, fmt::format("is {}; this engine knows null only", shown(*found)));
  }

 private:
  [[nodiscard]] std::string label(const char* key) const {
    return name_.empty() ? key : name_ + "." + key;
  }
  static std::string shown(const Json& value) {
    if (value.is_structured()) return value.is_array() ? "a list" : "an object";  // of any depth
    auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 80) text = text.substr(0, 77) + "...";
    return to_utf8(text);
  }

  std::string name_;
  const Json* first_;
  const Json* second_;
};

}  // namespace pecia::engine::deepseek
