#include "rules.hpp"

#include <fnmatch.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace shim {
namespace {

[[noreturn]] void refuse(std::string_view what) {
  std::fprintf(stderr, "shim: PECIA_SHIM_RULES: '%.*s' makes no sense\n", static_cast<int>(what.size()),
               what.data());
  std::abort();
}

std::string_view next_word(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

template <class Value, std::size_t n>
Value named(const std::array<std::pair<std::string_view, Value>, n>& names, std::string_view word) {
  for (const auto& [name, value] : names) {
    if (name == word) return value;
  }
  refuse(word);
}

Rule::Do act_of(std::string_view word) {
  using Do = Rule::Do;
  static constexpr std::array<std::pair<std::string_view, Do>, 7> names{
      {{"kill", Do::kill}, {"kill-session", Do::kill_session}, {"fail", Do::fail},
       {"shorten", Do::shorten}, {"stall", Do::stall}, {"skip", Do::skip}, {"clock", Do::clock}}};
  return named(names, word);
}

int error_of(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, int>, 7> names{
      {{"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS}, {"EIO", EIO}, {"EACCES", EACCES},
       {"ESTALE", ESTALE}, {"ENOTCONN", ENOTCONN}}};
  return named(names, word);
}

void set(Rule& rule, std::string_view key, const std::string& value) {
  if (key == "do") rule.act = act_of(value);
  else if (key == "on") rule.on = value;
  else if (key == "path") rule.path = value;
  else if (key == "when") rule.after = value == "after";
  else if (key == "nth") rule.nth = std::atoi(value.c_str());
  else if (key == "count") rule.count = value == "all" ? INT_MAX : std::atoi(value.c_str());
  else if (key == "rank") rule.rank = std::atoi(value.c_str());
  else if (key == "errno") rule.error = error_of(value);
  else if (key == "seconds") rule.seconds = std::atof(value.c_str());
  else if (key == "bytes") rule.bytes = std::atol(value.c_str());
  else refuse(key);
}

int our_rank() {
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return rank ? std::atoi(rank) : 0;
}

}  // namespace

std::vector<Rule> parse_rules(std::string_view text) {
  std::vector<Rule> rules;
  while (!text.empty()) {
    auto words = next_word(text, ';');
    Rule rule;
    while (!words.empty()) {
      auto word = next_word(words, ' ');
      if (word.empty()) continue;
      const auto key = next_word(word, '=');
      set(rule, key, std::string{word});
    }
    if (rule.on.empty() || rule.path.empty()) refuse("a rule without on= or path=");
    rules.push_back(std::move(rule));
  }
  return rules;
}

bool matches(Rule& rule, std::string_view op, const std::string& path, bool after) {
  if (rule.on != op || rule.after != after) return false;
  if (rule.rank >= 0 && rule.rank != our_rank()) return false;
  if (::fnmatch(rule.path.c_str(), path.c_str(), 0) != 0) return false;
  const int number = ++rule.seen;
  return number >= rule.nth && number - rule.nth < rule.count;
}

}  // namespace shim
