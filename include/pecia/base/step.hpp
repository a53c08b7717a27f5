#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/bytes.hpp"

namespace pecia {

/// Something that was done to a page, or decided about it, on its way to its text: that its document
/// was repaired, its text layer kept, its image turned. Kept with the page, in the order of events.
struct Step {
  std::string what;    ///< one word for programs: "pdf", "text_layer", "pixels", "split", "deskew", ...
  std::string detail;  ///< what was done, and the evidence for it, for a person; UTF-8
  /// Where pixels were moved: from those that were read to page coordinates,
  /// x' = a x + c y + e, y' = b x + d y + f as {a, b, c, d, e, f}.
  std::optional<std::array<double, 6>> to_page = {};
  friend bool operator==(const Step&, const Step&) = default;
};
using Steps = std::vector<Step>;

void encode(ByteWriter& out, const Steps& steps);
/// Throws `Error` on what `encode` does not write: bytes that are no UTF-8, transforms that are not finite.
[[nodiscard]] Steps decode_steps(ByteReader& in);

/// A JSON list, "" for none: [{"what": ..., "detail": ..., "to_page": [a, b, c, d, e, f]}].
[[nodiscard]] std::string to_json(const Steps& steps);
/// Throws `Error` on what `to_json` does not write.
[[nodiscard]] Steps steps_from_json(std::string_view json);

}  // namespace pecia
