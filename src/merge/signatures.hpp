#pragma once

#include <optional>
#include <string_view>

namespace pecia::merge {

/// A mark by which a binder put sheets in order.
struct Signature {
  int sheet = 0;          ///< a: 1, b: 2, ..., aa: 101
  int leaf = 0;           ///< 0: none is written (the first)
  std::string_view rest;  ///< of the line, behind it
};

/// "A2", "B iij", "A.iiii.", "Aa 4", "Tome I. C"; alone or with a catchword behind it.
[[nodiscard]] std::optional<Signature> parse_signature(std::string_view line);

}  // namespace pecia::merge
