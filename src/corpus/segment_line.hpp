#pragma once

#include <nlohmann/json.hpp>

#include "pecia/corpus/document.hpp"

namespace pecia::corpus {

/// A document's line in a segment of manifest/: pages as columns, so that a long book is one line
/// of moderate length.
[[nodiscard]] nlohmann::json to_json(const Document& document);
/// Throws on what `to_json` does not make.
[[nodiscard]] Document from_json(const nlohmann::json& line);

}  // namespace pecia::corpus
