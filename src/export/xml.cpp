#include "xml.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

struct StringWriter final : pugi::xml_writer {
  std::string bytes;
  void write(const void* data, std::size_t size) override { bytes.append(static_cast<const char*>(data), size); }
};

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

}  // namespace

std::string xml_text(std::string_view bytes) {
  auto text = to_utf8(bytes);
  std::ranges::replace_if(text, is_control, ' ');
  replace_all(text, "\xEF\xBF\xBE", "\xEF\xBF\xBD");
  replace_all(text, "\xEF\xBF\xBF", "\xEF\xBF\xBD");
  return text;
}

void set(pugi::xml_node node, const char* name, std::string_view value) { node.append_attribute(name).set_value(xml_text(value).c_str()); }

void set_number(pugi::xml_node node, const char* name, std::int64_t value) {
  node.append_attribute(name).set_value(fmt::format("{}", value).c_str());
}

void set_share(pugi::xml_node node, const char* name, float value) {
  node.append_attribute(name).set_value(fmt::format("{:.3f}", std::clamp(value, 0.F, 1.F)).c_str());
}

void add_text(pugi::xml_node node, std::string_view text) { node.append_child(pugi::node_pcdata).set_value(xml_text(text).c_str()); }

pugi::xml_node add_element(pugi::xml_node parent, const char* name, std::string_view text) {
  auto node = parent.append_child(name);
  add_text(node, text);
  return node;
}

std::string to_xml(const pugi::xml_document& document) {
  StringWriter writer;
  writer.bytes = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  document.print(writer, " ", pugi::format_indent | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(writer.bytes);
}

XmlFile::XmlFile(DocumentFiles& files, std::string_view suffix, std::string_view prologue, XmlLayout layout)
    : file_{files.open(suffix)}, layout_{layout} {
  file_->append(prologue);
}

void XmlFile::open(const pugi::xml_node& element) {
  pugi::xml_document alone;  // pugixml writes and escapes the attributes; its end is cut off
  auto tag = alone.append_child(element.name());
  for (const auto& attribute : element.attributes()) tag.append_copy(attribute);
  StringWriter writer;
  tag.print(writer, "", pugi::format_raw, pugi::encoding_utf8);
  auto text = writer.bytes.substr(0, writer.bytes.rfind('/'));
  while (text.ends_with(' ')) text.pop_back();
  file_->append(fmt::format("{}{}>\n", std::string(layout_ == XmlLayout::indented ? open_.size() : 0, ' '), text));
  open_.emplace_back(element.name());
}

void XmlFile::open(const char* name) {
  pugi::xml_document document;
  open(document.append_child(name));
}

void XmlFile::write(const pugi::xml_node& element) {
  StringWriter writer;
  const auto format = layout_ == XmlLayout::indented ? pugi::format_indent : pugi::format_raw;
  element.print(writer, " ", format, pugi::encoding_utf8, static_cast<unsigned>(open_.size()));
  if (!writer.bytes.ends_with('\n')) writer.bytes += '\n';
  file_->append(writer.bytes);
}

void XmlFile::close() {
  const auto name = open_.back();
  open_.pop_back();
  file_->append(fmt::format("{}</{}>\n", std::string(layout_ == XmlLayout::indented ? open_.size() : 0, ' '), name));
}

void XmlFile::finish() {
  while (!open_.empty()) close();
  file_->finish();
}

}  // namespace pecia::exporting
