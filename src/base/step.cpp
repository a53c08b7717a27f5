#include "pecia/base/step.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/step_json.hpp"
#include "pecia/base/text.hpp"

namespace pecia {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t least_step_bytes = 2 * sizeof(std::uint32_t) + 1;

void check(const Step& step) {
  require(is_utf8(step.what) && is_utf8(step.detail), "a step's words are not UTF-8");
  if (!step.to_page) return;
  for (const double value : *step.to_page) require(std::isfinite(value), "a step's transform is not finite");
}

}  // namespace

void encode(ByteWriter& out, const Steps& steps) {
  out.put(static_cast<std::uint32_t>(steps.size()));
  for (const auto& step : steps) {
    out.put_text(step.what).put_text(step.detail).put(step.to_page.has_value());
    if (!step.to_page) continue;
    for (const double value : *step.to_page) out.put(value);
  }
}

Steps decode_steps(ByteReader& in) {
  Steps steps(in.get_count(least_step_bytes));
  for (auto& step : steps) {
    step.what = in.get_text();
    step.detail = in.get_text();
    if (in.get<bool>()) {
      for (double& value : step.to_page.emplace()) value = in.get<double>();
    }
    check(step);
  }
  return steps;
}

std::string to_json(const Steps& steps) {
  return steps.empty() ? std::string{} : as_json<Json>(steps).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Steps steps_from_json(std::string_view json) {
  if (json.empty()) return {};
  try {
    Steps steps;
    for (const auto& entry : Json::parse(json)) {
      auto& step = steps.emplace_back();
      entry.at("what").get_to(step.what);
      entry.at("detail").get_to(step.detail);
      if (entry.contains("to_page")) step.to_page = entry.at("to_page").get<std::array<double, 6>>();
      check(step);
    }
    return steps;
  } catch (const Json::exception& error) {
    throw Error{std::string{"the steps of a page cannot be read: "} + error.what()};
  }
}

}  // namespace pecia
