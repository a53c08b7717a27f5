#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pecia/child/child.hpp"
#include "pecia/page/reader.hpp"
#include "protocol.hpp"

namespace pecia::page {

[[nodiscard]] bool same(const Source& a, const Source& b);

/// A `pecia-page` process, as far as its Reader knows it.
struct PageChild {
  PageChild(const Limits& limits, double scale);

  child::Child process;
  double memory_scale = 1;  ///< of its limit, which holds for its whole life
  bool ready = false;       ///< has said hello: what it loads before costs no page its time
  std::vector<std::string> not_confined;
  std::optional<Source> open;    ///< what it has open,
  std::uint64_t open_bytes = 0;  ///< how large that is,
  bool open_converted = false;   ///< and whether it is a PDF that was made of the source

  [[nodiscard]] bool has_open(const Source& source) const;
  /// Whether it lives and has said nothing but its hello since it answered last.
  [[nodiscard]] bool takes_a_request();
  /// Its one hello. Throws `Error` if it has said it before.
  void greet(protocol::Hello hello);
};

/// Throws `Error`, naming the lie, unless `answer` with `descriptors` can be what was asked for. `converted`: of a
/// PDF that was made of another document.
void check_answer(const protocol::Request& request, const protocol::Answer& answer, std::size_t descriptors,
                  std::uint64_t document_bytes, bool converted);

}  // namespace pecia::page
