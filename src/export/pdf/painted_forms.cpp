#include "painted_forms.hpp"

#include <algorithm>

#include "content_parts.hpp"
#include "maker.hpp"

namespace pecia::exporting::pdf {
namespace {

using Object = QPDFObjectHandle;

bool has_resources(Object dictionary) { return dictionary.getKey("/Resources").isDictionary(); }

template <class Test>
bool any_of_kind(Object resources, const char* kind, Test&& test) {
  auto known = resources.isDictionary() ? resources.getKey(kind) : Object::newNull();
  if (!known.isDictionary()) return false;
  return std::ranges::any_of(known.getKeys(), [&](const auto& key) { return test(known.getKey(key)); });
}

}  // namespace

bool PaintedForms::add(const std::string& name, const FormKey& key, const Form& form) {
  keys_.insert(key);
  lent_.insert(form.borrowed.begin(), form.borrowed.end());
  const auto before = names_.find(name);
  if (before == names_.end()) {
    names_[name] = {key, form.cleaned};
    return true;
  }
  if (before->second.key == key) return true;
  before->second.cleaned.reset();
  return false;
}

bool PaintedForms::cleaned(bool all_lent, std::map<std::string, QPDFObjectHandle>& forms) const {
  bool all = true;
  for (const auto& [name, painted] : names_) {
    if (!painted.cleaned) continue;
    const bool lent = all_lent || lent_.contains(every_name) || lent_.contains(name);
    if (!lent) forms.emplace(name, *painted.cleaned);
    all = all && !lent;
  }
  return all;
}

std::vector<std::string> PaintedForms::borrowed(QPDFObjectHandle own, bool borrows) const {
  std::set<std::string> names = lent_;
  for (const auto& [name, painted] : names_) names.insert(name);
  auto objects = own.isDictionary() ? own.getKey("/XObject") : Object::newNull();
  if (!borrows && objects.isDictionary()) std::erase_if(names, [&](const auto& name) { return objects.hasKey(name); });
  return {names.begin(), names.end()};
}

bool are_lent(QPDFObjectHandle resources) {
  return any_of_kind(resources, "/Pattern", [](Object one) { return one.isStream() && !has_resources(one.getDict()); }) ||
         any_of_kind(resources, "/Font", [](Object one) { return is_type3(one) && !has_resources(one); });
}

bool lends_to_annotations(QPDFPageObjectHelper page) {
  auto annotations = page.getObjectHandle().getKey("/Annots");
  for (int n = 0; annotations.isArray() && n < annotations.getArrayNItems(); ++n) {
    auto one = annotations.getArrayItem(n);
    if (one.isDictionary() && !one.getKey("/AP").isNull()) return true;
  }
  return false;
}

QPDFObjectHandle copy_of_form(QPDFObjectHandle form, const std::optional<std::string>& contents, bool needs_no_fonts,
                              const std::map<std::string, QPDFObjectHandle>& forms) {
  auto copy = form.copyStream();
  copy.replaceStreamData(compressed(contents ? *contents : bytes_of(QPDFPageObjectHelper{form})), Object::newName("/FlateDecode"),
                         Object::newNull());
  auto own = form.getDict().getKey("/Resources");
  if (!own.isDictionary()) return copy;
  own = own.shallowCopy();
  if (needs_no_fonts) own.removeKey("/Font");
  if (!forms.empty()) {
    auto objects = own.getKey("/XObject").shallowCopy();
    for (const auto& [name, object] : forms) objects.replaceKey(name, object);
    own.replaceKey("/XObject", objects);
  }
  copy.getDict().replaceKey("/Resources", own);
  return copy;
}

}  // namespace pecia::exporting::pdf
