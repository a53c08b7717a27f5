// A process with a model that has many pages at once, as pecia-deepseek is, whose pages say by their
// gray what happens to them. Arguments: pages it has room for, bytes of its queue.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include "model_worker.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/engine/serve.hpp"

namespace {

using namespace pecia;
using namespace pecia::engine;
using Clock = std::chrono::steady_clock;

int first_gray(const page::Image& image) { return image.pixels.empty() ? 255 : static_cast<int>(image.pixels[0]); }

class Model final : public Engine {
 public:
  explicit Model(int pages) : pages_{pages} {}

  page::ImageRequest wants(const page::PageInfo&, const ReadOptions&) const override { return {}; }
  Prepared prepare(const page::Image& image, const ReadOptions& options) const override {
    require(first_gray(image) != test::cannot_be_prepared, "a page that cannot be prepared");
    return {image, options, image.pixels.size()};
  }
  Room room() const override { return {pages_ - static_cast<int>(inside_.size()), std::size_t{1} << 30}; }

  void submit(std::uint64_t ticket, Prepared page) override {
    const int gray = first_gray(page.image);
    inside_.emplace(ticket, Inside{page.image, Clock::now() + test::time_of(gray), page.options.time_scale});
  }

  std::vector<Completion> step(std::chrono::milliseconds max_wait) override {
    for (const auto& [ticket, page] : inside_) misbehave(first_gray(page.image));
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(max_wait, std::chrono::milliseconds{2}));
    std::vector<Completion> done;
    for (auto page = inside_.begin(); page != inside_.end();) {
      if (Clock::now() < page->second.end) {
        ++page;
        continue;
      }
      done.push_back(completion(page->first, page->second));
      page = inside_.erase(page);
    }
    return done;
  }

  void cancel(std::uint64_t ticket) override { inside_.erase(ticket); }
  Description description() const override { return {"model", "1", "model-1"}; }

 private:
  struct Inside {
    page::Image image;
    Clock::time_point end;
    double time_scale = 1;
  };

  static void misbehave(int gray) {
    if (gray == test::kills_its_process) std::abort();
    if (gray == test::loses_the_device) throw Error{"CUDA error: an illegal memory access was encountered"};
    if (gray == test::hangs) std::this_thread::sleep_for(std::chrono::hours{1});
  }

  static Completion completion(std::uint64_t ticket, const Inside& page) {
    const auto& image = page.image;
    result::Reading reading;
    reading.text = std::to_string(image.width_px) + " px, gray " + std::to_string(first_gray(image));
    if (page.time_scale != 1) reading.text += ", in " + std::to_string(std::lround(page.time_scale)) + " times the time";
    if (first_gray(image) == test::is_read_as_nonsense) reading.text = "\xFF\xFE";
    return {ticket, reading, 0.01};
  }

  int pages_;
  std::map<std::uint64_t, Inside> inside_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string what{argc > 3 ? argv[3] : ""};
  child::Parent parent;
  if (what == "dies-at-start") return 4;
  if (what == "has-a-problem") {
    say_problem(parent, "the weights are not there");
    return 0;
  }
  if (what == "cannot-start") {
    say_lost(parent, "CUDA error: out of memory");
    return 1;
  }
  if (what == "loads-slowly") {  // longer than the watchdog has patience with silence
    for (std::uint64_t n = 0; n < 30; ++n) {
      say_loading(parent, n, 30);
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
  }
  if (what == "logs") {
    log::warning("little memory");
    log::info("16 pages together");
    std::fputs("what a library prints\n", stderr);
  }
  if (what == "starts-never") std::this_thread::sleep_for(std::chrono::hours{1});
  Model model{std::atoi(argv[1])};
  ServeSettings settings;
  settings.prepare_threads = 2;
  settings.queue_bytes = static_cast<std::size_t>(std::atoll(argv[2]));
  serve_continuous(parent, model, settings);
}
