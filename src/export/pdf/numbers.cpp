#include "numbers.hpp"

#include <fmt/format.h>

#include <cmath>

namespace pecia::exporting::pdf {

std::string number(double value, int decimals) {
  if (!std::isfinite(value)) return "0";
  auto text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::string numbers(const Affine& m) {
  return fmt::format("{} {} {} {} {} {}", number(m.a, 7), number(m.b, 7), number(m.c, 7), number(m.d, 7), number(m.e, 4), number(m.f, 4));
}

}  // namespace pecia::exporting::pdf
