// The threads that read pages, with engines that do as they are told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "page_readers.hpp"
#include "pecia/base/error.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::app::test {

using engine::Rung;
using std::chrono::milliseconds;
using Answer = decltype(engine::Completion::result);

/// What engines of the test do, and what was seen of them.
struct Script {
  std::mutex mutex;
  /// The answer to a page: a reading, unless it says otherwise. Called under `mutex`.
  std::function<Answer(const std::string& engine, std::uint64_t ticket, Rung)> answer;
  /// The same to a page that is read in another way.
  std::function<Answer(std::uint64_t ticket, int reading)> other_answer;
  std::function<void(const std::string& engine, int made)> starting = [](const std::string&, int) {
  };
  std::function<void(const std::string& engine, int made)> stepping = [](const std::string&, int) {
  };
  /// What the engine says that an answer took.
  std::function<double(std::uint64_t ticket, int reading)> seconds = [](std::uint64_t, int) { return 1.0; };
  std::map<std::string, int> made;
  std::map<std::uint64_t, std::vector<std::string>> tries;  ///< "engine/rung" by ticket
  /// By ticket, for each attempt: the raster's width, and whether it is to be read alone.
  std::map<std::uint64_t, std::vector<std::pair<int, bool>>> rasters;
  std::vector<std::uint64_t> cancelled;
  std::atomic<int> images_wanted{0};  ///< pages that were about to be rendered
  bool answers = true;  ///< else pages stay in it
};

class ScriptedEngine final : public engine::Engine {
 public:
  ScriptedEngine(Script& script, std::string name) : script_{script}, name_{std::move(name)} {
    const std::lock_guard lock{script_.mutex};
    number_ = ++script_.made[name_];
    script_.starting(name_, number_);
  }
  page::ImageRequest wants(const page::PageInfo&, const engine::ReadOptions&) const override {
    ++script_.images_wanted;
    return {};
  }
  engine::Prepared prepare(const page::Image& image,
                           const engine::ReadOptions& options) const override {
    return {image, options, 1, {}};
  }
  engine::Room room() const override { return {8, 1000}; }
  void submit(std::uint64_t ticket, engine::Prepared page) override {
    const std::lock_guard lock{script_.mutex};
    const auto& asked = page.options;
    script_.rasters[ticket].emplace_back(page.image.width_px, asked.alone);
    script_.tries[ticket].push_back(name_ + "/" + std::string{result::name(asked.rung)} +
                                    (asked.reading > 0 ? " " + std::to_string(asked.reading) : ""));
    inside_.emplace_back(ticket, std::move(page.options));
  }
  std::vector<engine::Completion> step(milliseconds max_wait) override {
    std::vector<engine::Completion> done;
    {
      const std::lock_guard lock{script_.mutex};
      script_.stepping(name_, number_);
      if (script_.answers) {
        for (const auto& [ticket, asked] : std::exchange(inside_, {}))
          done.push_back({ticket, answer(ticket, asked), script_.seconds(ticket, asked.reading)});
      }
    }
    if (done.empty()) std::this_thread::sleep_for(max_wait / 4);
    return done;
  }
  void cancel(std::uint64_t ticket) override {
    const std::lock_guard lock{script_.mutex};
    script_.cancelled.push_back(ticket);
    std::erase_if(inside_, [&](const auto& page) { return page.first == ticket; });
  }
  engine::Description description() const override { return {name_, "1", name_ + " of the test"}; }

 private:
  [[nodiscard]] Answer answer(std::uint64_t ticket, const engine::ReadOptions& asked) const {
    return asked.reading > 0 ? script_.other_answer(ticket, asked.reading) : script_.answer(name_, ticket, asked.rung);
  }
  Script& script_;
  std::string name_;
  int number_ = 0;
  std::vector<std::pair<std::uint64_t, engine::ReadOptions>> inside_;
};

