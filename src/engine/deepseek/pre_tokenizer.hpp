#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pecia::engine::deepseek {

/// Cuts text by one expression after the other, each within the pieces that the ones before left:
/// matches and what is between them become pieces of their own ("Isolated"). Const calls may be
/// made by many threads at once.
class PreTokenizer {
 public:
  /// Throws `Error` on an expression that does not compile; `name` is the file's.
  PreTokenizer(const std::vector<std::string>& expressions, const std::string& name);
  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  /// `text` must be valid UTF-8. Throws `Error` where an expression needs more steps than is sane.
  [[nodiscard]] std::vector<std::string_view> split(std::string_view text) const;

 private:
  class Expression;
  std::vector<Expression> expressions_;
};

}  // namespace pecia::engine::deepseek
