#include "xmp.hpp"

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "pecia/base/text.hpp"
#include "xmp_schemas.hpp"

namespace pecia::exporting::pdf {
namespace {

using XmpForm = XmpProperty::Form;

constexpr std::string_view rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
constexpr std::string_view pdfa_id = "http://www.aiim.org/pdfa/ns/id/";
constexpr std::string_view pdfa_extension = "http://www.aiim.org/pdfa/ns/extension/";
constexpr std::string_view any_language = "x-default";

struct Name {
  std::string_view uri, local;
};

/// Of an element or attribute at or below `scope`.
Name resolved(pugi::xml_node scope, std::string_view name, bool attribute) {
  const auto colon = name.find(':');
  const auto prefix = colon == std::string_view::npos ? std::string_view{} : name.substr(0, colon);
  const auto local = colon == std::string_view::npos ? name : name.substr(colon + 1);
  if (prefix.empty() && attribute) return {"", local};
  const auto declaration = prefix.empty() ? std::string{"xmlns"} : "xmlns:" + std::string{prefix};
  for (auto node = scope; node; node = node.parent()) {
    if (const auto found = node.attribute(declaration.c_str())) return {found.value(), local};
  }
  return {"", local};
}

Name name_of(pugi::xml_node element) { return resolved(element, element.name(), false); }
bool is(pugi::xml_node element, std::string_view uri, std::string_view local) {
  const auto name = name_of(element);
  return name.uri == uri && name.local == local;
}

bool is_declaration(std::string_view attribute) { return attribute == "xmlns" || attribute.starts_with("xmlns:"); }

std::vector<pugi::xml_node> elements_of(pugi::xml_node parent) {
  std::vector<pugi::xml_node> found;
  for (auto child : parent.children()) {
    if (child.type() == pugi::node_element) found.push_back(child);
  }
  return found;
}

/// The rdf:Description of a packet; nothing if it has no rdf:RDF.
std::optional<std::vector<pugi::xml_node>> descriptions_of(const pugi::xml_document& packet) {
  for (auto root : elements_of(packet)) {
    auto inside = elements_of(root);
    inside.insert(inside.begin(), root);
    for (auto one : inside) {
      if (!is(one, rdf, "RDF")) continue;
      auto all = elements_of(one);
      std::erase_if(all, [](auto node) { return !is(node, rdf, "Description"); });
      return all;
    }
  }
  return std::nullopt;
}

/// Of an element without elements in it, and with no more attributes than a plain value has.
std::optional<XmpProperty::Item> plain_item(pugi::xml_node element) {
  XmpProperty::Item item;
  for (const auto attribute : element.attributes()) {
    const std::string_view name = attribute.name();
    const auto full = resolved(element, name, true);
    if (name == "xml:lang")
      item.language = attribute.value();
    else if (full.uri == rdf && full.local == "resource")
      item.text = attribute.value();
    else if (!is_declaration(name))
      return std::nullopt;
  }
  for (auto child : element.children()) {
    if (child.type() == pugi::node_element) return std::nullopt;
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) item.text += child.value();
  }
  item.text = plain_text(item.text);
  return item;
}

/// Nothing if the property has a structure.
std::optional<std::vector<XmpProperty::Item>> items_of(pugi::xml_node property) {
  const auto inside = elements_of(property);
  std::vector<pugi::xml_node> holders{property};
  if (inside.size() == 1 && name_of(inside[0]).uri == rdf) {
    const auto container = name_of(inside[0]).local;
    if (container != "Bag" && container != "Seq" && container != "Alt") return std::nullopt;
    holders = elements_of(inside[0]);
  }
  std::vector<XmpProperty::Item> items;
  for (auto holder : holders) {
    auto item = plain_item(holder);
    if (!item) return std::nullopt;
    if (!item->text.empty()) items.push_back(*std::move(item));
  }
  return items;
}

bool is_language(std::string_view tag) {
  const auto is_part = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
  return !tag.empty() && tag.size() < 64 && std::ranges::all_of(tag, is_part);
}

/// Each language once, and one of them for any.
bool arrange_alternatives(std::vector<XmpProperty::Item>& items) {
  if (items.front().language.empty()) items.front().language = any_language;
  const auto by_default = std::ranges::find(items, any_language, &XmpProperty::Item::language);
  if (by_default == items.end())
    items.insert(items.begin(), {items.front().text, std::string{any_language}});
  else
    std::rotate(items.begin(), by_default, by_default + 1);
  for (auto one = items.begin(); one != items.end(); ++one) {
    if (!is_language(one->language) || std::ranges::count(items, one->language, &XmpProperty::Item::language) > 1) return false;
  }
  return true;
}

/// False if the values are not such as the property has.
bool fit(const XmpKnown& known, std::vector<XmpProperty::Item>& items) {
  if (known.form == XmpForm::text && items.size() > 1) return false;
  if (!std::ranges::all_of(items, [&](const auto& item) { return is_of_kind(item.text, known.kind); })) return false;
  if (known.form == XmpForm::alt) return arrange_alternatives(items);
  return true;
}

class Reading {
 public:
  /// `items`: nothing if it has a structure.
  void add(const Name& name, std::string_view as_written, std::optional<std::vector<XmpProperty::Item>> items) {
    const auto prefix = usual_prefix(name.uri);
    const auto usual = prefix.empty() ? std::string{} : std::string{prefix} + ":" + std::string{name.local};
    if (name.uri == pdfa_id || name.uri == pdfa_extension || usual == "dc:format" || usual == "pdf:PDFVersion") return;
    if (items && items->empty()) return;
    const auto* known = known_property(usual);
    const bool twice = std::ranges::find(packet_.properties, usual, &XmpProperty::name) != packet_.properties.end();
    if (known == nullptr || !items || twice || !fit(*known, *items))
      packet_.left_out.emplace_back(as_written);
    else
      packet_.properties.push_back({usual, known->form, *std::move(items)});
  }
  [[nodiscard]] const XmpPacket& packet() const { return packet_; }

