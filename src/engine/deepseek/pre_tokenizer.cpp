#include "pre_tokenizer.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "tokenizer_file.hpp"

namespace pecia::engine::deepseek {
namespace {

/// Of one match: some hundred times what the published expressions need for a line of blanks as
/// long as a page.
constexpr std::uint32_t steps_limit = 1'000'000;
constexpr std::size_t longest_expression = 16 * 1024;

template <auto free>
struct Free {
  template <class T>
  void operator()(T* held) const {
    free(held);
  }
};
using Code = std::unique_ptr<pcre2_code, Free<pcre2_code_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>>;

/// The expression with its `\s` and `\S` spelled out as Unicode's White_Space, as the reference's
/// regex library has it: PCRE2's has U+180E as well, for Perl's sake.
std::string with_unicode_blanks(std::string_view pattern) {
  constexpr std::string_view blanks = "\\t-\\r\\x{85}\\p{Z}";
  std::string out;
  bool in_class = false;
  for (std::size_t n = 0; n < pattern.size(); ++n) {
    const auto here = pattern.substr(n, 2);
    if (here == "\\s" || (here == "\\S" && !in_class)) {
      out += in_class ? "" : here == "\\s" ? "[" : "[^";
      out += blanks;
      out += in_class ? "" : "]";
      ++n;
    } else if (here[0] == '\\') {
      out += here;
      ++n;
    } else {
      if (here[0] == '[' && !in_class) {
        in_class = true;
        // A closing bracket that comes first is one of the class.
        const std::size_t begin = here == "[^" ? 2 : 1;
        const std::size_t more =
            pattern.substr(std::min(n + begin, pattern.size()), 1) == "]" ? begin : begin - 1;
        out += pattern.substr(n, more);
        n += more;
      } else if (here[0] == ']') {
        in_class = false;
      }
      out += pattern[n];
    }
  }
  return out;
}

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

class PreTokenizer::Expression {
 public:
  Expression(const std::string& pattern, std::size_t n, const std::string& name)
      : context_{pcre2_match_context_create(nullptr)},
        label_{fmt::format("expression {} of the tokenizer '{}'", n, name)} {
    int error = 0;
    std::size_t at = 0;
    if (pattern.size() > longest_expression)
      refuse_tokenizer(name, fmt::format("expression {} is too long", n));
    const auto spelled = with_unicode_blanks(pattern);
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(spelled.data()), spelled.size(),
                              PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &at,
                              nullptr));
    if (!code_)
      refuse_tokenizer(
          name, fmt::format("expression {} of its pre_tokenizer is wrong at byte {}: {}", n, at,
                            message_of(error)));
    require(context_ != nullptr, "no memory for a match context");
    pcre2_set_match_limit(context_.get(), steps_limit);
    pcre2_jit_compile(code_.get(),
                      PCRE2_JIT_COMPLETE);  // where there is none, pcre2_match interprets
  }

  void split(std::string_view text, std::vector<std::string_view>& pieces) const {
    const MatchData found{pcre2_match_data_create_from_pattern(code_.get(), nullptr)};
    require(found != nullptr, "no memory for a match");
    std::size_t done = 0, from = 0;
    while (from < text.size() && match(text, from, found.get())) {
      const auto* const bounds = pcre2_get_ovector_pointer(found.get());
      const auto begin = bounds[0], end = bounds[1];
      require(begin >= done && end >= begin, label_ + " matches backwards");
      if (end == begin) {  // nothing was matched here: try behind the next character
        from = next_character(text, end);
        continue;
      }
      if (begin > done) pieces.push_back(text.substr(done, begin - done));
      pieces.push_back(text.substr(begin, end - begin));
      done = from = end;
    }
    if (done < text.size()) pieces.push_back(text.substr(done));
  }

 private:
  [[nodiscard]] bool match(std::string_view text, std::size_t from, pcre2_match_data* found) const {
    const int result = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                   text.size(), from, PCRE2_NO_UTF_CHECK, found, context_.get());
    if (result == PCRE2_ERROR_NOMATCH) return false;
    if (result < 0)
      throw Error{fmt::format("{} gave up at byte {} of a text: {}", printable(label_), from,
                              message_of(result))};
    return true;
  }
  [[nodiscard]] static std::size_t next_character(std::string_view text, std::size_t at) {
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
    return at;
  }

  Code code_;
  MatchContext context_;
  std::string label_;
};

PreTokenizer::PreTokenizer(const std::vector<std::string>& expressions, const std::string& name) {
  for (std::size_t n = 0; n < expressions.size(); ++n)
    expressions_.emplace_back(expressions[n], n, name);
}
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

std::vector<std::string_view> PreTokenizer::split(std::string_view text) const {
  std::vector<std::string_view> pieces{text}, cut;
  for (const auto& expression : expressions_) {
    cut.clear();
    for (const auto piece : pieces) expression.split(piece, cut);
    pieces.swap(cut);
  }
  return pieces;
}

}  // namespace pecia::engine::deepseek
