#include "bagit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"

namespace pecia::corpus {
namespace {

namespace fs = std::filesystem;
constexpr std::array<const char*, 4> algorithms{"sha512", "sha256", "sha1",
                                                "md5"};  // strongest first

/// Names in a manifest have CR, LF and % percent-encoded (RFC 8493, 2.1.3).
std::string decoded(std::string_view name) {
  std::string text;
  for (std::size_t n = 0; n < name.size(); ++n) {
    const auto code = name.substr(n, 3);
    const bool encoded =
        code == "%0D" || code == "%0d" || code == "%0A" || code == "%0a" || code == "%25";
    if (!encoded) {
      text += name[n];
      continue;
    }
    text += code == "%25" ? '%' : (code[2] | 0x20) == 'd' ? '\r' : '\n';
    n += 2;
  }
  return text;
}

std::map<std::string, Checksum> read_manifest(const fs::path& file, const std::string& algorithm) {
  std::map<std::string, Checksum> payload;
  std::string contents;
  try {
    contents = read_file(file);
  } catch (const Error& error) {
    throw UsageError{fmt::format("the bag's manifest cannot be read: {}", error.what())};
  }
  std::string_view rest{contents};
  for (int number = 1; !rest.empty(); ++number) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto gap = line.find_first_of(" \t");
    const auto name = gap == std::string_view::npos ? gap : line.find_first_not_of(" \t*", gap);
    const bool digest = std::ranges::all_of(line.substr(0, gap),
                                            [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (name == std::string_view::npos || !digest || gap == 0)
      throw UsageError{
          fmt::format("{}:{}: not a checksum and a name. Mend the bag's manifest, or list its "
                      "data/ folder as a plain directory",
                      file.string(), number)};
    std::string hex{line.substr(0, gap)};
    std::ranges::transform(hex, hex.begin(), [](char c) {
      return c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c;
    });
    const auto path = decoded(line.substr(name));
    const auto normal = fs::path{path}.lexically_normal();
    if (!normal.native().starts_with("data/") || !normal.has_filename())
      throw UsageError{fmt::format(
          "{}:{}: '{}' is no file in the bag's data/ folder. Mend the bag's manifest, or list "
          "its data/ folder as a plain directory",
          file.string(), number, printable(path))};
    payload[normal.native()] = {algorithm, std::move(hex)};
  }
  return payload;
}

}  // namespace

std::optional<std::map<std::string, Checksum>> read_bag(const fs::path& root) {
  std::error_code unreadable;  // then the walk says so
  if (!fs::is_regular_file(root / "bagit.txt", unreadable) ||
      !fs::is_directory(root / "data", unreadable))
    return std::nullopt;
  for (const auto* algorithm : algorithms) {
    const auto manifest = root / fmt::format("manifest-{}.txt", algorithm);
    if (fs::is_regular_file(manifest, unreadable)) return read_manifest(manifest, algorithm);
  }
  throw UsageError{fmt::format(
      "the bag {} has no payload manifest that is known here (manifest-sha512.txt, "
      "-sha256, -sha1 or -md5). Complete the bag, or give its data/ folder as the corpus",
      root.string())};
}

}  // namespace pecia::corpus
