#pragma once

#include <string_view>

#include "xmp.hpp"

namespace pecia::exporting::pdf {

enum class XmpKind { text, date, integer, boolean };

/// A property that PDF/A-2 predefines.
struct XmpKnown {
  std::string_view name;  ///< with the usual prefix
  XmpProperty::Form form = XmpProperty::Form::text;
  XmpKind kind = XmpKind::text;
};

/// The usual prefix of a namespace; "" if its schema is not predefined.
[[nodiscard]] std::string_view usual_prefix(std::string_view uri);
/// " xmlns:dc=..." of all of them.
[[nodiscard]] std::string schema_declarations();
/// Null if there is none.
[[nodiscard]] const XmpKnown* known_property(std::string_view name);
[[nodiscard]] bool is_of_kind(std::string_view value, XmpKind kind);

}  // namespace pecia::exporting::pdf
