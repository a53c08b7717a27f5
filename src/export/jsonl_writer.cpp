#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "pecia/base/text.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

using Json = nlohmann::ordered_json;  // keys in the order in which they are documented

/// Without the noise that a float gets by becoming a double: .93 as 0.93, not 0.9300000071525574.
Json decimals(float value, int digits) {
  const double unit = std::pow(10.0, digits);
  return std::round(static_cast<double>(value) * unit) / unit;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json list_of(const std::string& joined) {
  auto list = Json::array();
  std::size_t begin = 0;
  while (begin < joined.size()) {
    const auto end = std::min(joined.find('+', begin), joined.size());
    list.push_back(joined.substr(begin, end - begin));
    begin = end + 1;
  }
  return list;
}

}  // namespace

std::string to_json_line(const merge::Document& document, const merge::Page& page) {
  const auto& outcome = page.outcome;
  const bool read = !page.pending && (outcome.state == result::State::ok ||
                                      outcome.state == result::State::ok_fallback);
  Json line;
  line["path"] = printable(document.path);
  line["page"] = page.number;
  line["state"] = page.pending ? "pending" : std::string{name(outcome.state)};
  line["reason"] = page.pending || outcome.reason == Reason::none
                       ? Json(nullptr)
                       : Json(std::string{name(outcome.reason)});
  line["engine"] = text_or_null(outcome.engine);
  line["languages"] = list_of(outcome.languages);
  line["confidence"] = read ? decimals(outcome.reading.confidence, 4) : Json(nullptr);
  line["seconds"] = page.pending ? Json(nullptr) : decimals(outcome.seconds, 3);
  line["attempts"] = page.pending ? 0 : outcome.attempts.size() + 1;
  line["text"] = outcome.reading.text;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pecia::exporting
