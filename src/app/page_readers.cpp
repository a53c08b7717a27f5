#include "page_readers.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "pecia/base/clock.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Decoded images that wait for an engine.
constexpr std::size_t ready_bytes = std::size_t{384} << 20;
/// Pages that are not decoded weigh nothing; how many there are is up to who hands them in.
constexpr std::size_t any_number = std::size_t{1} << 40;

}  // namespace

PageReaders::Lane::Lane(engine::EngineSettings engine_settings, Use what_for)
    : settings{std::move(engine_settings)},
      use{what_for},
      to_read{ready_bytes},
      waiting{any_number} {}

PageReaders::PageReaders(const ReadingSettings& settings, PageSink& sink, milliseconds patience)
    : settings_{settings},
      sink_{sink},
      to_decode_{any_number},
      to_look_{any_number},
      storage_{most_patient * longest_wait_s(settings.job->retries.of(Reason::io_error))},
      budget_{settings.job->engine.retry_budget},
      engine_{settings.engine, Lane::Use::pages},
      sampler_{cancelled_, settings.engine.threads} {
  auto started = std::make_shared<std::promise<void>>();
  auto start = started->get_future();
  if (settings_.fallback) fallback_ = std::make_unique<Lane>(*settings_.fallback, Lane::Use::fallback);
  if (settings_.boxes && !(fallback_ && fallback_->settings.name == settings_.boxes->name))
    boxes_ = std::make_unique<Lane>(*settings_.boxes, Lane::Use::boxes);
  engine_.thread = std::thread{[this, started] { run_engine(*started); }};
  try {
    for (auto* lane : {fallback_.get(), boxes_.get()}) {
      if (lane != nullptr) lane->thread = std::thread{[this, lane] { run_helper(*lane); }};
    }
    if (patience > milliseconds{0} && start.wait_for(patience) == std::future_status::ready)
      start.get();
    for (int n = 0; n < settings_.decoders; ++n) decoders_.emplace_back([this] { decode_loop(); });
  } catch (...) {
    give_up();
    join();
    throw;
  }
}

PageReaders::~PageReaders() {
  cancel();
  join();
}

void PageReaders::join() {
  for (auto& thread : decoders_) thread.join();
  for (auto& thread : lookers_) thread.join();  // decoders start them
  engine_.thread.join();
  for (auto* lane : {fallback_.get(), boxes_.get()}) {
    if (lane != nullptr && lane->thread.joinable()) lane->thread.join();
  }
}

void PageReaders::read(const Work& work) {
  if (!to_decode_.push(work)) give_back(*work);
}

void PageReaders::cancel() {
  give_up();
  const std::lock_guard lock{readers_mutex_};
  for (auto* reader : readers_) reader->interrupt();
}

void PageReaders::give_up() {
  to_decode_.close();
  to_look_.close();
  for (const auto& work : delayed_.close()) give_back(*work);
  for (auto* lane : {&engine_, fallback_.get(), boxes_.get()}) {
    if (!lane) continue;
    lane->to_read.close();
    lane->waiting.close();
  }
  cancelled_ = true;
}

// ---- ways out

void PageReaders::give_back(PageWork& work) {
  if (work.stage == PageWork::Stage::left) return;
  if (work.best)
    drop_other_reading(work);
  else if (work.leave())
    sink_.returned(work);
}

void PageReaders::end(PageWork& work, result::PageOutcome outcome, double seconds) {
  if (!work.leave()) return;
  std::ranges::move(std::exchange(outcome.reading.steps, {}), std::back_inserter(outcome.steps));
  if (const auto problem = result::problem_of(outcome.reading); !problem.empty()) {
    // Read back from the journal it would be refused.
    outcome.state = result::State::failed;
    outcome.reason = Reason::engine_failed;
    outcome.detail = "the answer of the engine makes no sense: " + problem;
    outcome.reading = {};
  }
  if (outcome.state == result::State::failed)
    log::warning("{} page {}: failed({}): {}", printable(document(work).path), work.task.page.page,
                 name(outcome.reason), outcome.detail);
  sink_.ended(work, std::move(outcome), seconds);
}

// ---- decoders

void PageReaders::decode_loop() {
  page::Reader reader;
  {
    const std::lock_guard lock{readers_mutex_};
    readers_.push_back(&reader);
  }
  while (!to_decode_.closed() || to_decode_.size() > 0) {
    take_up_due();
    auto work = to_decode_.pop(milliseconds{200});
    if (!work || (*work)->stage == PageWork::Stage::left) continue;
    if (cancelled_ || (*work)->unwanted || needs_no_more(**work)) {
      give_back(**work);
      continue;
    }
    sink_.taken(**work);
    (*work)->began = Clock::now();
    try {
      decode(reader, *work);
      tell_of_sandbox(reader);
    } catch (const std::exception& error) {
      sink_.failed(error.what(), false);
      give_up();
      give_back(**work);
    }
  }
  const std::lock_guard lock{readers_mutex_};
  std::erase(readers_, &reader);
}

