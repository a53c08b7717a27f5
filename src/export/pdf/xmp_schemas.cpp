#include "xmp_schemas.hpp"

#include <algorithm>
#include <array>
#include <regex>

namespace pecia::exporting::pdf {
namespace {

struct Schema {
  std::string_view prefix, uri;
};
constexpr std::array<Schema, 7> schemas{{{"dc", "http://purl.org/dc/elements/1.1/"},
                                         {"pdf", "http://ns.adobe.com/pdf/1.3/"},
                                         {"xmp", "http://ns.adobe.com/xap/1.0/"},
                                         {"xmpRights", "http://ns.adobe.com/xap/1.0/rights/"},
                                         {"xmpMM", "http://ns.adobe.com/xap/1.0/mm/"},
                                         {"photoshop", "http://ns.adobe.com/photoshop/1.0/"},
                                         {"tiff", "http://ns.adobe.com/tiff/1.0/"}}};

/// XMP Specification of September 2005, to which ISO 19005-2 refers: what has plain values.
constexpr auto known_properties = [] {
  using enum XmpProperty::Form;
  return std::array{
      XmpKnown{"dc:contributor", bag},
      XmpKnown{"dc:coverage"},
      XmpKnown{"dc:creator", seq},
      XmpKnown{"dc:date", seq, XmpKind::date},
      XmpKnown{"dc:description", alt},
      XmpKnown{"dc:identifier"},
      XmpKnown{"dc:language", bag},
      XmpKnown{"dc:publisher", bag},
      XmpKnown{"dc:relation", bag},
      XmpKnown{"dc:rights", alt},
      XmpKnown{"dc:source"},
      XmpKnown{"dc:subject", bag},
      XmpKnown{"dc:title", alt},
      XmpKnown{"dc:type", bag},
      XmpKnown{"pdf:Keywords"},
      XmpKnown{"pdf:Producer"},
      XmpKnown{"xmp:BaseURL"},
      XmpKnown{"xmp:CreateDate", text, XmpKind::date},
      XmpKnown{"xmp:CreatorTool"},
      XmpKnown{"xmp:Identifier", bag},
      XmpKnown{"xmp:Label"},
      XmpKnown{"xmp:MetadataDate", text, XmpKind::date},
      XmpKnown{"xmp:ModifyDate", text, XmpKind::date},
      XmpKnown{"xmp:Nickname"},
      XmpKnown{"xmp:Rating", text, XmpKind::integer},
      XmpKnown{"xmpRights:Certificate"},
      XmpKnown{"xmpRights:Marked", text, XmpKind::boolean},
      XmpKnown{"xmpRights:Owner", bag},
      XmpKnown{"xmpRights:UsageTerms", alt},
      XmpKnown{"xmpRights:WebStatement"},
      XmpKnown{"xmpMM:DocumentID"},
      XmpKnown{"xmpMM:InstanceID"},
      XmpKnown{"xmpMM:VersionID"},
      XmpKnown{"photoshop:AuthorsPosition"},
      XmpKnown{"photoshop:CaptionWriter"},
      XmpKnown{"photoshop:City"},
      XmpKnown{"photoshop:Country"},
      XmpKnown{"photoshop:Credit"},
      XmpKnown{"photoshop:DateCreated", text, XmpKind::date},
      XmpKnown{"photoshop:Headline"},
      XmpKnown{"photoshop:Instructions"},
      XmpKnown{"photoshop:Source"},
      XmpKnown{"photoshop:State"},
      XmpKnown{"photoshop:TransmissionReference"},
      XmpKnown{"tiff:Artist"},
      XmpKnown{"tiff:Copyright", alt},
      XmpKnown{"tiff:DateTime", text, XmpKind::date},
      XmpKnown{"tiff:ImageDescription", alt},
      XmpKnown{"tiff:Make"},
      XmpKnown{"tiff:Model"},
      XmpKnown{"tiff:Software"},
  };
}();

}  // namespace

std::string_view usual_prefix(std::string_view uri) {
  const auto* found = std::ranges::find(schemas, uri, &Schema::uri);
  return found == schemas.end() ? "" : found->prefix;
}

std::string schema_declarations() {
  std::string out;
  for (const auto& schema : schemas) out.append(" xmlns:").append(schema.prefix).append("=\"").append(schema.uri).append("\"");
  return out;
}

const XmpKnown* known_property(std::string_view name) {
  const auto* found = std::ranges::find(known_properties, name, &XmpKnown::name);
  return found == known_properties.end() ? nullptr : found;
}

bool is_of_kind(std::string_view value, XmpKind kind) {
  static const std::regex date{R"(\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?)"};
  static const std::regex integer{R"([+-]?\d{1,9})"};
  constexpr std::size_t longest = 64;
  if (kind == XmpKind::text) return true;
  if (kind == XmpKind::boolean) return value == "True" || value == "False";
  return value.size() <= longest && std::regex_match(value.begin(), value.end(), kind == XmpKind::date ? date : integer);
}

}  // namespace pecia::exporting::pdf
