#pragma once

#include <cstdint>
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "document_files.hpp"

namespace pecia::exporting {

/// What XML 1.0 takes: valid UTF-8, other control characters than '\n' and '\t' as blanks, no U+FFFE and U+FFFF.
[[nodiscard]] std::string xml_text(std::string_view bytes);

/// Values are made `xml_text`; pugixml escapes them.
void set(pugi::xml_node node, const char* name, std::string_view value);
void set_number(pugi::xml_node node, const char* name, std::int64_t value);
/// A confidence, 0 to 1, with three decimals.
void set_share(pugi::xml_node node, const char* name, float value);
void add_text(pugi::xml_node node, std::string_view text);
/// An element with nothing but text in it.
pugi::xml_node add_element(pugi::xml_node parent, const char* name, std::string_view text);

enum class XmlLayout : std::uint8_t {
  indented,  ///< an element a line
  raw,       ///< no white space but what the text has
};

/// The document with its declaration, as UTF-8.
[[nodiscard]] std::string to_xml(const pugi::xml_document& document);

/// An XML or HTML file that is written element by element, of which only the one in hand is in memory.
class XmlFile {
 public:
  /// `prologue`: what stands before the first element.
  XmlFile(DocumentFiles& files, std::string_view suffix, std::string_view prologue, XmlLayout layout);

  /// Begins an element with the name and the attributes of this one.
  void open(const pugi::xml_node& element);
  void open(const char* name);
  void write(const pugi::xml_node& element);
  /// Ends the element begun last.
  void close();
  /// Ends all elements, and the file.
  void finish();

 private:
  std::unique_ptr<PartFile> file_;
  XmlLayout layout_;
  std::vector<std::string> open_;
};

}  // namespace pecia::exporting
