#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// XMP packets of documents (ISO 16684-1).
namespace pecia::exporting::pdf {

/// A property with plain values.
struct XmpProperty {
  enum class Form { text, bag, seq, alt };
  struct Item {
    std::string text;
    std::string language;  ///< of alternatives
  };
  std::string name;  ///< with the usual prefix: "dc:title"
  Form form = Form::text;
  std::vector<Item> items;
};

struct XmpPacket {
  std::vector<XmpProperty> properties;
  std::vector<std::string> left_out;  ///< names of those that PDF/A-2 does not predefine, or not with such a value
};

/// Those properties that PDF/A-2 predefines (ISO 19005-2, 6.6.2.3) and that have plain values; nothing if the packet is not
/// well-formed. Without what identifies it as PDF/A or says what the file is, which is new in a copy.
[[nodiscard]] std::optional<XmpPacket> predefined_properties(std::string_view packet);

/// A packet that says that it is of PDF/A-2b, with these properties besides.
[[nodiscard]] std::string pdfa_packet(const std::vector<XmpProperty>& properties);

/// The packet without what identifies it as PDF/A; nothing if it is not well-formed. `claim`: "PDF/A-2B", say, "" if it had
/// none.
[[nodiscard]] std::optional<std::string> without_claim(std::string_view packet, std::string& claim);

/// Without what XML forbids even as a reference (XML 1.0, 2.2), and with blanks for line ends and tabs.
[[nodiscard]] std::string plain_text(const std::string& text);

}  // namespace pecia::exporting::pdf