void PageReaders::tell_of_sandbox(const page::Reader& reader) {
  if (!settings_.tells_of_sandbox) return;
  const auto missing = reader.not_confined();
  if (missing.empty() || told_of_sandbox_.exchange(true)) return;
  log::warning("the processes that parse documents are not confined as they could be: without {}. Pages are read all the same; "
               "`pecia doctor` says what holds on a node", fmt::join(missing, "; without "));
}

DocumentSettings PageReaders::choose_options(PageWork& work) {
  auto said = settings_for(*settings_.job, document(work).path);
  work.by_rule = said.by_fallback && !settings_.fallback_for_all;
  work.options.prompt = said.prompt;
  work.options.languages =
      work.on_fallback() || work.for_boxes || settings_.fallback_for_all ? said.fallback_languages : said.languages;
  work.options.split = settings_.job->page.split;
  work.options.find_blank = settings_.job->page.find_blank;
  work.options.mend_old_letters = settings_.job->page.mend_old_letters;
  work.options.replay_seconds = static_cast<double>(work.task.cost_s);
  return said;
}

void PageReaders::decode(page::Reader& reader, const Work& work) {
  const auto& of = document(*work);
  if (of.problem != Reason::none) {
    end(*work, document_outcome(of), 0);
    return;
  }
  const auto said = choose_options(*work);
  if (settings_.trace_seconds) {
    work->options.replay_seconds = static_cast<double>(
        settings_.trace_seconds->at(work->task.page.document).at(work->task.page.page - 1));
    hand_to_engine(work, page::make_image(1, 1, page::PixelFormat::gray8, 0).image);
    return;
  }
  const page::Source source{settings_.root / of.path, of.format, said.password};
  auto rendered = render(reader, work, source, said.text_layer);
  if (!rendered) return;
  if (cancelled_) {
    give_back(*work);
  } else if (const auto* failure = std::get_if<page::Failure>(&*rendered)) {
    // A file that this user may not read is not to be waited for.
    failed_attempt(work, {}, {failure->reason, failure->detail, {}}, 0,
                   failure->reason == Reason::io_error && !failure->retriable);
  } else {
    hand_to_engine(work, std::get<page::Image>(*rendered));
  }
}

std::optional<std::variant<page::Image, page::Failure>> PageReaders::render(page::Reader& reader, const Work& work,
                                                                            const page::Source& source,
                                                                            TextLayerPolicy policy) {
  using Rendered = std::variant<page::Image, page::Failure>;
  const AloneGate::Pass inside{decoding_, work->options.alone};
  const auto page = work->task.page.page;
  const auto found = reader.info(source, page, work->scale_limits);
  if (const auto* failure = std::get_if<page::Failure>(&found)) return Rendered{*failure};
  const auto& info = std::get<page::PageInfo>(found);
  if (ends_with_its_text(reader, source, work, policy, info.text)) return std::nullopt;
  // Before the page is rendered: while they are found out it would be rendered in vain.
  if (!find_languages(source, work)) return std::nullopt;
  auto request = wanted_image(lane_of(*work), info, work->asked());
  if (!request) {
    wait_for_engine(work);
    return std::nullopt;
  }
  if (work->smaller > 0) {
    const auto full = work->pixels > 0 ? work->pixels : static_cast<std::uint64_t>(info.width_px * info.height_px);
    const auto most = std::max<std::uint64_t>(1, full >> std::min(2 * work->smaller, 63));
    request->most_pixels = request->most_pixels > 0 ? std::min(request->most_pixels, most) : most;
  }
  return reader.render(source, page, *request, work->scale_limits);
}

/// Nothing while there is no engine.
std::optional<page::ImageRequest> PageReaders::wanted_image(Lane& lane, const page::PageInfo& info,
                                                            const engine::ReadOptions& options) {
  const std::shared_lock lock{lane.mutex};
  if (!lane.engine) return std::nullopt;
  return lane.engine->wants(info, options);
}

void PageReaders::hand_to_engine(const Work& work, const page::Image& image) {
  auto& lane = lane_of(*work);
  work->geometry = geometry_of(image);
  work->steps = image.steps;
  work->pixels = std::max(work->pixels, static_cast<std::uint64_t>(image.width_px) *
                                            static_cast<std::uint64_t>(image.height_px));
  if (work->text_layer) {  // decided once the document was open, and before there was an image
    const auto of_document = [](const Step& step) { return step.what == "libreoffice" || step.what == "pdf"; };
    work->steps.insert(std::ranges::find_if_not(work->steps, of_document), *work->text_layer);
  }
  if (work->language) work->steps.push_back(*work->language);
  {
    std::shared_lock lock{lane.mutex};
    if (!lane.engine) {
      lock.unlock();
      wait_for_engine(work);
      return;
    }
    work->prepared = lane.engine->prepare(image, work->asked());
  }
  work->decode_s = seconds_since(work->began);
  const auto weight = work->prepared.bytes;
  if (!lane.to_read.push(work, weight)) give_back(*work);
}

void PageReaders::wait_for_engine(const Work& work) {
  if (!lane_of(*work).waiting.push(work)) give_back(*work);
}

}  // namespace pecia::app
