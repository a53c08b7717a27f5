#pragma once

#include <string>
#include <utility>
#include <vector>

#include "job_schema.hpp"

// Inside the schema of jobs only.
namespace pecia::app {

/// A key from where it is kept (`field`: an Owner -> its member) and the kind of its value.
template <class Owner, class Field, class Kind>
KeyOf<Owner> key(std::string path, Field field, const Kind& kind, std::string help) {
  KeyOf<Owner> made{std::move(path), kind.type, kind.range, std::move(help), {}, {}};
  made.read = [field, kind](const JobValue& value, Owner& into) {
    const Owner defaults;
    if (value.node.IsNull())
      field(into) = field(defaults);
    else
      field(into) = kind.read(value);
  };
  made.write = [field, kind](const Owner& from) {
    const auto& value = field(from);
    if constexpr (requires { value.has_value(); })
      return value.has_value() ? kind.write(*value) : YAML::Node{};
    else
      return kind.write(value);
  };
  return made;
}

template <class Field, class Kind>
KeyOf<Job> job_key(std::string path, Field field, const Kind& kind, std::string help) {
  return key<Job>(std::move(path), field, kind, std::move(help));
}

/// For the job and its rules (page_schema.cpp).
[[nodiscard]] const kind::Choice<TextLayerPolicy>& text_layer_policies();

[[nodiscard]] const kind::Choice<bool>& geometries();

/// `geometry` and the keys below `page` (page_schema.cpp).
void add_page(std::vector<KeyOf<Job>>& schema);
/// `engine.retry_budget` and the keys below `retries` (retry_schema.cpp).
void add_retries(std::vector<KeyOf<Job>>& schema);

}  // namespace pecia::app
