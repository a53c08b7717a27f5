#include "pecia/corpus/document.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "pecia/base/error.hpp"

namespace pecia::corpus {
namespace {

constexpr std::array<std::string_view, 8> format_names{"unknown", "pdf",      "tiff", "jpeg",
                                                       "png",     "jpeg2000", "docx", "odt"};
constexpr std::array<std::string_view, 11> coding_names{
    "unknown", "none", "flate", "lzw", "jpeg", "g3", "g4", "jpeg2000", "jbig2", "mixed", "drawn"};
constexpr std::size_t evidence_bytes = 4 + 4 + 1 + 8 + 4 + 3 * 4;

template <class Enum, std::size_t size>
std::optional<Enum> parse(const std::array<std::string_view, size>& names, std::string_view name) {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

/// A value that came from another process, checked against the number of enumerators.
template <class Enum>
Enum checked(Enum value, std::size_t count, std::string_view what) {
  require(static_cast<std::size_t>(value) < count, what);
  return value;
}

}  // namespace

std::string_view name(Format format) noexcept {
  return format_names[static_cast<std::size_t>(format)];
}
std::optional<Format> parse_format(std::string_view name) noexcept {
  return parse<Format>(format_names, name);
}
std::string_view name(Coding coding) noexcept {
  return coding_names[static_cast<std::size_t>(coding)];
}
std::optional<Coding> parse_coding(std::string_view name) noexcept {
  return parse<Coding>(coding_names, name);
}

Format detect_format(std::span<const std::byte> head) noexcept {
  using namespace std::string_view_literals;
  const std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
  for (const auto magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {  // + is BigTIFF
    if (text.starts_with(magic)) return Format::tiff;
  }
  if (text.starts_with("\xFF\xD8\xFF"sv)) return Format::jpeg;
  if (text.starts_with("\x89PNG\r\n\x1A\n"sv)) return Format::png;
  if (text.starts_with("\0\0\0\x0CjP  \r\n\x87\n"sv) || text.starts_with("\xFF\x4F\xFF\x51"sv))
    return Format::jpeg2000;
  if (text.substr(0, 1024).find("%PDF-"sv) != std::string_view::npos) return Format::pdf;
  return Format::unknown;
}

bool are_chapters(std::span<const std::uint32_t> first_pages, std::size_t pages) noexcept {
  std::uint32_t last = 0;
  for (const auto page : first_pages) {
    if (page <= last || page > pages) return false;
    last = page;
  }
  return true;
}

void encode(ByteWriter& out, const std::vector<PageEvidence>& pages) {
  out.put(static_cast<std::uint32_t>(pages.size()));
  for (const auto& page : pages) {
    out.put(page.width_px).put(page.height_px).put(page.coding);
    out.put(page.compressed_bytes).put(page.text_operators);
    out.put(page.transitions).put(page.components).put(page.coverage);
  }
}

std::vector<PageEvidence> decode_evidence(ByteReader& in) {
  std::vector<PageEvidence> pages(in.get_count(evidence_bytes));
  for (auto& page : pages) {
    page.width_px = in.get<float>();
    page.height_px = in.get<float>();
    page.coding = checked(in.get<Coding>(), coding_names.size(), "document: there is no such coding");
    page.compressed_bytes = in.get<std::uint64_t>();
    page.text_operators = in.get<std::uint32_t>();
    page.transitions = in.get<float>();
    page.components = in.get<float>();
    page.coverage = in.get<float>();
    require(std::isfinite(page.width_px) && std::isfinite(page.height_px), "document: a page of impossible size");
    require(std::isfinite(page.transitions) && std::isfinite(page.components) && std::isfinite(page.coverage),
            "document: impossible evidence of a page");
  }
  return pages;
}

void encode(ByteWriter& out, const Document& document) {
  out.put(document.id.value)
      .put_text(document.path)
      .put(document.size_bytes)
      .put(document.modified_ns);
  out.put(document.revision)
      .put(document.format)
      .put(document.problem)
      .put_text(document.problem_detail);
  encode(out, document.pages);
  out.put(static_cast<std::uint32_t>(document.chapters.size()));
  for (const auto page : document.chapters) out.put(page);
  encode(out, document.outline);
}

Document decode_document(ByteReader& in) {
  Document document;
  document.id.value = in.get<std::uint64_t>();
  document.path = in.get_text();
  document.size_bytes = in.get<std::uint64_t>();
  document.modified_ns = in.get<std::int64_t>();
  document.revision = in.get<std::uint32_t>();
  document.format =
      checked(in.get<Format>(), format_names.size(), "document: there is no such format");
  document.problem =
      checked(in.get<Reason>(), all_reasons().size() + 1, "document: there is no such reason");
  document.problem_detail = in.get_text();
  document.pages = decode_evidence(in);
  document.chapters.resize(in.get_count(sizeof(std::uint32_t)));
  for (auto& page : document.chapters) page = in.get<std::uint32_t>();
  require(are_chapters(document.chapters, document.pages.size()), "document: a chapter that begins nowhere");
  document.outline = decode_outline(in, document.pages.size());
  return document;
}

}  // namespace pecia::corpus
