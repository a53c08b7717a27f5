#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace pecia::engine {

/// One thing that was looked at in a downloaded DeepSeek-OCR-2.
struct DownloadFinding {
  enum class Mark { good, warning, bad };
  Mark mark = Mark::good;
  std::string what;  ///< a file, or "tensors"
  std::string text;
};

/// Whether a file has this SHA-256 (64 hexadecimal digits); rooms with a library for it know.
using Sha256Matches =
    std::function<bool(const std::filesystem::path& file, const std::string& hex)>;

/// Reads all of a checkpoint (`weights` as in a job; random ones, too) and tells what is there,
/// what is wrong and how to fetch it, as it goes. It can be used if nothing was bad. Does not throw
/// `Error`.
void check_download(const std::string& weights, const Sha256Matches& sha256_matches,
                    const std::function<void(const DownloadFinding&)>& tell);

/// "SAM 190.0 MB, encoder 716.5 MB, ...": of the published model in bf16.
[[nodiscard]] std::string published_bytes_per_part();

}  // namespace pecia::engine
