#include "output_intent.hpp"

#include <qpdf/QPDFObjectHandle.hh>
#include <string_view>

#include "content_parts.hpp"
#include "maker.hpp"
#include "pdfa.hpp"

namespace pecia::exporting::pdf {
namespace {

using Object = QPDFObjectHandle;

constexpr std::size_t entry_bytes = 12;

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(at, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

/// Of an RGB monitor or printer, of a version up to 4, with a table of tags that lie within it (ICC.1:2010, 7.2 and 7.3).
bool is_rgb_profile(std::string_view bytes) {
  if (bytes.size() < icc_header_bytes + 4 || number_at(bytes, 0) != bytes.size() || bytes.substr(36, 4) != "acsp") return false;
  const auto device = bytes.substr(12, 4);
  if (bytes[8] < 2 || bytes[8] > 4 || (device != "mntr" && device != "prtr") || bytes.substr(16, 4) != "RGB ") return false;
  const auto tags = number_at(bytes, icc_header_bytes);
  if (tags == 0 || tags > (bytes.size() - icc_header_bytes - 4) / entry_bytes) return false;
  for (std::uint64_t n = 0; n < tags; ++n) {
    const auto entry = static_cast<std::size_t>(icc_header_bytes + 4 + n * entry_bytes);
    if (number_at(bytes, entry + 4) + number_at(bytes, entry + 8) > bytes.size()) return false;
  }
  return true;
}

bool has_rgb_profile(Object intent) {
  auto profile = intent.getKey("/DestOutputProfile");
  if (!profile.isStream() || !profile.getDict().getKey("/N").isInteger() || profile.getDict().getKey("/N").getIntValue() != 3) return false;
  const auto data = decoded(profile);
  return data && is_rgb_profile(*data);
}

}  // namespace

std::string obstacle_of_output_intents(QPDF& pdf) {
  auto intents = pdf.getRoot().getKey("/OutputIntents");
  if (intents.isNull() || (intents.isArray() && intents.getArrayNItems() == 0)) return {};
  if (!intents.isArray() || intents.getArrayNItems() != 1 || !intents.getArrayItem(0).isDictionary())
    return "it has several output intents";
  auto intent = intents.getArrayItem(0);
  const bool sound = intent.getKey("/S").isNameAndEquals("/GTS_PDFA1") && intent.getKey("/OutputConditionIdentifier").isString() &&
                     intent.getKey("/DestOutputProfileRef").isNull() && has_rgb_profile(intent);
  return sound ? "" : "it has an output intent that is not of PDF/A, or not RGB with a sound profile: another one would change its colours";
}

void set_output_intent(QPDF& pdf) {
  auto catalog = pdf.getRoot();
  if (auto there = catalog.getKey("/OutputIntents"); there.isArray() && there.getArrayNItems() > 0) return;
  auto profile = compressed_stream(pdf, srgb_profile());
  profile.getDict().replaceKey("/N", Object::newInteger(3));
  auto intent = Object::parse(
      "<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/RegistryName(http://"
      "www.color.org)/Info(sRGB IEC61966-2.1)>>");
  intent.replaceKey("/DestOutputProfile", pdf.makeIndirectObject(profile));
  catalog.replaceKey("/OutputIntents", Object::newArray({pdf.makeIndirectObject(intent)}));
}

}  // namespace pecia::exporting::pdf
