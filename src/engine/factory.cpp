#include "pecia/engine/factory.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "deepseek/image_request.hpp"
#include "pecia/base/error.hpp"
#include "pecia/engine/remote_engine.hpp"
#include "pecia/engine/simple_engines.hpp"
#include "tesseract_request.hpp"

namespace pecia::engine {
namespace {

/// Tesseract takes 310 to 460 MB on 25-megapixel pages; more than this is a page gone wild.
constexpr std::uint64_t worker_memory_bytes = std::uint64_t{6} << 30;
constexpr int most_threads = 4096;
/// Echo answers within a step; this only bounds what one step returns.
constexpr int echo_capacity_pages = 64;

std::unique_ptr<Engine> make_tesseract(const EngineSettings& settings) {
  RemoteSettings remote;
  remote.program.executable = child::find_program("pecia-tesseract");
  remote.program.arguments = settings.languages;
  remote.program.environment = {{"OMP_THREAD_LIMIT", "1"}};  // read when libgomp loads: by exec only
  remote.program.limits.memory_bytes = worker_memory_bytes;
  remote.workers = settings.threads;
  remote.watchdog_s = settings.watchdog_s;
  remote.request = tesseract_request();
  return std::make_unique<RemoteEngine>(std::move(remote));
}

std::filesystem::path find_deepseek() {
  try {
    return child::find_program("pecia-deepseek");
  } catch (const Error& error) {
    throw UsageError{fmt::format(
        "engine.name is deepseek_ocr2, and the program that runs it is not there ({}): it is built where LibTorch is "
        "found (`pecia --config` says whether it was). `tests/run.sh` and `jobs/quickstart.sh --with-deepseek` fetch it; or configure with "
        "-DLibTorch_ROOT=<folder with include/ and lib/>. docs/deepseek.md says more",
        error.what())};
  }
}

/// One process with a model in it, and no limits: CUDA maps more address space than any machine has.
std::unique_ptr<Engine> make_deepseek(const EngineSettings& settings) {
  RemoteSettings remote;
  remote.program.executable = find_deepseek();
  remote.program.arguments = {to_json(settings.deepseek), std::to_string(settings.local_rank)};
  // What a job sets for Tesseract's sake would take the model its cores.
  remote.program.environment = {{"OMP_THREAD_LIMIT", std::to_string(most_threads)}};
  // Threads that spin while they wait for one that lost its core make a busy machine ten times slower.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) remote.program.environment.emplace_back("OMP_WAIT_POLICY", "PASSIVE");
  if (settings.deepseek.threads > 0)
    remote.program.environment.emplace_back("OMP_NUM_THREADS", std::to_string(settings.deepseek.threads));
  remote.continuous = true;
  remote.abandoned = settings.abandoned;
  remote.channel = settings.weights_channel;
  remote.restarts = settings.deepseek.restarts;
  remote.watchdog_s = settings.deepseek.watchdog_s;
  // It may wait so long for others, with whom it gets its weights.
  constexpr double least_start_silence_s = 300;
  remote.start_silence_s = std::max(settings.deepseek.watchdog_s, least_start_silence_s);
  remote.request = deepseek::image_request();
  return std::make_unique<RemoteEngine>(std::move(remote));
}

}  // namespace

std::vector<std::string> engine_names() { return {"tesseract", "deepseek_ocr2", "replay", "echo"}; }

std::unique_ptr<Engine> make_engine(const EngineSettings& settings) {
  // Whoever waits at its other end for an engine that takes no weights, or fails, waits no longer.
  struct Closing {
    UniqueFd* channel;
    ~Closing() {
      if (channel != nullptr) channel->reset();
    }
  } const closing{settings.weights_channel.get()};
  if (settings.name == "tesseract") return make_tesseract(settings);
  if (settings.name == "deepseek_ocr2") return make_deepseek(settings);
  if (settings.name == "replay") return std::make_unique<ReplayEngine>(settings.threads, settings.time_scale);
  if (settings.name == "echo") return std::make_unique<EchoEngine>(echo_capacity_pages);
  throw UsageError{fmt::format("there is no engine '{}' (engine.name in the job). This pecia has: {}", settings.name,
                               fmt::join(engine_names(), ", "))};
}

}  // namespace pecia::engine
