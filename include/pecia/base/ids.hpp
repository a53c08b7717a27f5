#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pecia {

/// Names a document for ever: the first 8 bytes (big endian) of the SHA-256 of its path relative to
/// the root of the corpus, so that an archive can be moved. Computed in room `corpus`.
struct DocumentId {
  std::uint64_t value = 0;
  auto operator<=>(const DocumentId&) const = default;
};

/// 16 lower-case hexadecimal digits.
[[nodiscard]] std::string to_string(DocumentId id);
/// The inverse; throws `Error` for anything but 16 hexadecimal digits.
[[nodiscard]] DocumentId parse_document_id(std::string_view text);

/// A page within one job: `document` is the position in this job's manifest, `page` counts from 1.
/// Page 0 stands for a document whose pages cannot be counted. Never written to a file: there a
/// page is (DocumentId, revision, page).
struct PageRef {
  std::uint32_t document = 0;
  std::uint32_t page = 0;
  auto operator<=>(const PageRef&) const = default;
};

}  // namespace pecia

template <>
struct std::hash<pecia::DocumentId> {
  std::size_t operator()(const pecia::DocumentId& id) const noexcept { return id.value; }
};
