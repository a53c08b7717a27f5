#include "schedule_settings.hpp"

#include <algorithm>

#include "cores.hpp"

namespace pecia::app {
namespace {

constexpr int pages_on_gpu = 128, pages_on_cpu = 16;
constexpr int most_model_decoders = 16;

}  // namespace

int decoders_for(std::string_view engine, int threads) {
  // Engines that answer at once are fed by as many decoders as there are cores; OCR by a few; a
  // model that reads many pages at once needs each of them decoded and cut into tiles.
  if (engine == "echo") return threads;
  return engine == model_engine ? std::clamp(threads / 2, 1, most_model_decoders) : 1 + threads / 8;
}

int pages_at_once(const Job& job, int cores) {
  const int threads = job.engine.threads > 0 ? job.engine.threads : cores;
  if (job.engine.name != model_engine) return threads;
  using Device = engine::DeepseekSettings::Device;
  const auto& model = job.engine.deepseek;
  if (model.max_batch_pages > 0) return model.max_batch_pages;
  const bool on_gpu = model.device == Device::cuda ||
                      (model.device == Device::automatic && gpus_of_this_host() > 0);
  return on_gpu ? pages_on_gpu : pages_on_cpu;
}

ReadingSettings reading_settings(const Job& job, int cores, int local_rank, bool by_fallback) {
  ReadingSettings settings;
  settings.job = &job;
  settings.fallback_for_all = by_fallback;
  settings.engine = by_fallback ? fallback_settings(job, cores, local_rank)
                                : engine_settings(job, cores, local_rank);
  if (job.fallback.exists() && !by_fallback)
    settings.fallback = fallback_settings(job, cores, local_rank);
  settings.boxes = box_settings(job, settings.engine.name, cores, local_rank);
  settings.decoders = decoders_for(settings.engine.name, settings.engine.threads);
  if (settings.boxes) settings.decoders += decoders_for(settings.boxes->name, settings.boxes->threads);
  return settings;
}

sched::Settings schedule_settings(const Job& job, int ranks, int threads) {
  sched::Settings settings;
  settings.size = ranks;
  settings.slots = threads;
  settings.prefetch = threads + decoders_for(job.engine.name, threads) + 2;
  // Rank 0 hears of a thousand ranks in a second, and of more less often.
  settings.heartbeat_s = std::max(1.0, ranks / 1000.0);
  settings.suspect_s = 5 * settings.heartbeat_s;
  settings.silence_s = std::max(settings.silence_s, 2 * settings.suspect_s);
  settings.drain_grace_s = job.drain.grace_s;
  settings.stealing = job.schedule.stealing;
  settings.backup = job.schedule.backup;
  settings.calibrate = job.schedule.calibrate;
  settings.short_first = job.schedule.partition == plan::Strategy::lpt;
  return settings;
}

}  // namespace pecia::app
