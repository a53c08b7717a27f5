#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pecia/corpus/document.hpp"

// Zip archives, as far as it takes to tell what they hold (APPNOTE.TXT of PKWARE, 4.3); compound files, too ([MS-CFB], 2.6.1).
namespace pecia::corpus {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t local_header_bytes = 30, entry_bytes = 46, end_bytes = 22;
constexpr std::size_t most_comment_bytes = 65'535;
constexpr std::size_t most_entries = 65'535;
constexpr std::size_t stream_bytes = 128;  ///< of a directory entry; sectors are multiples of it

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t n = 0; n < size; ++n)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + n])) << (8 * n);
  return value;
}

/// OpenDocument wants its type first in the file, as it is, so that it can be told by the first bytes.
bool is_odt(std::string_view file) {
  constexpr auto text = "application/vnd.oasis.opendocument.text"sv;
  constexpr auto name = "mimetype"sv;
  if (file.size() < local_header_bytes || number(file, 8, 2) != 0) return false;  // not compressed
  if (file.substr(local_header_bytes, name.size()) != name || number(file, 26, 2) != name.size()) return false;
  const auto begins = local_header_bytes + name.size() + number(file, 28, 2);
  // "-template" and "-master" are text documents, too.
  return begins < file.size() && file.substr(begins).starts_with(text);
}

/// Where the list of the archive's files begins.
std::optional<std::size_t> directory_of(std::string_view file) {
  if (file.size() < end_bytes) return std::nullopt;
  const auto tail = file.substr(file.size() - std::min(file.size(), end_bytes + most_comment_bytes));
  const auto at = tail.rfind("PK\5\6"sv);
  if (at == std::string_view::npos || tail.size() - at < end_bytes) return std::nullopt;
  return number(tail, at + 16, 4);
}

bool is_docx(std::string_view file) {
  auto at = directory_of(file);
  bool has_types = false, has_text = false;
  for (std::size_t n = 0; at && n < most_entries; ++n) {
    if (*at > file.size() || file.size() - *at < entry_bytes || file.substr(*at, 4) != "PK\1\2"sv) break;
    const auto name = file.substr(*at + entry_bytes, number(file, *at + 28, 2));
    has_types = has_types || name == "[Content_Types].xml";
    has_text = has_text || name.starts_with("word/");
    *at += entry_bytes + number(file, *at + 28, 2) + number(file, *at + 30, 2) + number(file, *at + 32, 2);
  }
  return has_types && has_text;
}

/// The directory entry of a stream of encrypted bytes ([MS-OFFCRYPTO], 2.3.4.4): its name in UTF-16, with its end, the length of that, a stream.
bool is_encrypted_package(std::string_view entry) {
  constexpr auto name = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0\0\0"sv;
  constexpr std::size_t length_at = 64, type_at = 66;
  return entry.starts_with(name) && number(entry, length_at, 2) == name.size() && entry[type_at] == 2;
}

}  // namespace

bool is_encrypted_office(std::span<const std::byte> file) noexcept {
  const std::string_view text{reinterpret_cast<const char*>(file.data()), file.size()};
  if (!text.starts_with("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv)) return false;
  for (auto at = stream_bytes; at + stream_bytes <= text.size(); at += stream_bytes) {
    if (is_encrypted_package(text.substr(at, stream_bytes))) return true;
  }
  return false;
}

Format detect_office(std::span<const std::byte> file) noexcept {
  const std::string_view text{reinterpret_cast<const char*>(file.data()), file.size()};
  if (!text.starts_with("PK\3\4"sv)) return Format::unknown;
  if (is_odt(text)) return Format::odt;
  if (is_docx(text)) return Format::docx;
  return Format::unknown;
}

}  // namespace pecia::corpus