 private:
  XmpPacket packet_;
};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string written(const XmpProperty& property) {
  const auto open = "<" + property.name + ">", close = "</" + property.name + ">\n";
  if (property.form == XmpForm::text) return open + escaped(property.items.front().text) + close;
  const std::string container = property.form == XmpForm::bag ? "rdf:Bag" : property.form == XmpForm::seq ? "rdf:Seq" : "rdf:Alt";
  std::string out = open + "<" + container + ">";
  for (const auto& item : property.items) {
    out += property.form == XmpForm::alt ? "<rdf:li xml:lang=\"" + item.language + "\">" : "<rdf:li>";
    out += escaped(item.text) + "</rdf:li>";
  }
  return out + "</" + container + ">" + close;
}

/// Takes what identifies a file as PDF/A out of an rdf:Description.
class Identification {
 public:
  void take_from(pugi::xml_node description) {
    std::vector<std::string> attributes;
    for (const auto attribute : description.attributes()) {
      if (note(resolved(description, attribute.name(), true), attribute.value())) attributes.emplace_back(attribute.name());
    }
    for (const auto& name : attributes) description.remove_attribute(name.c_str());
    for (auto property : elements_of(description)) {
      if (note(name_of(property), property.text().get())) description.remove_child(property);
    }
  }
  /// Its namespace, which nothing is of any more.
  static void take_declarations_from(pugi::xml_node element) {
    for (auto attribute = element.first_attribute(); attribute;) {
      const auto next = attribute.next_attribute();
      if (is_declaration(attribute.name()) && attribute.value() == pdfa_id) element.remove_attribute(attribute);
      attribute = next;
    }
  }
  [[nodiscard]] std::string claim() const { return found_ ? "PDF/A-" + part_ + conformance_ : ""; }

 private:
  bool note(const Name& name, std::string_view value) {
    if (name.uri != pdfa_id) return false;
    found_ = true;
    if (name.local == "part") part_ = shortened(printable(value), 8);
    if (name.local == "conformance") conformance_ = shortened(printable(value), 8);
    return true;
  }
  bool found_ = false;
  std::string part_, conformance_;
};

}  // namespace

std::string plain_text(const std::string& text) {
  std::string out;
  for (char before = 0; const char c : to_utf8(text)) {
    if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
    else if (c == '\t' || c == '\r' || (c == '\n' && before != '\r'))
      out += ' ';
    before = c;
  }
  for (const std::string_view forbidden : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {  // U+FFFE, U+FFFF
    for (auto at = out.find(forbidden); at != std::string::npos; at = out.find(forbidden, at)) out.erase(at, forbidden.size());
  }
  return out;
}

std::optional<XmpPacket> predefined_properties(std::string_view packet) {
  pugi::xml_document document;
  if (!document.load_buffer(packet.data(), packet.size())) return std::nullopt;
  const auto descriptions = descriptions_of(document);
  if (!descriptions) return std::nullopt;
  Reading reading;
  for (auto description : *descriptions) {
    for (const auto attribute : description.attributes()) {
      const auto name = resolved(description, attribute.name(), true);
      if (is_declaration(attribute.name()) || name.uri == rdf || std::string_view{attribute.name()} == "xml:lang") continue;
      const auto text = plain_text(attribute.value());
      reading.add(name, attribute.name(), text.empty() ? std::vector<XmpProperty::Item>{} : std::vector<XmpProperty::Item>{{text, ""}});
    }
    for (auto property : elements_of(description)) reading.add(name_of(property), property.name(), items_of(property));
  }
  return reading.packet();
}

std::string pdfa_packet(const std::vector<XmpProperty>& properties) {
  std::string out =
      "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
      "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n<rdf:Description rdf:about=\"\"" +
      schema_declarations() +
      " xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n"
      "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</"
      "pdfaid:conformance>\n<dc:format>application/pdf</dc:format>\n";
  for (const auto& property : properties) {
    if (!property.items.empty()) out += written(property);
  }
  return out + "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>";
}

std::optional<std::string> without_claim(std::string_view packet, std::string& claim) {
  claim.clear();
  pugi::xml_document document;
  if (!document.load_buffer(packet.data(), packet.size(), pugi::parse_full | pugi::parse_ws_pcdata)) return std::nullopt;
  const auto descriptions = descriptions_of(document);
  if (!descriptions) return std::nullopt;
  Identification identification;
  for (auto description : *descriptions) identification.take_from(description);
  claim = identification.claim();
  if (claim.empty()) return std::string{packet};
  for (auto description : *descriptions) {
    for (auto scope = description; scope; scope = scope.parent()) Identification::take_declarations_from(scope);
  }
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return out.str();
}

}  // namespace pecia::exporting::pdf
