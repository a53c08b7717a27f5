#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pecia::engine::deepseek {

/// Byte-level BPE as a tokenizer.json describes it (section 6). Const calls may be made by many
/// threads at once.
class Tokenizer {
 public:
  /// Throws `Error` that names the file and what is wrong in it.
  [[nodiscard]] static Tokenizer load(const std::filesystem::path& file);
  /// `name` is for messages.
  [[nodiscard]] static Tokenizer parse(std::string_view json, const std::string& name);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Added tokens in the text become their ids; no BOS or EOS is added.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  /// Special tokens are kept; ids that stand for nothing (padding rows) give nothing; invalid UTF-8
  /// becomes U+FFFD.
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids) const;
  /// The bytes of one token, which need not be whole characters; empty for ids that stand for
  /// nothing.
  [[nodiscard]] std::string_view bytes_of(std::int32_t id) const;
  /// The id of a token by its text ("<td>"), added or not.
  [[nodiscard]] std::optional<std::int32_t> id_of(std::string_view token) const;
  /// One more than the greatest id.
  [[nodiscard]] std::int32_t size() const noexcept;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Bytes in, whole characters out: holds back what may still become a character; what cannot
/// becomes U+FFFD.
class Utf8Stream {
 public:
  /// What is complete now.
  [[nodiscard]] std::string push(std::string_view bytes);
  /// The end: what was held back becomes U+FFFD.
  [[nodiscard]] std::string finish();

 private:
  std::string held_;
};

}  // namespace pecia::engine::deepseek
