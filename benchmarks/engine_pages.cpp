// Reads PPM pages with DeepSeek-OCR-2 in this process and prints what it took as one line of JSON:
// for bench_engine.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "deepseek_engine.hpp"
#include "engine/deepseek/ppm.hpp"
#include "pecia/base/error.hpp"

namespace pecia {
namespace {

using engine::deepseek::DeepseekEngine;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

std::uint64_t peak_bytes() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return 1024 * std::stoull(line.substr(6));
  return 0;
}

const result::Reading* reading_of(const engine::Completion& completion) {
  if (const auto* reading = std::get_if<result::Reading>(&completion.result)) return reading;
  const auto* failure = std::get_if<engine::PageFailure>(&completion.result);
  return failure != nullptr && failure->reading ? &*failure->reading : nullptr;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 4)
    throw UsageError{"arguments: SETTINGS REPEAT padded|as_they_are PAGE..."};
  const auto settings = engine::deepseek_settings_from_json(arguments[0]);
  engine::deepseek::EngineTuning tuning;
  tuning.pad_rows = arguments[2] == "padded";
  std::vector<page::Image> images;
  for (std::size_t n = 3; n < arguments.size(); ++n)
    images.push_back(engine::deepseek::read_ppm(arguments[n]));

  auto began = Clock::now();
  DeepseekEngine engine{settings, nullptr, tuning};
  const auto load_s = seconds_since(began);
  const auto loaded_bytes = peak_bytes();

  const auto count = images.size() * std::stoul(arguments[1]);
  std::vector<engine::Prepared> prepared;
  began = Clock::now();
  for (std::size_t n = 0; n < count; ++n)
    prepared.push_back(engine.prepare(images[n % images.size()], {}));
  const auto prepare_s = seconds_since(began);

  nlohmann::json texts = nlohmann::json::array();
  std::map<std::uint64_t, std::string> raw;
  std::size_t next = 0, failed = 0;
  began = Clock::now();
  for (std::size_t done = 0; done < count;) {
    while (next < count && engine.room().pages > 0) {
      engine.submit(next, std::move(prepared[next]));
      ++next;
    }
    for (const auto& completion : engine.step(std::chrono::milliseconds{100})) {
      ++done;
      failed += std::holds_alternative<engine::PageFailure>(completion.result) ? 1 : 0;
      if (const auto* reading = reading_of(completion)) raw[completion.ticket] = reading->raw;
    }
  }
  const auto seconds = seconds_since(began);
  for (const auto& [ticket, text] : raw) {
    if (ticket < images.size()) texts.push_back(text);
  }
  const auto figures = engine.figures();
  fmt::print("{}\n", nlohmann::json{{"load_s", load_s},
                                    {"loaded_bytes", loaded_bytes},
                                    {"peak_bytes", peak_bytes()},
                                    {"prepare_s", prepare_s},
                                    {"seconds", seconds},
                                    {"pages", count},
                                    {"failed", failed},
                                    {"views", figures.views},
                                    {"prompt_tokens", figures.prompt_tokens},
                                    {"new_tokens", figures.new_tokens},
                                    {"decode_steps", figures.decode_steps},
                                    {"vision_s", figures.vision_s},
                                    {"prefill_s", figures.prefill_s},
                                    {"decode_s", figures.decode_s},
                                    {"preemptions", figures.preemptions},
                                    {"kv_bytes", figures.kv_bytes},
                                    {"texts", texts}}
                         .dump());
  return 0;
}

}  // namespace
}  // namespace pecia

int main(int argc, char** argv) {
  try {
    return pecia::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_engine_pages: {}\n", error.what());
    return 1;
  }
}
