// Pages of an engine that gives words no boxes are read by one that does, for these alone.
#include <fmt/ranges.h>

#include <cmath>

#include "page_readers.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/result/align.hpp"

namespace pecia::app {
namespace {

/// With less than this share of the letters placed the two readings are not of the same text.
constexpr double least_share = 0.5;

bool has_words_to_place(const result::PageOutcome& outcome) {
  const auto& reading = outcome.reading;
  const bool is_read = outcome.state == result::State::ok || outcome.state == result::State::ok_fallback;
  return is_read && reading.words.empty() && !reading.text.empty() && result::problem_of(reading).empty();
}

bool is_same_page(const result::Geometry& a, const result::Geometry& b) {
  return a.page_width_px == b.page_width_px && a.page_height_px == b.page_height_px;
}

Step geometry_step(std::string detail) { return {"geometry", std::move(detail), std::nullopt}; }

/// "97 % of letters placed, 412 of 425 words, 0.98 alike"
std::string in_words(const result::AlignedWords& aligned) {
  // Rounded down: 100 % are all of them.
  return fmt::format("{:.0f} % of letters placed, {} of {}, {:.2f} alike", std::floor(100 * aligned.placed_share()), aligned.placed_words,
                     plural(aligned.all_words, "word"), aligned.similarity);
}

}  // namespace

void PageReaders::end_with_boxes(const Work& work) {
  auto& best = *work->best;
  if (!has_boxes() || !has_words_to_place(best) || !settings_for(*settings_.job, document(*work).path).geometry) {
    end_as_read(*work);
    return;
  }
  if (is_ending()) {
    end_without_boxes(*work, "the job was told to stop");
    return;
  }
  if (lane_of(*work).is_helper()) work->read_s = 0;  // says nothing of what pages cost the engine
  work->for_boxes = true;
  engine::NextAttempt next;
  next.scale_limits = work->scale_limits;
  try_again(work, next);
}

void PageReaders::take_boxes(Lane& lane, const Work& work, engine::Completion completion) {
  auto& best = *work->best;
  if (const auto* failure = std::get_if<engine::PageFailure>(&completion.result)) {
    end_without_boxes(*work, fmt::format("{} ({})", name(failure->reason), failure->detail));
    return;
  }
  const auto* boxes = std::get_if<result::Reading>(&completion.result);
  if (boxes == nullptr || boxes->words.empty()) {
    end_without_boxes(*work, fmt::format("{} found no words on the page", lane.is.name));
    return;
  }
  if (const auto problem = result::problem_of(*boxes); !problem.empty()) {
    end_without_boxes(*work, fmt::format("the answer of {} makes no sense: {}", lane.is.name, problem));
    return;
  }
  if (!is_same_page(best.geometry, work->geometry)) {
    end_without_boxes(*work, fmt::format("{} was given the page in another size", lane.is.name));
    return;
  }
  auto aligned = result::align_words(best.reading, *boxes);
  const auto by = fmt::format("{} {}, {}", lane.is.name, lane.is.version, fmt::join(work->options.languages, "+"));
  if (aligned.placed_share() < least_share) {
    end_without_boxes(*work, fmt::format("{} has another text: {}", by, in_words(aligned)));
    return;
  }
  best.reading.steps.push_back(geometry_step(fmt::format("{}: {}", by, in_words(aligned))));
  best.reading.lines = std::move(aligned.lines);
  best.reading.words = std::move(aligned.words);
  end_as_read(*work);
}

void PageReaders::end_without_boxes(PageWork& work, std::string_view why) {
  log::debug("{} page {}: words have no boxes: {}", printable(document(work).path), work.task.page.page, why);
  work.best->reading.steps.push_back(geometry_step(fmt::format("words have no boxes: {}", why)));
  end_as_read(work);
}

}  // namespace pecia::app
