#include "metadata.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <regex>
#include <string_view>

#include "content_parts.hpp"
#include "pecia/base/text.hpp"
#include "xmp.hpp"

namespace pecia::exporting::pdf {
namespace {

using Object = QPDFObjectHandle;

constexpr auto gaps_key = "/PeciaGaps";

bool is_time(int hour, int minute, int second) { return hour < 24 && minute < 60 && second < 60; }

/// "D:20260102030405+01'00'" as "2026-01-02T03:04:05+01:00"; "" if it is no date (ISO 32000-1, 7.9.4).
std::string iso_date(const std::string& date) {
  static const std::regex form{R"(D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)(?:00'?00'?)?|([+-]\d\d)'?(\d\d)?'?)?)"};
  std::smatch part;
  if (!std::regex_match(date, part, form)) return {};
  const auto or_else = [&](std::size_t n, const char* otherwise) { return part[n].matched ? part[n].str() : otherwise; };
  const auto value = [&](std::size_t n, const char* otherwise) { return std::stoi(or_else(n, otherwise)); };
  const std::chrono::year_month_day day{std::chrono::year{value(1, "")}, std::chrono::month{static_cast<unsigned>(value(2, "01"))},
                                        std::chrono::day{static_cast<unsigned>(value(3, "01"))}};
  const bool zone = is_time(std::abs(value(8, "00")), value(9, "00"), 0);
  if (value(1, "") == 0 || !day.ok() || !is_time(value(4, "00"), value(5, "00"), value(6, "00")) || !zone) return {};
  auto text = fmt::format("{}-{}-{}T{}:{}:{}", part[1].str(), or_else(2, "01"), or_else(3, "01"), or_else(4, "00"), or_else(5, "00"),
                          or_else(6, "00"));
  if (part[8].matched) return text + part[8].str() + ":" + or_else(9, "00");
  return part[7].matched ? text + "Z" : text;
}

struct Entry {
  const char *key, *name;
  XmpProperty::Form form;
};
/// Of the information dictionary, and what stands for it in XMP (ISO 19005-2, 6.6.3).
constexpr std::array<Entry, 9> entries{{{"/Title", "dc:title", XmpProperty::Form::alt},
                                        {"/Author", "dc:creator", XmpProperty::Form::seq},
                                        {"/Subject", "dc:description", XmpProperty::Form::alt},
                                        {gaps_key, "dc:coverage", XmpProperty::Form::text},
                                        {"/Keywords", "pdf:Keywords", XmpProperty::Form::text},
                                        {"/Creator", "xmp:CreatorTool", XmpProperty::Form::text},
                                        {"/Producer", "pdf:Producer", XmpProperty::Form::text},
                                        {"/CreationDate", "xmp:CreateDate", XmpProperty::Form::text},
                                        {"/ModDate", "xmp:ModifyDate", XmpProperty::Form::text}}};

std::string text_of(Object info, const std::string& key) { return info.getKey(key).isString() ? info.getKey(key).getUTF8Value() : ""; }

/// Of the information's entry, as XMP says it; "" if there is none, or XMP cannot say it. The entry is made to agree.
std::string agreed(Object info, const std::string& key) {
  const auto text = text_of(info, key);
  if (key.ends_with("Date")) return iso_date(text);
  auto kept = plain_text(text);
  if (kept != text) info.replaceKey(key, Object::newUnicodeString(kept));
  return kept;
}

/// The property says `text`, in other languages besides what it says there. False if it said something else.
bool set(std::vector<XmpProperty>& properties, const Entry& entry, const std::string& text) {
  const auto found = std::ranges::find(properties, entry.name, &XmpProperty::name);
  const bool alternatives = entry.form == XmpProperty::Form::alt;
  const XmpProperty::Item item{text, alternatives ? "x-default" : ""};
  if (found == properties.end()) {
    properties.push_back({entry.name, entry.form, {item}});
    return true;
  }
  const bool same = found->items.front().text == text && (alternatives || found->items.size() == 1);
  if (alternatives)
    found->items.front() = item;
  else
    found->items = {item};
  return same;
}

/// A notice of gaps is in the information for want of a subject: where the metadata have a description, that is one.
void prefer_description(Object info, std::vector<XmpProperty>& properties, const std::string& earlier_gaps) {
  if (!earlier_gaps.empty())
    std::erase_if(properties, [&](const auto& one) {
      return (one.name == "dc:coverage" || one.name == "dc:description") && one.items.front().text == plain_text(earlier_gaps);
    });
  const bool described = std::ranges::find(properties, "dc:description", &XmpProperty::name) != properties.end();
  const auto notice = text_of(info, gaps_key);
  if (described && !notice.empty() && notice == text_of(info, "/Subject")) info.removeKey("/Subject");
}

/// The document's XMP packet, "" if it cannot be read; nothing if it has none.
std::optional<std::string> packet_of(QPDF& pdf) {
  auto metadata = pdf.getRoot().getKey("/Metadata");
  if (!metadata.isStream()) return std::nullopt;
  return decoded(metadata).value_or("");
}

std::string names_in(std::vector<std::string> names) {
  constexpr std::size_t most_bytes = 300;
  for (auto& name : names) name = printable(to_utf8(name));
  return shortened(fmt::format("{}", fmt::join(names, ", ")), most_bytes);
}

/// Those of the document that PDF/A-2 predefines.
std::vector<XmpProperty> properties_of(QPDF& pdf, std::vector<std::string>& remarks) {
  const auto packet = packet_of(pdf);
  auto read = packet ? predefined_properties(*packet) : XmpPacket{};
  if (!read) {
    remarks.emplace_back("its XMP metadata are not well-formed: the PDF/A has what the information says in place of them");
    return {};
  }
  if (!read->left_out.empty())
    remarks.push_back("the PDF/A is without XMP metadata that PDF/A-2 does not predefine, or not with such a value: " +
                      names_in(std::move(read->left_out)));
  return std::move(read->properties);
}

}  // namespace

Object information_of(QPDF& pdf) {
  auto info = pdf.getTrailer().getKey("/Info");
  if (info.isDictionary()) return info;
  info = pdf.makeIndirectObject(Object::newDictionary());
  pdf.getTrailer().replaceKey("/Info", info);
  return info;
}

std::string note_gaps(QPDF& pdf, const std::string& notice) {
  if (notice.empty() && !pdf.getTrailer().getKey("/Info").isDictionary()) return {};
  auto info = information_of(pdf);
  const auto earlier = text_of(info, gaps_key);
  if (!earlier.empty() && earlier == text_of(info, "/Subject")) info.removeKey("/Subject");
  info.removeKey(gaps_key);
  if (notice.empty()) return earlier;
  info.replaceKey(gaps_key, Object::newUnicodeString(notice));
  if (text_of(info, "/Subject").empty()) info.replaceKey("/Subject", Object::newUnicodeString(notice));
  return earlier;
}

std::vector<std::string> make_pdfa_metadata(QPDF& pdf, const std::string& earlier_gaps) {
  std::vector<std::string> remarks, differing;
  auto properties = properties_of(pdf, remarks);
  auto info = information_of(pdf);
  prefer_description(info, properties, earlier_gaps);
  for (const auto& entry : entries) {
    const auto text = agreed(info, entry.key);
    if (text.empty())
      info.removeKey(entry.key);
    else if (!set(properties, entry, text) && !std::string_view{entry.key}.ends_with("Date"))
      differing.emplace_back(entry.name);
  }
  if (!differing.empty())
    remarks.push_back("XMP metadata and information of the document do not agree; the PDF/A has what the information says: " +
                      names_in(std::move(differing)));
  auto metadata = Object::newStream(&pdf, pdfa_packet(properties));  // not compressed: to be found by programs that know no PDF
  metadata.getDict().replaceKey("/Type", Object::newName("/Metadata"));
  metadata.getDict().replaceKey("/Subtype", Object::newName("/XML"));
  pdf.getRoot().replaceKey("/Metadata", pdf.makeIndirectObject(metadata));
  return remarks;
}

std::string drop_pdfa_claim(QPDF& pdf) {
  std::string claim;
  const auto packet = packet_of(pdf);
  if (!packet) return {};
  if (packet->empty()) return "the document's XMP metadata cannot be read, and stay as they are";
  const auto without = without_claim(*packet, claim);
  if (!without)
    return packet->find("http://www.aiim.org/pdfa/ns/id") == std::string::npos
               ? ""
               : "the document's XMP metadata say that it is PDF/A, and are not well-formed: they stay, but the copy is plain PDF";
  if (claim.empty()) return {};
  pdf.getRoot().getKey("/Metadata").replaceStreamData(*without, Object::newNull(), Object::newNull());
  return "the document says that it is " + claim + "; the copy is plain PDF, and does not say so";
}

}  // namespace pecia::exporting::pdf
