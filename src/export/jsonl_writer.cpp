#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "pecia/base/step_json.hpp"
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

Json finish_reason(result::FinishReason reason) {
  return reason == result::FinishReason::none ? Json(nullptr) : Json(std::string{name(reason)});
}

Json attempt_json(const result::Attempt& attempt) {
  return {{"engine", text_or_null(attempt.engine)},
          {"rung", std::string{name(attempt.rung)}},
          {"reason", std::string{name(attempt.reason)}},
          {"finish_reason", finish_reason(attempt.finish_reason)},
          {"seconds", decimals(attempt.seconds, 3)},
          {"detail", attempt.detail}};
}

Json box_json(const result::Box& box) {
  return {decimals(box.x0, 1), decimals(box.y0, 1), decimals(box.x1, 1), decimals(box.y1, 1)};
}

/// Where the block stands once each byte that is no UTF-8 has become a character.
result::Block moved(result::Block block, std::string_view text) {
  for (auto* at : {&block.text_begin, &block.text_end}) *at = static_cast<std::uint32_t>(to_utf8(text.substr(0, *at)).size());
  return block;
}

Json block_json(const result::Block& block) {
  auto boxes = Json::array();
  if (block.boxes.empty() && block.placed()) boxes.push_back(box_json(block.box));
  for (const auto& box : block.boxes) boxes.push_back(box_json(box));
  return {{"kind", std::string{name(block.kind)}},
          {"label", text_or_null(block.label)},
          {"boxes", boxes},
          {"text", {block.text_begin, block.text_end}},
          {"confidence", decimals(block.confidence, 4)},
          {"unparsed", block.unparsed}};
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
  line["detail"] = text_or_null(outcome.detail);
  line["engine"] = text_or_null(outcome.engine);
  line["languages"] = list_of(outcome.languages);
  line["confidence"] = read ? decimals(outcome.reading.confidence, 4) : Json(nullptr);
  line["seconds"] = page.pending ? Json(nullptr) : decimals(outcome.seconds, 3);
  line["attempts"] = page.pending ? 0 : outcome.attempts.size() + 1;
  line["finish_reason"] = finish_reason(outcome.reading.finish_reason);
  line["rung"] = page.pending ? Json(nullptr) : Json(std::string{name(outcome.rung)});
  line["fingerprint"] = text_or_null(outcome.fingerprint);
  line["history"] = Json::array();
  for (const auto& attempt : outcome.attempts) line["history"].push_back(attempt_json(attempt));
  line["steps"] = as_json<Json>(outcome.steps);
  // JSON takes every character, but not every byte.
  const bool mended = !is_utf8(outcome.reading.text);
  line["text"] = mended ? to_utf8(outcome.reading.text) : outcome.reading.text;
  line["blocks"] = Json::array();
  for (const auto& block : outcome.reading.blocks)
    line["blocks"].push_back(block_json(mended ? moved(block, outcome.reading.text) : block));
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pecia::exporting
