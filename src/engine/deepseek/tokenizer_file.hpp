#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pecia::engine::deepseek {

/// What a tokenizer.json says, checked for what is implemented, not yet for whether it fits
/// together. All text is UTF-8 and lives in `text`.
struct TokenizerFile {
  std::unique_ptr<std::pmr::monotonic_buffer_resource> text;
  std::vector<std::pair<std::string_view, std::int32_t>> vocabulary, added;
  std::vector<std::array<std::string_view, 2>> merges;  ///< first come, first merged
  std::vector<std::string> expressions;                 ///< of the pre-tokenizer, in their order
};

/// Throws `Error` that names the file and the entry.
[[nodiscard]] TokenizerFile read_tokenizer_file(std::string_view json, const std::string& name);
/// Throws that `Error`.
[[noreturn]] void refuse_tokenizer(const std::string& name, const std::string& problem);

}  // namespace pecia::engine::deepseek
