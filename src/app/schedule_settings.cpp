#include "schedule_settings.hpp"

#include <algorithm>

namespace pecia::app {

int decoders_for(std::string_view engine, int threads) {
  // Engines that answer at once are fed by as many decoders as there are cores; OCR by a few.
  return engine == "echo" ? threads : 1 + threads / 8;
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