class Sink final : public PageSink {
 public:
  void ready(const engine::Description&) override {}
  void engine_lost(const std::string& why, bool for_good) override {
    note([&] { lost.emplace_back(why, for_good); });
  }
  void failed(const std::string& why, bool) override {
    note([&] { problems.push_back(why); });
  }
  void taken(const PageWork& page) override { on_taken(page); }
  void begun(const PageWork&) override {}
  void ended(const PageWork& page, result::PageOutcome outcome, double seconds) override {
    note([&] {
      EXPECT_TRUE(outcomes.emplace(page.task.index, std::move(outcome)).second)
          << "a page ended twice";
      seconds_of[page.task.index] = seconds;
    });
  }
  void set_aside(const PageWork&) override {
    note([&] { ++aside; });
  }
  void due(const PageWork& page, const std::function<void()>& read) override {
    if (!holds_due) {
      read();
      return;
    }
    note([&] { held.emplace(page.task.index, read); });
  }
  void returned(const PageWork& page) override {
    note([&] { came_back.push_back(page.task.index); });
  }
  void given_up(const PageWork& page) override {
    note([&] { histories.emplace(page.task.index, history_of(page)); });
  }

  /// What the threads have told until now is not changed meanwhile.
  template <class Look>
  auto look(Look act) {
    const std::lock_guard lock{mutex_};
    return act();
  }
  bool wait_until(const std::function<bool()>& condition) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{20}, condition);
  }

  std::function<void(const PageWork&)> on_taken = [](const PageWork&) {};  ///< by a decoder
  std::map<std::uint32_t, result::PageOutcome> outcomes;
  std::map<std::uint32_t, double> seconds_of;
  std::vector<std::uint32_t> came_back;
  std::map<std::uint32_t, std::string> histories;  ///< of pages that were given up
  int aside = 0;  ///< pages that were
  bool holds_due = false;  ///< what is due waits in `held`
  std::map<std::uint32_t, std::function<void()>> held;
  std::vector<std::pair<std::string, bool>> lost;
  std::vector<std::string> problems;

 private:
  template <class Do>
  void note(Do act) {
    const std::lock_guard lock{mutex_};
    act();
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

inline result::Reading reading_of(const std::string& text) {
  result::Reading reading;
  reading.text = text;
  return reading;
}

inline engine::PageFailure failure_of(Reason reason) {
  engine::PageFailure failure{reason, "as the test wants it", {}};
  if (reason == Reason::repetition) {
    failure.reading = reading_of("la la la");
    failure.reading->finish_reason = result::FinishReason::repeats;
  }
  return failure;
}

class PageReadersTest : public testing::Test {
 protected:
  static constexpr std::uint32_t pages = 6;

  PageReadersTest() {
    script_.answer = [](const std::string& engine, std::uint64_t, Rung) {
      return reading_of("read by " + engine);
    };
    corpus::Document document;
    document.path = "a/b.tif";
    document.id = corpus::document_id(document.path);
    document.pages.resize(pages);
    manifest_ = corpus::Manifest{{document}};
    seconds_.emplace_back(pages, 1.F);
    settings_.job = &job_;
    settings_.manifest = &manifest_;
    settings_.trace_seconds = &seconds_;
    settings_.engine.name = "model";
    settings_.decoders = 2;
    settings_.make_engine = [this](const engine::EngineSettings& settings) {
      return std::make_unique<ScriptedEngine>(script_, settings.name);
    };
    job_.engine.name = "model";
  }

  void with_fallback() {
    job_.fallback.engine = "helper";
    settings_.fallback.emplace();
    settings_.fallback->name = "helper";
  }

  std::vector<std::shared_ptr<PageWork>> read(PageReaders& readers, std::uint32_t number) {
    std::vector<std::shared_ptr<PageWork>> works;
    for (std::uint32_t n = 0; n < number; ++n) {
      works.push_back(std::make_shared<PageWork>());
      works.back()->task.page = {0, n + 1};
      works.back()->task.index = n;
      readers.read(works.back());
    }
    return works;
  }

  /// Until so many pages have ended.
  void read_all(std::uint32_t number) {
    PageReaders readers{settings_, sink_, milliseconds{5000}};
    read(readers, number);
    ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == number; }));
  }

  Job job_;
  corpus::Manifest manifest_;
  std::vector<std::vector<float>> seconds_;
  ReadingSettings settings_;
  Script script_;
  Sink sink_;
};

}  // namespace pecia::app::test
