#include "page_work.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "pecia/base/bytes.hpp"

namespace pecia::app {

result::Geometry geometry_of(const page::Image& image) {
  result::Geometry geometry;
  geometry.page_width_px = static_cast<float>(image.page_width_px);
  geometry.page_height_px = static_cast<float>(image.page_height_px);
  geometry.page_dpi = static_cast<float>(image.page_dpi);
  geometry.raster_width_px = static_cast<std::uint32_t>(image.width_px);
  geometry.raster_height_px = static_cast<std::uint32_t>(image.height_px);
  geometry.raster_dpi = static_cast<float>(image.dpi);
  std::ranges::copy(image.to_page.m, geometry.to_page);
  geometry.embedded = image.embedded;
  return geometry;
}

result::PageOutcome outcome_of(const PageWork& work, const engine::Description& engine,
                               float seconds) {
  result::PageOutcome outcome;
  outcome.engine = engine.name;
  outcome.fingerprint = engine.fingerprint;
  outcome.rung = work.options.rung;
  outcome.languages = fmt::format("{}", fmt::join(work.options.languages, "+"));
  outcome.seconds = seconds;
  outcome.attempts = work.attempts;
  outcome.geometry = work.geometry;
  outcome.steps = work.steps;
  return outcome;
}

result::PageOutcome failed_outcome(const PageWork& work, const engine::Description& engine) {
  const auto& last = work.attempts.back();
  auto outcome =
      outcome_of(work, last.engine.empty() ? engine::Description{} : engine, last.seconds);
  outcome.state = result::State::failed;
  outcome.reason = last.reason;
  outcome.detail = last.detail;
  outcome.rung = last.rung;
  outcome.reading = work.partial;
  outcome.attempts.pop_back();
  return outcome;
}

std::string history_of(const PageWork& work, engine::Rung next) {
  result::PageOutcome so_far;
  so_far.rung = next;
  so_far.attempts = work.attempts;
  if (result::problem_of(work.partial).empty()) so_far.reading = work.partial;
  ByteWriter out;
  result::encode(out, so_far);
  return {reinterpret_cast<const char*>(out.bytes().data()), out.size()};
}

void prepare_for(PageWork& work, const engine::NextAttempt& next) {
  work.scale_limits = next.scale_limits;
  work.smaller = next.smaller;
  work.options.rung = next.rung;
  work.options.reading = next.reading;
  work.options.by_rows = next.by_rows;
  work.options.time_scale = next.time_scale;
  work.options.alone = next.alone;
  work.steps = work.steps_with_text;
  work.submitted.reset();
}

void go_on(PageWork& work, const std::string& history, const engine::RetryTable& retries) {
  ByteReader in{std::as_bytes(std::span{history}), "history of a page"};
  auto so_far = result::decode_outcome(in);
  in.expect_end();
  work.attempts = std::move(so_far.attempts);
  work.partial = std::move(so_far.reading);
  prepare_for(work, engine::next_attempt(work.attempts, retries, {true, work.task.priority == corpus::Priority::low}));
  work.options.rung = so_far.rung;
  work.stage = PageWork::Stage::again;
}

result::PageOutcome document_outcome(const corpus::Document& document) {
  result::PageOutcome outcome;
  outcome.state =
      document.problem == Reason::not_a_document ? result::State::skipped : result::State::failed;
  outcome.reason = document.problem;
  outcome.detail = document.problem_detail;
  return outcome;
}

}  // namespace pecia::app
