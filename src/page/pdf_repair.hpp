#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

// Inside pecia-page only.
namespace pecia::page {

/// More indirect objects than this are no document that anybody reads, but one made to exhaust
/// memory.
constexpr std::size_t most_pdf_objects = 4'000'000;

/// A PDF written anew: decrypted, with a cross-reference table, and with a page tree of one level
/// that names the pages which were found, so that every reader counts and numbers them alike.
struct RepairedPdf {
  std::vector<std::byte> bytes;
  std::string found;       ///< what qpdf says was wrong, "" if nothing; for a person
  std::string encryption;  ///< "" or how it was encrypted: "AES-256, revision 6"
  std::size_t pages = 0;
  bool pages_by_type =
      false;  ///< the page tree led to no page; these are objects that say they are one
};

/// Beyond them a repair is given up.
struct RepairLimits {
  double cpu_s = 20;
  std::size_t largest_bytes = std::size_t{1}
                              << 30;  ///< of the PDF: the copy stands in memory beside it
  std::size_t most_growth_bytes = std::size_t{16} << 20;  ///< beyond twice the PDF
};

/// By libqpdf, in memory. `password` is tried after the empty one, also in other encodings. Throws
/// PageError: encrypted (wrong or no password), unsupported (an encryption that it does not know),
/// too_large (more objects than `most_pdf_objects`), page_tree or no_pages (sound but for that),
/// out_of_memory, unreadable.
[[nodiscard]] RepairedPdf repair_pdf(std::span<const std::byte> bytes, const std::string& password,
                                     const RepairLimits& limits = {});

/// "qpdf 11.3.0"
[[nodiscard]] std::string repairer();

}  // namespace pecia::page
