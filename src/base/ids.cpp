#include "pecia/base/ids.hpp"

#include <fmt/format.h>

#include <charconv>

#include "pecia/base/error.hpp"

namespace pecia {

std::string to_string(DocumentId id) { return fmt::format("{:016x}", id.value); }

DocumentId parse_document_id(std::string_view text) {
  DocumentId id;
  const auto* last = text.data() + text.size();
  const auto [end, failure] = std::from_chars(text.data(), last, id.value, 16);
  if (text.size() != 16 || end != last || failure != std::errc{})
    throw Error{fmt::format("'{}' is no document id (16 hexadecimal digits)", text)};
  return id;
}

}  // namespace pecia
