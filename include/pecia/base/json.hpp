#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia {

/// The whole number in a JSON value of nlohmann's (not included here). Its own `get` cuts off what does not fit,
/// and is undefined for 1e300; this throws `Error`.
template <std::integral T, class Json>
[[nodiscard]] T whole_number(const Json& value) {
  if (value.is_number_unsigned()) {
    if (const auto number = value.template get<std::uint64_t>(); std::in_range<T>(number)) return static_cast<T>(number);
  } else if (value.is_number_integer()) {
    if (const auto number = value.template get<std::int64_t>(); std::in_range<T>(number)) return static_cast<T>(number);
  }
  throw Error{"a whole number is wanted, and one that fits"};
}

template <std::integral T, class Json>
void read_whole_number(const Json& value, T& into) {
  into = whole_number<T>(value);
}

}  // namespace pecia
