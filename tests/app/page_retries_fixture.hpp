// Engines whose pages fail or are read poorly, as the test says.
#pragma once

#include "app/page_readers_fixture.hpp"

namespace pecia::app::test {

/// One word of this confidence, so long that it weighs something.
inline result::Reading sure(float confidence, const std::string& beginning = "word") {
  const auto word = beginning + std::string(100, '.');
  result::Reading reading = reading_of(word);
  reading.confidence = confidence;
  result::Part part;
  part.box = {0, 0, 1, 1};
  part.text_end = static_cast<std::uint32_t>(word.size());
  part.confidence = confidence;
  reading.words = reading.lines = {part};
  result::Block block;
  static_cast<result::Part&>(block) = part;
  reading.blocks = {block};
  return reading;
}

class PageRetriesTest : public PageReadersTest {
 protected:
  PageRetriesTest() {
    settings_.engine.name = "tesseract";  // which has other readings
    script_.answer = [](const std::string&, std::uint64_t ticket, Rung) {
      return ticket == 2 ? sure(0.4F, "poor") : sure(0.9F, "good");
    };
    script_.other_answer = [](std::uint64_t, int) {
      auto reading = sure(0.7F, "better");
      reading.steps.push_back({"reading", "sauvola, psm 4, confidence 0.70"});
      return reading;
    };
  }

  engine::RetryRule& rule(Reason reason) {
    for (auto& one : job_.retries.rules) {
      if (one.reason == reason) return one;
    }
    throw Error{"no such rule"};
  }

  /// Waits until an engine was asked for the page so often.
  bool was_asked(std::uint64_t ticket, std::size_t times) {
    for (int n = 0; n < 2000; ++n) {
      {
        const std::lock_guard lock{script_.mutex};
        if (script_.tries[ticket].size() >= times) return true;
      }
      std::this_thread::sleep_for(milliseconds{5});
    }
    return false;
  }
};

}  // namespace pecia::app::test
