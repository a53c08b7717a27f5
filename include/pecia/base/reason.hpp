#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pecia {

/// Why a page has no text. The numbers and names are written to files: never change or reuse one.
enum class Reason : std::uint8_t {
  none = 0,
  not_a_document = 1,     ///< no format that pecia reads; the file is skipped
  unreadable = 2,         ///< damaged: no decoder could make a page of it
  unsupported = 3,        ///< sound, but coded in a way that is not read
  encrypted = 4,          ///< needs a password that the job does not give
  no_pages = 5,           ///< a document without pages
  checksum_mismatch = 6,  ///< not the file that the bag's manifest describes
  vanished = 7,           ///< was listed, is not there
  too_large = 8,          ///< more pixels or bytes than the limits allow
  timeout = 9,            ///< parsing or decoding took longer than its limit
  child_crashed = 10,     ///< the process that parses documents died on it
  engine_crashed = 11,    ///< the process that reads pages died on it
  engine_timeout = 12,    ///< the engine made no progress until the watchdog ended it
  engine_failed = 13,     ///< the engine refused the page, or its answer made no sense
  io_error = 14,          ///< the file could not be opened or read
  out_of_memory = 15,     ///< more memory than the limits allow
  poison = 16,            ///< twice, the rank that read it and nothing else died
  repetition = 17,        ///< the model repeats itself on it, however it is asked
  no_end = 18,            ///< the model found no end of its text within the limit
  has_text = 19,          ///< skipped: the page has a text layer, and the job says `page.text_layer: skip`
  low_confidence = 20,    ///< of an attempt: it was read poorly, and another way of reading was tried
  needs_libreoffice = 21, ///< a DOCX or ODT, and there is no LibreOffice here
  portfolio = 22,         ///< a PDF that is a wrapping around other files
  xfa_form = 23,          ///< a PDF whose pages are made by a viewer of XFA forms alone
  page_tree = 24,         ///< a PDF whose page tree loops or leads nowhere, so that no page was found
  engine_lost = 25,       ///< the process that reads many pages at once died with this one and others in it
};

/// The stable name, as in the enumerators above.
[[nodiscard]] std::string_view name(Reason reason) noexcept;
[[nodiscard]] std::optional<Reason> parse_reason(std::string_view name) noexcept;
/// Every reason but `none`, in order.
[[nodiscard]] std::span<const Reason> all_reasons() noexcept;

}  // namespace pecia
