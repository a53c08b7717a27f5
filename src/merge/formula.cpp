#include "formula.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "pecia/base/ascii.hpp"
#include "pecia/base/text.hpp"

namespace pecia::merge {
namespace {

/// What is open: a brace, \left, an environment or a delimiter, and how it closes.
struct Open {
  std::string_view name;  ///< "{", "\left", "\begin{matrix}", "\(", "$"
  std::string_view closes;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_{text} {}

  std::string operator()() {
    while (at_ < text_.size() && problem_.empty()) {
      const char c = text_[at_];
      if (c == '\\') {
        command();
        continue;
      }
      if (c == '%') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '{') open_.push_back({text_.substr(at_, 1), "}"});
      if (c == '}') close("}");
      if (c == '$') dollar();
      ++at_;
    }
    if (problem_.empty() && !open_.empty()) problem_ = fmt::format("'{}' is not closed", shown(open_.back().name));
    return problem_;
  }

 private:
  static std::string shown(std::string_view name) { return printable(shortened(name, 40)); }

  void close(std::string_view sign) {
    if (!open_.empty() && open_.back().closes == sign) {
      open_.pop_back();
    } else {
      problem_ = open_.empty() ? fmt::format("'{}' closes nothing", shown(sign))
                               : fmt::format("'{}' where '{}' is still open", shown(sign), shown(open_.back().name));
    }
  }

  void dollar() {
    const auto sign = text_.substr(at_, at_ + 1 < text_.size() && text_[at_ + 1] == '$' ? 2 : 1);
    if (!open_.empty() && open_.back().closes == sign)
      open_.pop_back();
    else
      open_.push_back({sign, sign});
    at_ += sign.size() - 1;
  }

  void command() {
    auto end = at_ + 1;
    while (end < text_.size() && is_ascii_letter(text_[end])) ++end;
    if (end == at_ + 1) ++end;  // a sign: \{ \\ \(
    const auto name = text_.substr(at_, end - at_);
    at_ = std::min(end, text_.size());
    if (name == "\\(") open_.push_back({name, "\\)"});
    if (name == "\\[") open_.push_back({name, "\\]"});
    if (name == "\\)" || name == "\\]") close(name);
    if (name == "\\left") delimiter(true);
    if (name == "\\right") delimiter(false);
    if (name == "\\begin" || name == "\\end") environment(name == "\\begin");
  }

  /// \left and \right take one sign or command behind them.
  void delimiter(bool opens) {
    at_ = std::min(text_.find_first_not_of(" \n\t", at_), text_.size());
    if (at_ >= text_.size()) {
      problem_ = fmt::format("no delimiter behind '{}'", opens ? "\\left" : "\\right");
      return;
    }
    if (text_[at_] == '\\') {
      ++at_;
      const auto begin = at_;
      while (at_ < text_.size() && is_ascii_letter(text_[at_])) ++at_;
      if (at_ == begin && at_ < text_.size()) ++at_;
    } else {
      ++at_;
    }
    if (opens)
      open_.push_back({"\\left", "\\right"});
    else
      close("\\right");
  }

  void environment(bool begins) {
    const auto begin = text_.find_first_not_of(' ', at_);
    const auto end = begin == std::string_view::npos ? begin : text_.find('}', begin);
    if (end == std::string_view::npos || text_[begin] != '{') {
      problem_ = fmt::format("'{}' without the name of an environment", begins ? "\\begin" : "\\end");
      return;
    }
    const auto name = text_.substr(begin, end + 1 - begin);
    at_ = end + 1;
    if (begins)
      open_.push_back({name, name});
    else
      close(name);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Open> open_;
  std::string problem_;
};

}  // namespace

std::string problem_of_formula(std::string_view latex) { return Parser{latex}(); }

std::string problem_of_math(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    at = text.find_first_of("\\$", at);
    if (at == std::string_view::npos) break;
    const auto sign = text.substr(at, 2);
    std::string_view closing;
    if (sign == "\\(") closing = "\\)";
    if (sign == "\\[") closing = "\\]";
    if (sign == "$$") closing = "$$";
    if (sign == "\\)" || sign == "\\]") return fmt::format("'{}' closes nothing", sign);
    if (closing.empty()) {
      at += text[at] == '\\' ? 2 : 1;
      continue;
    }
    auto end = at + 2;
    while (end < text.size() && !text.substr(end).starts_with(closing)) end += text[end] == '\\' ? 2 : 1;
    if (end >= text.size()) return fmt::format("'{}' is not closed", sign);
    auto problem = problem_of_formula(text.substr(at + 2, end - at - 2));
    if (!problem.empty()) return problem;
    at = end + 2;
  }
  return {};
}

}  // namespace pecia::merge
