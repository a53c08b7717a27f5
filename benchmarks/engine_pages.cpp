// Reads PPM pages with DeepSeek-OCR-2 in this process and prints what it took as one line of JSON:
// for bench_engine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "deepseek_engine.hpp"
#include "engine/deepseek/ppm.hpp"

namespace pecia {
namespace {

using engine::deepseek::DeepseekEngine;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

struct Options {
  engine::DeepseekSettings settings;
  engine::deepseek::EngineTuning tuning;
  std::vector<std::string> pages;
  int repeat = 1;
};

Options parsed(CLI::App& app, int argc, char** argv) {
  Options options;
  auto& s = options.settings;
  std::string device = "auto", dtype = "auto";
  bool no_guard = false, no_padding = false;
  app.add_option("--weights", s.weights, "checkpoint folder, or random:full, random:tiny")
      ->required();
  app.add_option("--device", device, "auto, cpu, cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  app.add_option("--dtype", dtype, "auto, bf16, fp32")
      ->check(CLI::IsMember({"auto", "bf16", "fp32"}));
  app.add_option("--prompt", s.prompt, "grounding, plain, or a text");
  app.add_option("--batch", s.max_batch_pages, "pages at once; 0: as many as the memory holds");
  app.add_option("--threads", s.threads, "CPU threads; 0: all");
  app.add_option("--max-new-tokens", s.max_new_tokens, "of a page");
  app.add_option("--repeat", options.repeat, "read the pages so many times over");
  app.add_flag("--no-guard", no_guard,
               "without the guard against repetitions and without loop detection");
  app.add_flag("--no-padding", no_padding,
               "products of few rows as they are: a page's text may depend on its batch");
  app.add_option("pages", options.pages, "PPM files")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  using Settings = engine::DeepseekSettings;
  s.device = device == "cpu"    ? Settings::Device::cpu
             : device == "cuda" ? Settings::Device::cuda
                                : Settings::Device::automatic;
  s.dtype = dtype == "bf16"   ? Settings::Dtype::bf16
            : dtype == "fp32" ? Settings::Dtype::fp32
                              : Settings::Dtype::automatic;
  if (no_guard) {
    s.no_repeat_ngram.reset();
    s.loop_detection = false;
  }
  options.tuning.pad_rows = !no_padding;
  return options;
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

int run(int argc, char** argv) {
  CLI::App app{"Reads PPM pages with DeepSeek-OCR-2 in this process", "bench_engine_pages"};
  const auto options = parsed(app, argc, argv);
  std::vector<page::Image> images;
  for (const auto& file : options.pages) images.push_back(engine::deepseek::read_ppm(file));

  auto began = Clock::now();
  DeepseekEngine engine{options.settings, nullptr, options.tuning};
  const auto load_s = seconds_since(began);
  const auto loaded_bytes = peak_bytes();

  const auto count = images.size() * static_cast<std::size_t>(options.repeat);
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
    return pecia::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_engine_pages: {}\n", error.what());
    return 1;
  }
}
