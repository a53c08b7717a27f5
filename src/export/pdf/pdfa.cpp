#include "pdfa.hpp"

#include <fmt/format.h>

#include <cmath>
#include <deque>
#include <string_view>

#include "content_parts.hpp"
#include "metadata.hpp"
#include "output_intent.hpp"
#include "pdfa_tokens.hpp"

namespace pecia::exporting::pdf {
namespace {

using Object = QPDFObjectHandle;

/// Colours that need no more than the output intent, or say themselves what they are (6.2.4).
std::string obstacle_of_color(Object space, int depth = 0) {
  if (space.isNull()) return {};  // of JPEG 2000: in its own data
  if (space.isName()) {
    const auto name = space.getName();
    return name == "/DeviceGray" || name == "/DeviceRGB" ? "" : "an image has the colours " + name.substr(1);
  }
  if (!space.isArray() || space.getArrayNItems() < 2 || !space.getArrayItem(0).isName() || depth > 2)
    return "an image has colours of an unknown kind";
  auto name = space.getArrayItem(0).getName();
  if (name == "/CalGray" || name == "/CalRGB") return {};
  if (name == "/Indexed") return obstacle_of_color(space.getArrayItem(1), depth + 1);
  if (name == "/ICCBased") {
    auto profile = space.getArrayItem(1);
    return profile.isStream() && profile.getDict().getKey("/N").isInteger() ? "" : "an image has a colour profile that is none";
  }
  return "an image has the colours " + name.substr(1);
}

std::string obstacle_of_image(Object image) {
  auto dict = image.getDict();
  for (const auto* key : {"/SMask", "/Alternates", "/OPI", "/F"}) {
    if (!dict.getKey(key).isNull()) return fmt::format("an image has the entry {}", key);
  }
  if (dict.getKey("/SMaskInData").isInteger() && dict.getKey("/SMaskInData").getIntValue() != 0) return "an image is transparent in parts";
  if (dict.getKey("/Interpolate").isBool() && dict.getKey("/Interpolate").getBoolValue()) return "an image is to be interpolated";
  for (const auto* filter : {"/LZWDecode", "/Crypt"}) {
    if (is_coded_by(dict.getKey("/Filter"), filter)) return fmt::format("an image is coded by {}", filter + 1);
  }
  if (auto intent = dict.getKey("/Intent"); !intent.isNull() && !is_rendering_intent(intent))
    return "an image has an unknown rendering intent";
  if (auto mask = dict.getKey("/Mask"); mask.isStream()) {
    if (!mask.getDict().getKey("/Mask").isNull()) return "a mask is masked";
    if (auto obstacle = obstacle_of_image(mask); !obstacle.empty()) return "of the mask of an image: " + obstacle;
  }
  if (dict.getKey("/ImageMask").isBool() && dict.getKey("/ImageMask").getBoolValue()) return {};
  return obstacle_of_color(dict.getKey("/ColorSpace"));
}

/// Sides of 3 to 14,400 units (6.1.13).
bool is_usual_box(Object box) {
  constexpr double shortest = 3, longest = 14'400;
  if (!box.isRectangle()) return false;
  const auto corners = box.getArrayAsRectangle();
  const auto is_usual = [&](double side) { return side >= shortest && side <= longest; };
  return is_usual(std::abs(corners.urx - corners.llx)) && is_usual(std::abs(corners.ury - corners.lly));
}

std::string obstacle_of_boxes(QPDFPageObjectHelper page) {
  if (!is_usual_box(page.getAttribute("/MediaBox", false))) return "its MediaBox is not of 3 to 14,400 units a side";
  for (const auto* key : {"/CropBox", "/BleedBox", "/TrimBox", "/ArtBox"}) {
    if (auto box = page.getAttribute(key, false); !box.isNull() && !is_usual_box(box))
      return fmt::format("its {} is not of 3 to 14,400 units a side", key + 1);
  }
  return {};
}

/// What the contents are made of, whatever they paint.
std::string obstacle_of_syntax(const PageContents& contents) {
  constexpr std::uint32_t most_levels = 28;  // of q, one of them ours (6.1.13)
  if (contents.cut_off) return "its contents are cut off";
  if (contents.unopened > 0 || contents.unclosed > 0 || contents.in_text) return "its contents have q, Q, BT or ET without the other";
  if (contents.unsound_forms) return "it paints a form whose contents are cut off, or have q, Q, BT or ET without the other";
  if (contents.oddities > 0) return "its contents are not sound";
  if (contents.deepest >= most_levels) return "its contents have more than 28 levels of q";
  if (contents.unknown_operators) return "its contents have operators that PDF 1.7 does not know";
  if (contents.unknown_intents) return "its contents ask for an unknown rendering intent";
  if (contents.borrowed_resources) return "it paints a form that has no resources of its own";
  return {};
}

/// Whether the entries of an outline do nothing but go to pages (6.5.1).
bool only_goes_to_pages(Object outline) {
  constexpr std::size_t most_entries = 100'000;
  std::deque<Object> open;
  open.push_back(outline);
  for (std::size_t count = 0; !open.empty(); ++count) {
    auto entry = open.back();
    open.pop_back();
    if (!entry.isDictionary()) continue;
    if (count > most_entries) return false;
    auto action = entry.getKey("/A");
    if (action.isDictionary() && (!action.getKey("/S").isNameAndEquals("/GoTo") || !action.getKey("/Next").isNull())) return false;
    open.push_back(entry.getKey("/Next"));
    open.push_back(entry.getKey("/First"));
  }
  return true;
}

}  // namespace

std::string obstacle_of_catalog(QPDF& pdf) {
  auto catalog = pdf.getRoot();
  for (const auto* key : {"/AA", "/AcroForm", "/OCProperties", "/Requirements", "/Perms", "/Collection", "/Threads", "/AF", "/DPartRoot",
                          "/NeedsRendering"}) {
    if (!catalog.getKey(key).isNull()) return fmt::format("its catalog has the entry {}", key);
  }
  auto open = catalog.getKey("/OpenAction");
  if (open.isDictionary() && (!open.getKey("/S").isNameAndEquals("/GoTo") || !open.getKey("/Next").isNull()))
    return "an action runs when it is opened";
  auto names = catalog.getKey("/Names");
  for (const auto* key : {"/JavaScript", "/EmbeddedFiles", "/AlternatePresentations"}) {
    if (names.isDictionary() && !names.getKey(key).isNull()) return fmt::format("it has {}", key + 1);
  }
  if (!only_goes_to_pages(catalog.getKey("/Outlines"))) return "its outline starts actions, or does not end";
  return obstacle_of_output_intents(pdf);
}

std::string obstacle_of_page(QPDFPageObjectHelper page, const PageContents& contents, bool text_is_ours) {
  auto object = page.getObjectHandle();
  if (!contents.readable) return "its contents cannot be followed";
  if (contents.drawings) return "it has drawings beside its image";
  if (contents.visible_text) return "it shows text in fonts of its own";
  if (!text_is_ours) return "it keeps text in fonts of its own";
  if (contents.graphics_states) return "it uses graphics states, which may make it transparent";
  if (contents.other_colors) return "it sets colours beyond gray and RGB";
  if (contents.inline_images) return "it has an inline image";
  if (contents.other_objects) return "it paints something that is neither an image nor a form";
  if (auto obstacle = obstacle_of_syntax(contents); !obstacle.empty()) return obstacle;
  if (contents.images == 0) return "it is no image";
  if (!object.getKey("/Annots").isNull()) return "it has annotations";
  if (!object.getKey("/AA").isNull()) return "it has actions";
  for (const auto* key : {"/PresSteps", "/AF", "/OutputIntents", "/DPart"}) {
    if (!object.getKey(key).isNull()) return fmt::format("it has the entry {}", key);
  }
  for (auto image : contents.image_objects) {
    if (auto obstacle = obstacle_of_image(image); !obstacle.empty()) return obstacle;
  }
  if (auto obstacle = obstacle_of_boxes(page); !obstacle.empty()) return obstacle;
  const auto obstacle = obstacle_of_tokens(page);
  return obstacle.empty() ? "" : "its contents have " + obstacle;
}

std::vector<std::string> make_pdfa(QPDF& pdf, const std::string& earlier_gaps) {
  pdf.getRoot().removeKey("/Version");  // it would go before that of the header
  set_output_intent(pdf);
  return make_pdfa_metadata(pdf, earlier_gaps);
}

}  // namespace pecia::exporting::pdf
