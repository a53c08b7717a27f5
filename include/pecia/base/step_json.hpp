#pragma once

#include <utility>

#include "pecia/base/step.hpp"

namespace pecia {

/// The list that `to_json` writes, empty for none, as a JSON value of nlohmann's (not included here), to be part of
/// something larger.
template <class Json>
[[nodiscard]] Json as_json(const Steps& steps) {
  auto list = Json::array();
  for (const auto& step : steps) {
    Json entry{{"what", step.what}, {"detail", step.detail}};
    if (step.to_page) entry["to_page"] = *step.to_page;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace pecia
