#pragma once

#include <qpdf/QPDF.hh>
#include <string>
#include <vector>

#include "content_walk.hpp"

// PDF/A-2b (ISO 19005-2) of documents whose pages are images. docs/export_pdf.md lists the rules.
namespace pecia::exporting::pdf {

/// sRGB (IEC 61966-2-1) as an ICC profile of version 4.2, made here: it is nobody's but this program's.
[[nodiscard]] std::string srgb_profile();
inline constexpr std::size_t icc_header_bytes = 128;

/// What is in the way of a page that the run could not read.
inline const std::string may_be_damaged = "it could not be read, and its image may be damaged";

/// Empty, or why a document with such a catalog cannot be PDF/A here.
[[nodiscard]] std::string obstacle_of_catalog(QPDF& pdf);
/// The same of a page. `text_is_ours`: all text that it will have is the layer that is added.
[[nodiscard]] std::string obstacle_of_page(QPDFPageObjectHelper page, const PageContents& contents, bool text_is_ours);

/// The same of its objects, whatever they are for: streams coded as is not allowed, or elsewhere (6.1.7); forms; colours
/// that need more than the output intent; metadata beside those of the catalog; what is beyond the limits (6.1.13).
[[nodiscard]] std::string obstacle_of_objects(QPDF& pdf);

[[nodiscard]] bool is_coded_by(QPDFObjectHandle filters, const std::string& name);

/// Output intent, XMP metadata that agree with the document's information, and its identification. `earlier_gaps`: a notice
/// in the metadata that is no more true. Returns what is to be told of it.
std::vector<std::string> make_pdfa(QPDF& pdf, const std::string& earlier_gaps = {});

}  // namespace pecia::exporting::pdf
