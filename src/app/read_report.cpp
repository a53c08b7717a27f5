#include "read_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "pecia/base/step_json.hpp"
#include "pecia/base/text.hpp"
#include "pecia/export/texts.hpp"

namespace pecia::app {
namespace {

using Json = nlohmann::ordered_json;

Json box_json(const result::Box& box) { return {box.x0, box.y0, box.x1, box.y1}; }

Json block_json(const result::Block& block, const std::string& text) {
  auto boxes = Json::array();
  for (const auto& box : block.boxes) boxes.push_back(box_json(box));
  if (block.boxes.empty() && block.placed()) boxes.push_back(box_json(block.box));
  return {{"label", block.label},
          {"kind", name(block.kind)},
          {"boxes", std::move(boxes)},
          {"text", text.substr(block.text_begin, block.text_end - block.text_begin)},
          {"confidence", block.confidence},
          {"unparsed", block.unparsed}};
}

Json attempt_json(const result::Attempt& attempt) {
  return {{"engine", attempt.engine},
          {"rung", name(attempt.rung)},
          {"reason", name(attempt.reason)},
          {"detail", attempt.detail},
          {"finish_reason", name(attempt.finish_reason)},
          {"seconds", attempt.seconds}};
}

}  // namespace

std::string page_json(const std::string& path, const merge::Page& page) {
  const auto& outcome = page.outcome;
  const auto& reading = outcome.reading;
  auto blocks = Json::array();
  for (const auto& block : reading.blocks) blocks.push_back(block_json(block, reading.text));
  auto attempts = Json::array();
  for (const auto& attempt : outcome.attempts) attempts.push_back(attempt_json(attempt));
  const Json json{{"path", path},
                  {"page", page.number},
                  {"state", page.pending ? "pending" : name(outcome.state)},
                  {"reason", page.pending ? "none" : name(outcome.reason)},
                  {"detail", outcome.detail},
                  {"engine", outcome.engine},
                  {"rung", name(outcome.rung)},
                  {"finish_reason", name(reading.finish_reason)},
                  {"confidence", reading.confidence},
                  {"seconds", outcome.seconds},
                  {"text", reading.text},
                  {"raw", reading.raw},
                  {"ids", reading.ids},
                  {"blocks", std::move(blocks)},
                  {"attempts", std::move(attempts)},
                  {"steps", as_json<Json>(outcome.steps)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const std::vector<std::string>& ReadPrinter::formats() {
  static const std::vector<std::string> all{"txt", "md", "json"};
  return all;
}

void ReadPrinter::write(std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), out_);
}

void ReadPrinter::print_json(const merge::Document& document) {
  for (const auto& page : document.pages) {
    write(begun_ ? ",\n " : "[");
    write(page_json(printable(document.path), page));
    begun_ = true;
  }
}

void ReadPrinter::print(const merge::Document& document) {
  if (format_ == "json") {
    print_json(document);
  } else {
    const bool markdown = format_ == "md";
    if (begun_) write("\n");
    if (several_)
      write(markdown ? fmt::format("<!-- {} -->\n\n", printable(document.path))
                     : fmt::format("==> {} <==\n", printable(document.path)));
    write(markdown ? exporting::to_markdown(document) : exporting::to_plain_text(document));
    begun_ = true;
  }
  (void)std::fflush(out_);
}

void ReadPrinter::finish() {
  if (format_ == "json") write(begun_ ? "]\n" : "[]\n");
  (void)std::fflush(out_);
}

}  // namespace pecia::app
