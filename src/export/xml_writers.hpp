#pragma once

#include <string>
#include <string_view>

#include "format.hpp"

namespace pecia::exporting {

// What is in each file, and how roles map: docs/export_xml.md.
inline constexpr std::string_view html_suffix = ".html";
inline constexpr std::string_view hocr_suffix = ".hocr";
inline constexpr std::string_view alto_suffix = ".alto";  ///< a folder: ".alto/0001.xml"
inline constexpr std::string_view page_suffix = ".page";  ///< likewise
inline constexpr std::string_view mets_suffix = ".mets.xml";

/// The file of a page in the folder of its document: "/0001.xml".
[[nodiscard]] std::string page_file(std::uint32_t number);

/// The flow of the document as a page to be read; needs no other file but the figures that were written.
void write_html(const merge::Book& book, const WriteContext& context, DocumentFiles& files);
/// hOCR 1.2 (https://kba.github.io/hocr-spec/1.2/), well-formed XML.
void write_hocr(const merge::Book& book, const WriteContext& context, DocumentFiles& files);
/// ALTO 4.4 (https://www.loc.gov/standards/alto/), a file per page.
void write_alto(const merge::Book& book, const WriteContext& context, DocumentFiles& files);
/// PAGE 2019-07-15 (https://github.com/PRImA-Research-Lab/PAGE-XML), a file per page.
void write_page_xml(const merge::Book& book, const WriteContext& context, DocumentFiles& files);
/// METS 1.12.1 (https://www.loc.gov/standards/mets/); refers to what `context.formats` names, to a PDF if it is there.
void write_mets(const merge::Book& book, const WriteContext& context, DocumentFiles& files);

}  // namespace pecia::exporting
