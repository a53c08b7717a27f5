#include "pecia/export/search.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

constexpr std::uint32_t steps_limit = 5'000'000, heap_limit_kib = 64 << 10;
constexpr std::size_t first_stack_bytes = 32 << 10, most_stack_bytes = 1 << 20;
constexpr std::uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;

template <auto free>
struct Free {
  template <class T>
  void operator()(T* pointer) const noexcept {
    free(pointer);
  }
};

std::string words_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

/// How many columns the text takes on a terminal, one for each character.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

struct Pattern::State {
  std::unique_ptr<pcre2_code, Free<pcre2_code_free>> code;
  std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>> context{pcre2_match_context_create(nullptr)};
  std::unique_ptr<pcre2_jit_stack, Free<pcre2_jit_stack_free>> stack{pcre2_jit_stack_create(first_stack_bytes, most_stack_bytes, nullptr)};
  std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>> found;
};

Pattern::Pattern(const std::string& pattern, bool ignore_case) : state_{std::make_unique<State>()} {
  int error = 0;
  PCRE2_SIZE at = 0;
  state_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   options | (ignore_case ? PCRE2_CASELESS : 0U), &error, &at, nullptr));
  if (!state_->code) {
    const auto before = printable(std::string_view{pattern}.substr(0, at));
    throw UsageError{
        fmt::format("the pattern makes no sense: {}\n  {}\n  {}^", words_of(error), printable(pattern), std::string(columns(before), ' '))};
  }
  pcre2_jit_compile(state_->code.get(), PCRE2_JIT_COMPLETE);  // where there is none, pcre2_match interprets
  require(state_->context && state_->stack, "no memory for the pattern");
  pcre2_set_match_limit(state_->context.get(), steps_limit);
  pcre2_set_heap_limit(state_->context.get(), heap_limit_kib);
  pcre2_jit_stack_assign(state_->context.get(), nullptr, state_->stack.get());
  state_->found.reset(pcre2_match_data_create_from_pattern(state_->code.get(), nullptr));
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;

std::vector<FoundLine> Pattern::lines_in(std::string_view text) const {
  std::vector<FoundLine> lines;
  std::size_t from = 0, number = 1;
  while (from < text.size()) {
    const int result = pcre2_match(state_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from, 0, state_->found.get(),
                                   state_->context.get());
    if (result == PCRE2_ERROR_NOMATCH) break;
    if (result < 0) throw Error{fmt::format("the search was given up: {}", words_of(result))};
    const auto* const bounds = pcre2_get_ovector_pointer(state_->found.get());
    const auto begin = bounds[0], end = std::max(bounds[1], bounds[0]);
    if (begin >= text.size()) break;                                           // an empty match behind the last line
    const auto line_begin = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;  // npos + 1: the first line
    const auto line_end = std::min(text.find('\n', begin), text.size());
    number += static_cast<std::size_t>(std::ranges::count(text.substr(from, line_begin - from), '\n'));
    lines.push_back({number, text.substr(line_begin, line_end - line_begin), begin - line_begin, std::min(end, line_end) - line_begin});
    from = line_end + 1;
    ++number;
  }
  return lines;
}

}  // namespace pecia::exporting
