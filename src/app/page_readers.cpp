#include "page_readers.hpp"

#include <utility>

#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/retry.hpp"

namespace pecia::app {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Decoded images that wait for an engine.
constexpr std::size_t ready_bytes = std::size_t{384} << 20;
/// Pages that are not decoded weigh nothing; how many there are is up to who hands them in.
constexpr std::size_t any_number = std::size_t{1} << 40;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

PageReaders::Lane::Lane(engine::EngineSettings engine_settings, bool fallback)
    : settings{std::move(engine_settings)},
      is_fallback{fallback},
      to_read{ready_bytes},
      waiting{any_number} {}

PageReaders::PageReaders(const ReadingSettings& settings, PageSink& sink, milliseconds patience)
    : settings_{settings}, sink_{sink}, to_decode_{any_number}, engine_{settings.engine, false} {
  auto started = std::make_shared<std::promise<void>>();
  auto start = started->get_future();
  if (settings_.fallback) fallback_ = std::make_unique<Lane>(*settings_.fallback, true);
  engine_.thread = std::thread{[this, started] { run_engine(*started); }};
  try {
    if (fallback_) fallback_->thread = std::thread{[this] { run_fallback(); }};
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
  engine_.thread.join();
  if (fallback_ && fallback_->thread.joinable()) fallback_->thread.join();
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
  for (auto* lane : {&engine_, fallback_.get()}) {
    if (!lane) continue;
    lane->to_read.close();
    lane->waiting.close();
  }
  cancelled_ = true;
}

// ---- ways out

void PageReaders::give_back(PageWork& work) {
  if (work.leave()) sink_.returned(work);
}

void PageReaders::end(PageWork& work, result::PageOutcome outcome, double seconds) {
  if (!work.leave()) return;
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

void PageReaders::failed_attempt(const Work& work, const engine::Description& engine,
                                 engine::PageFailure failure, double seconds) {
  auto& tried = work->attempts.emplace_back();
  tried.engine = engine.name;
  tried.reason = failure.reason;
  tried.detail = std::move(failure.detail);
  tried.seconds = static_cast<float>(seconds_since(work->began));
  tried.rung = work->options.rung;
  if (failure.reading) {
    tried.finish_reason = failure.reading->finish_reason;
    if (work->partial.text.empty()) work->partial = std::move(*failure.reading);
  }
  const auto next = engine::next_attempt(work->attempts, fallback_ != nullptr && !work->by_rule);
  if (!next.again) {
    end(*work, failed_outcome(*work, engine), seconds);
    return;
  }
  const auto how = next.rung == tried.rung ? std::string{} : fmt::format(": {}", name(next.rung));
  if (next.fallback() && tried.rung != engine::Rung::fallback && settings_.give_up) {
    log::info("{} page {}: {} ({}); left to the fallback", printable(document(*work).path), work->task.page.page,
              name(tried.reason), tried.detail);
    if (work->leave()) sink_.given_up(*work);
    return;
  }
  log::info("{} page {}: {} ({}); trying again{}", printable(document(*work).path),
            work->task.page.page, name(tried.reason), tried.detail, how);
  work->scale_limits = next.scale_limits;
  work->options.rung = next.rung;
  decode_again(work);
}

void PageReaders::decode_again(const Work& work) {
  work->wait_again();
  read(work);
}

// ---- decoders

void PageReaders::decode_loop() {
  page::Reader reader;
  {
    const std::lock_guard lock{readers_mutex_};
    readers_.push_back(&reader);
  }
  while (!to_decode_.closed() || to_decode_.size() > 0) {
    auto work = to_decode_.pop(milliseconds{200});
    if (!work || (*work)->stage == PageWork::Stage::left) continue;
    if (cancelled_) {
      give_back(**work);
      continue;
    }
    sink_.taken(**work);
    (*work)->began = Clock::now();
    try {
      decode(reader, *work);
    } catch (const std::exception& error) {
      sink_.failed(error.what(), false);
      give_up();
      give_back(**work);
    }
  }
  const std::lock_guard lock{readers_mutex_};
  std::erase(readers_, &reader);
}

DocumentSettings PageReaders::choose_options(PageWork& work) {
  auto said = settings_for(*settings_.job, document(work).path);
  work.by_rule = said.by_fallback && !settings_.fallback_for_all;
  work.options.prompt = said.prompt;
  work.options.languages =
      work.on_fallback() || settings_.fallback_for_all ? said.fallback_languages : said.languages;
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
  const auto info = reader.info(source, work->task.page.page, work->scale_limits);
  const auto* failure = std::get_if<page::Failure>(&info);
  std::variant<page::Image, page::Failure> rendered;
  if (!failure) {
    const auto request =
        wanted_image(lane_of(*work), std::get<page::PageInfo>(info), work->asked());
    if (!request) {
      wait_for_engine(work);
      return;
    }
    rendered = reader.render(source, work->task.page.page, *request, work->scale_limits);
    failure = std::get_if<page::Failure>(&rendered);
  }
  if (cancelled_) {
    give_back(*work);
  } else if (failure) {
    failed_attempt(work, {}, {failure->reason, failure->detail}, 0);
  } else {
    hand_to_engine(work, std::get<page::Image>(rendered));
  }
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
