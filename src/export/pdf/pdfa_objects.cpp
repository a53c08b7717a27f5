#include <fmt/format.h>

#include <array>

#include "content_forms.hpp"
#include "content_parts.hpp"
#include "pdfa.hpp"
#include "pdfa_tokens.hpp"

namespace pecia::exporting::pdf {
namespace {

using Object = QPDFObjectHandle;

std::string obstacle_of_form(Object form) {
  for (const auto* key : {"/Ref", "/OPI", "/PS"}) {
    if (!form.getDict().getKey(key).isNull()) return fmt::format("has the entry {}", key);
  }
  QPDFPageObjectHelper holder{form};
  try {
    if (size_of(holder) > most_content_bytes) return "is too long to be looked at";
    const auto obstacle = obstacle_of_tokens(holder);
    return obstacle.empty() ? "" : "has " + obstacle;
  } catch (const std::exception&) {
    return "cannot be read";
  }
}

std::string obstacle_of_stream(Object stream) {
  auto dict = stream.getDict();
  if (dict.getKey("/Subtype").isNameAndEquals("/PS") || dict.getKey("/Subtype2").isNameAndEquals("/PS")) return "is PostScript";
  for (const auto* key : {"/F", "/FFilter", "/FDecodeParms"}) {
    if (!dict.getKey(key).isNull()) return fmt::format("has the entry {}", key);
  }
  for (const auto* filter : {"/LZWDecode", "/LZW", "/Crypt"}) {
    if (is_coded_by(dict.getKey("/Filter"), filter)) return fmt::format("is coded by {}", filter + 1);
  }
  return {};
}

/// Colours that need more than the output intent, and metadata of which nobody knows whether they are XMP.
std::string obstacle_of_entries(Object dictionary, bool is_catalog) {
  for (const auto* key : {"/DefaultGray", "/DefaultRGB", "/DefaultCMYK"}) {
    if (!dictionary.getKey(key).isNull()) return fmt::format("says by {} what colours mean", key);
  }
  if (!is_catalog && dictionary.getKey("/Metadata").isStream()) return "has metadata of its own";
  if (auto space = dictionary.getKey("/CS"); dictionary.getKey("/S").isNameAndEquals("/Transparency") && !space.isNull() &&
                                             !space.isNameAndEquals("/DeviceGray") && !space.isNameAndEquals("/DeviceRGB"))
    return "is a group of colours other than gray and RGB";
  return {};
}

/// With those that stand in it.
std::string obstacle_of_dictionaries(Object object, bool is_catalog) {
  auto dictionary = object.isStream() ? object.getDict() : object;
  std::string obstacle;
  const auto look_at = [&](Object inner) {
    if (obstacle.empty() && !inner.isIndirect()) obstacle = obstacle_of_dictionaries(inner, false);
  };
  if (object.isArray()) {
    for (const auto& inner : object.getArrayAsVector()) look_at(inner);
  } else if (dictionary.isDictionary()) {
    obstacle = obstacle_of_entries(dictionary, is_catalog);
    for (const auto& key : dictionary.getKeys()) look_at(dictionary.getKey(key));
  }
  return obstacle;
}

}  // namespace

bool is_coded_by(QPDFObjectHandle filters, const std::string& name) {
  for (int n = 0; filters.isArray() && n < filters.getArrayNItems(); ++n) {
    if (filters.getArrayItem(n).isNameAndEquals(name)) return true;
  }
  return filters.isNameAndEquals(name);
}

std::string obstacle_of_objects(QPDF& pdf) {
  constexpr std::size_t most_objects = 8'388'607;
  const auto catalog = pdf.getRoot().getObjGen();
  const auto objects = pdf.getAllObjects();
  if (objects.size() > most_objects) return "it has more than 8,388,607 objects";
  for (auto object : objects) {
    const int number = object.getObjectID();
    if (object.isStream()) {
      if (object.getDict().getKey("/Type").isNameAndEquals("/EmbeddedFile")) return "it has EmbeddedFiles";
      if (const auto obstacle = obstacle_of_stream(object); !obstacle.empty())
        return fmt::format("a stream (object {}) {}", number, obstacle);
      if (object.getDict().getKey("/Subtype").isNameAndEquals("/Form")) {
        if (const auto obstacle = obstacle_of_form(object); !obstacle.empty())
          return fmt::format("a form (object {}) {}", number, obstacle);
      }
    }
    if (const auto obstacle = obstacle_of_dictionaries(object, object.getObjGen() == catalog); !obstacle.empty())
      return fmt::format("object {} {}", number, obstacle);
    if (const auto obstacle = beyond_limits(object); !obstacle.empty()) return fmt::format("object {} has {}", number, obstacle);
  }
  return {};
}

}  // namespace pecia::exporting::pdf
