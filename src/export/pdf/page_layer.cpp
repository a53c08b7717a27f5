#include "page_layer.hpp"

#include <vector>

#include "maker.hpp"

namespace pecia::exporting::pdf {
namespace {

using Object = QPDFObjectHandle;

std::string repeated(int count, std::string_view text) {
  std::string out;
  for (int n = 0; n < count; ++n) out += text;
  return out;
}

Object own_dictionary(Object of, const std::string& key) {
  auto copy = of.getKey(key).isDictionary() ? of.getKey(key).shallowCopy() : Object::newDictionary();
  of.replaceKey(key, copy);
  return copy;
}

/// Those of a page that inherits them stay those of all.
Object resources_of(QPDFPageObjectHelper page) {
  auto resources = page.getAttribute("/Resources", false);
  if (resources.isDictionary()) return resources;
  resources = Object::newDictionary();
  page.getObjectHandle().replaceKey("/Resources", resources);
  return resources;
}

}  // namespace

void own_resources(QPDFPageObjectHelper page) {
  if (page.getObjectHandle().getKey("/Resources").isDictionary()) return;
  auto resources = resources_of(page);
  page.getObjectHandle().replaceKey("/Resources", resources.isIndirect() ? resources : resources.shallowCopy());
}

void PageLayers::clean_resources(QPDFPageObjectHelper page, const PageContents& contents) {
  if (!contents.has_removable_text()) return;
  auto resources = resources_of(page).shallowCopy();
  page.getObjectHandle().replaceKey("/Resources", resources);
  if (!contents.cleaned_forms.empty()) {
    auto objects = own_dictionary(resources, "/XObject");
    for (const auto& [name, form] : contents.cleaned_forms) objects.replaceKey(name, form);
  }
  if (contents.needs_no_fonts) resources.removeKey("/Font");
}

std::string PageLayers::font_name(QPDFPageObjectHelper page) const {
  auto resources = resources_of(page);
  auto fonts = resources.getKey("/Font");
  if (!fonts.isDictionary()) {
    fonts = Object::newDictionary();
    resources.replaceKey("/Font", fonts);
  }
  std::string name = "Pecia";
  for (int n = 1; fonts.hasKey("/" + name) && fonts.getKey("/" + name).getObjGen() != font_.object().getObjGen(); ++n)
    name = "Pecia" + std::to_string(n);
  if (!fonts.hasKey("/" + name)) fonts.replaceKey("/" + name, font_.object());
  return name;
}

void PageLayers::set(QPDFPageObjectHelper page, const PageContents& contents, const std::string& operators) {
  const bool in_front = !contents.readable || contents.unopened > 0 || contents.cut_off;
  const std::string opening = in_front ? operators : "q\n";
  const auto closing = (contents.in_text ? "\nET" : "") + repeated(contents.unclosed + 1, "\nQ") + "\n" + operators;
  auto object = page.getObjectHandle();
  if (contents.cleaned) {
    object.replaceKey("/Contents", compressed_stream(pdf_, opening + *contents.cleaned + (in_front ? "" : closing)));
    return;
  }
  if (!in_front && !opening_.isInitialized()) opening_ = Object::newStream(&pdf_, opening);
  std::vector<Object> streams{in_front ? compressed_stream(pdf_, opening) : opening_};
  auto before = object.getKey("/Contents");
  if (before.isStream()) streams.push_back(before);
  if (before.isArray()) {
    for (auto one : before.getArrayAsVector()) streams.push_back(one);
  }
  if (!in_front) streams.push_back(compressed_stream(pdf_, closing));
  object.replaceKey("/Contents", Object::newArray(streams));
}

}  // namespace pecia::exporting::pdf
