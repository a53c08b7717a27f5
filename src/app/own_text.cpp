// Pages that bring their text along: whether it is the page's text is decided before there is an image.
#include <algorithm>
#include <utility>

#include "page_readers.hpp"
#include "text_layer.hpp"

namespace pecia::app {
namespace {

/// What may be over in a while, and is waited for as the job says. Too little memory is not: that would make the
/// page's image smaller, too.
bool is_waited_for(const page::Failure& failure) {
  return failure.retriable && (failure.reason == Reason::io_error || failure.reason == Reason::child_crashed ||
                               failure.reason == Reason::timeout);
}

}  // namespace

bool PageReaders::takes_text_again(const Work& work, const page::Failure& failure) {
  if (!is_waited_for(failure)) return false;
  auto history = work->attempts;
  const std::string engine{engine::text_layer_engine};
  history.push_back({engine, failure.reason, failure.detail, 0, work->options.rung});
  if (!engine::next_attempt(history, settings_.job->retries, retry_of(*work)).again) return false;
  failed_attempt(work, {engine, {}, {}}, {failure.reason, failure.detail, {}}, 0);
  return true;
}

std::optional<LayerDecision> PageReaders::decide_by_its_text(page::Reader& reader, const page::Source& source, const Work& work,
                                                             TextLayerPolicy policy, page::TextLayer& layer) {
  const auto take = [&] {
    return settings_.take_text(reader, source, work->task.page.page, needs_look(policy), work->scale_limits);
  };
  auto taken = take();
  const auto* failed = std::get_if<page::Failure>(&taken);
  if (failed && failed->retriable && !is_waited_for(*failed) && !cancelled_) taken = take();
  if (cancelled_) {
    give_back(*work);
    return std::nullopt;
  }
  if (const auto* failure = std::get_if<page::Failure>(&taken)) {
    // Chance is not to decide where the text comes from.
    if (takes_text_again(work, *failure)) return std::nullopt;
    return read_for(*failure);
  }
  layer = std::move(std::get<page::TextLayer>(taken));
  return decide(policy, layer.evidence);
}

bool PageReaders::ends_with_its_text(page::Reader& reader, const page::Source& source, const Work& work, TextLayerPolicy policy,
                                     const page::TextSigns& signs) {
  if (work->text_layer || !signs.may_be_text()) return false;  // an earlier attempt has decided, or there is nothing to decide
  page::TextLayer layer;
  const auto decision = needs_layer(policy, signs) ? decide_by_its_text(reader, source, work, policy, layer)
                                                   : std::optional{decide(policy, signs)};
  if (!decision) return true;  // it comes again, or has left
  work->text_layer = decision->step;
  work->steps_with_text = layer.steps;
  if (decision->step) work->steps_with_text.push_back(*decision->step);
  work->steps = work->steps_with_text;
  if (decision->act == LayerDecision::Act::read) return false;
  end_with_text(work, std::move(layer), decision->act == LayerDecision::Act::keep);
  return true;
}

void PageReaders::end_with_text(const Work& work, page::TextLayer layer, bool kept) {
  work->geometry = geometry_of(layer);
  const engine::Description engine{std::string{engine::text_layer_engine}, layer.made_by, "text_layer " + layer.made_by};
  const std::chrono::duration<float> took = std::chrono::steady_clock::now() - work->began;
  auto outcome = outcome_of(*work, engine, took.count());
  outcome.languages.clear();  // none was asked for
  if (kept) {
    outcome.state = result::State::ok;
    outcome.reading = reading_of(std::move(layer));
  } else {
    outcome.state = result::State::skipped;
    outcome.reason = Reason::has_text;
    outcome.detail = "the page has text already, and the job says page.text_layer: skip";
    outcome.engine.clear();
    outcome.fingerprint.clear();
  }
  end(*work, std::move(outcome), 0);
}

}  // namespace pecia::app
