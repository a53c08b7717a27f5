#include "pdf_traits.hpp"

#include <cstddef>
#include <set>
#include <vector>

namespace pecia::exporting::pdf {
namespace {

constexpr std::size_t most_fields = 100'000;

/// A field, and what it inherits (ISO 32000-1, 12.7.3.1).
struct Field {
  QPDFObjectHandle object;
  bool of_signature = false, with_value = false;
};

/// Fields of which there are too many to be looked at are taken for signed.
bool has_signature(QPDFObjectHandle fields) {
  std::vector<Field> open{{fields}};
  std::set<QPDFObjGen> seen;
  for (std::size_t count = 0; !open.empty();) {
    auto field = open.back();
    open.pop_back();
    if (field.object.isIndirect() && !seen.insert(field.object.getObjGen()).second) continue;
    if (field.object.isArray()) {
      for (auto one : field.object.getArrayAsVector()) open.push_back({one, field.of_signature, field.with_value});
    } else if (field.object.isDictionary()) {
      if (++count > most_fields) return true;
      if (auto type = field.object.getKey("/FT"); type.isName()) field.of_signature = type.isNameAndEquals("/Sig");
      field.with_value = field.with_value || field.object.getKey("/V").isDictionary();
      if (field.of_signature && field.with_value) return true;
      if (auto kids = field.object.getKey("/Kids"); kids.isArray()) open.push_back({kids, field.of_signature, field.with_value});
    }
  }
  return false;
}

}  // namespace

bool is_signed(QPDF& pdf) {
  auto catalog = pdf.getRoot();
  // Of its author, and of whoever gives readers rights to use (ISO 32000-1, 12.8.4; /UR is the latter's older form).
  for (const auto* key : {"/DocMDP", "/UR3", "/UR"}) {
    if (auto permissions = catalog.getKey("/Perms"); permissions.isDictionary() && permissions.getKey(key).isDictionary()) return true;
  }
  auto form = catalog.getKey("/AcroForm");
  if (!form.isDictionary()) return false;
  return has_signature(form.getKey("/Fields"));  // /SigFlags is set, too, where a field waits for one
}

bool is_tagged(QPDF& pdf) {
  auto catalog = pdf.getRoot();
  auto mark = catalog.getKey("/MarkInfo");
  const bool marked = mark.isDictionary() && mark.getKey("/Marked").isBool() && mark.getKey("/Marked").getBoolValue();
  return marked || catalog.getKey("/StructTreeRoot").isDictionary();
}

}  // namespace pecia::exporting::pdf
