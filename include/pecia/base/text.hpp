#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pecia {

/// A file name may be any bytes; what we print and write as JSON must be UTF-8 on one line.
/// Bytes that are not valid UTF-8, and control characters, become `\xNN`; a backslash becomes `\\`.
/// Anything else stays as it is, so almost every real name does.
[[nodiscard]] std::string printable(std::string_view bytes);
/// The inverse of `printable`.
[[nodiscard]] std::string unprintable(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;
/// Valid UTF-8 in every case: each offending byte becomes U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view bytes);

/// At most `most_bytes` of UTF-8, cut between two characters and with "..." at the end where it is cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most_bytes);

/// Shell-like match of a relative path: `?` and `*` within a name, `[...]`, `**` over folders.
/// "**/x" also matches "x"; a pattern without a slash is matched against the last name as well.
/// Linear in the path for every pattern: no backtracking over folders.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view path);

/// "90m", "4h", "1d", "3600s", "1.5h", "1h30m": seconds; units d, h, m, s, each once and in this order.
/// Nothing for anything else, and for no time at all.
[[nodiscard]] std::optional<double> parse_duration_s(std::string_view text);

/// "1 page", "2 pages".
[[nodiscard]] std::string plural(unsigned long long number, std::string_view what);

/// Castagnoli CRC, as in iSCSI (RFC 3720 B.4); `seed` continues an earlier one.
[[nodiscard]] unsigned crc32c(std::string_view bytes, unsigned seed = 0) noexcept;

/// The candidate nearest to `word` by edit distance, empty if none is near (for "did you mean").
[[nodiscard]] std::string_view nearest(std::string_view word, const std::string_view* first,
                                       const std::string_view* last);

}  // namespace pecia
