#include "pdfa_tokens.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <qpdf/QPDFTokenizer.hh>
#include <string_view>

namespace pecia::exporting::pdf {
namespace {

using Object = QPDFObjectHandle;
using Token = QPDFTokenizer::Token;

constexpr std::size_t longest_name = 127, longest_string = 32'767;

std::string obstacle_of_name(const std::string& name) {
  return name.size() > longest_name + 1 ? "a name of more than 127 bytes" : "";  // it begins with a slash
}

std::string obstacle_of_string(std::size_t size) { return size > longest_string ? "a string of more than 32,767 bytes" : ""; }

std::string obstacle_of_number(const std::string& text) {
  constexpr double largest = 3.403e38, smallest = 1.175e-38;
  const double value = std::abs(std::strtod(text.c_str(), nullptr));
  const bool integer = text.find('.') == std::string::npos;
  std::int32_t whole = 0;
  const auto* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  if (integer && std::from_chars(begin, text.data() + text.size(), whole).ec != std::errc{}) return "an integer of more than 32 bits";
  return value > largest || (value > 0 && value < smallest) ? "a number that is too large or too small" : "";
}

/// Whether a hexadecimal string has a digit too few.
bool is_odd(std::string_view raw) {
  if (!raw.starts_with('<')) return false;
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  return std::ranges::count_if(raw, is_digit) % 2 != 0;
}

std::string obstacle_of_token(const Token& token) {
  switch (token.getType()) {
    case QPDFTokenizer::tt_bad:
      return "something that is no PDF";
    case QPDFTokenizer::tt_name:
      return obstacle_of_name(token.getValue());
    case QPDFTokenizer::tt_integer:
    case QPDFTokenizer::tt_real:
      return obstacle_of_number(token.getValue());
    case QPDFTokenizer::tt_string:
      if (is_odd(token.getRawValue())) return "a hexadecimal string with a digit too few";
      return obstacle_of_string(token.getValue().size());
    default:
      return {};
  }
}

class Check final : public Object::TokenFilter {
 public:
  void handleToken(const Token& token) override {
    if (obstacle.empty()) obstacle = obstacle_of_token(token);
  }
  std::string obstacle;
};

}  // namespace

std::string beyond_limits(QPDFObjectHandle object) {
  if (object.isName()) return obstacle_of_name(object.getName());
  if (object.isString()) return obstacle_of_string(object.getStringValue().size());
  if (object.isInteger()) return obstacle_of_number(std::to_string(object.getIntValue()));
  if (object.isReal()) return obstacle_of_number(object.getRealValue());
  std::string obstacle;
  const auto look_at = [&](Object inner) {
    if (obstacle.empty() && !inner.isIndirect()) obstacle = beyond_limits(inner);
  };
  if (object.isArray()) {
    for (const auto& inner : object.getArrayAsVector()) look_at(inner);
  }
  auto dictionary = object.isStream() ? object.getDict() : object;
  if (!dictionary.isDictionary()) return obstacle;
  for (const auto& key : dictionary.getKeys()) {
    if (obstacle.empty()) obstacle = obstacle_of_name(key);
    look_at(dictionary.getKey(key));
  }
  return obstacle;
}

std::string obstacle_of_tokens(QPDFPageObjectHelper holder) {
  Check check;
  holder.filterContents(&check);
  return check.obstacle;
}

}  // namespace pecia::exporting::pdf
