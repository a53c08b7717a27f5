// The engine deepseek_ocr2 as a rank has it: pecia-deepseek behind RemoteEngine, with the model that reads digits.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/engine/remote_engine.hpp"
#include "ppm.hpp"

namespace pecia::engine::deepseek {
namespace process_test {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds step_wait{50};
constexpr std::array samples{"00_clean_0", "05_page_0", "09_page_2", "13_page_3", "23_blank_0", "26_noisy_0"};
const fs::path reader = fs::path{PECIA_TEST_DATA} / "deepseek" / "reader";

struct Expected {
  std::string text;  ///< as the model writes it, with tags
  std::vector<std::int32_t> ids;
};

/// By sample, of the plain prompt or of the one with layout.
std::map<std::string, Expected> expected_answers(bool plain) {
  std::map<std::string, Expected> answers;
  std::ifstream file{reader / "expected.jsonl"};
  for (std::string line; std::getline(file, line);) {
    const auto row = nlohmann::json::parse(line);
    const bool is_plain = row.at("prompt").get<std::string>().find("<|grounding|>") == std::string::npos;
    if (is_plain != plain) continue;
    answers[fs::path{row.at("image").get<std::string>()}.stem()] = {row.at("text"), row.at("ids")};
  }
  return answers;
}

EngineSettings settings() {
  EngineSettings made;
  made.name = "deepseek_ocr2";
  made.deepseek.weights = reader / "checkpoint";
  made.deepseek.device = DeepseekSettings::Device::cpu;
  made.deepseek.dtype = DeepseekSettings::Dtype::fp32;
  made.deepseek.threads = 2;
  return made;
}

ReadOptions asked_for(bool plain) {
  ReadOptions options;
  options.prompt = plain ? "plain" : "grounding";
  return options;
}

using Done = std::map<std::uint64_t, Completion>;

void step(Engine& engine, Done& done) {
  for (auto& completion : engine.step(step_wait)) done.emplace(completion.ticket, std::move(completion));
}

void submit(Engine& engine, std::uint64_t ticket, const std::string& sample, bool plain, Done& done) {
  while (engine.room().pages == 0) step(engine, done);
  engine.submit(ticket, engine.prepare(test_pixels("reader", sample), asked_for(plain)));
}

/// The samples as tickets 1, 2, ...; what ended meanwhile.
Done submit_all(Engine& engine, bool plain) {
  Done done;
  for (std::size_t n = 0; n < samples.size(); ++n) submit(engine, n + 1, samples[n], plain, done);
  return done;
}

void wait_for(Engine& engine, std::size_t pages, Done& done) {
  while (done.size() < pages) step(engine, done);
}

void expect_answer(const Completion& completion, const std::string& sample, const Expected& expected) {
  if (const auto* failure = std::get_if<PageFailure>(&completion.result)) {
    ADD_FAILURE() << sample << ": " << failure->detail;
  } else if (const auto* reading = std::get_if<result::Reading>(&completion.result)) {
    EXPECT_EQ(reading->raw, expected.text) << sample;
    EXPECT_EQ(reading->ids, expected.ids) << sample;
    EXPECT_EQ(reading->finish_reason, result::FinishReason::stop) << sample;
  } else {
    EXPECT_EQ(expected.text, "") << sample << " is no blank page";
  }
}

void expect_all(const Done& done, bool plain) {
  const auto answers = expected_answers(plain);
  for (std::size_t n = 0; n < samples.size(); ++n) expect_answer(done.at(n + 1), samples[n], answers.at(samples[n]));
}

TEST(Process, ReadsWhatTheReferenceReads) {
  const auto engine = make_engine(settings());
  EXPECT_EQ(engine->description().name, "deepseek_ocr2");
  EXPECT_NE(engine->description().fingerprint, "");
  for (const bool plain : {true, false}) {
    auto done = submit_all(*engine, plain);
    wait_for(*engine, samples.size(), done);
    expect_all(done, plain);
  }
}

TEST(Process, WantsColourAndTheDetailThatTheModelCanUse) {
  const auto engine = make_engine(settings());
  const auto wanted = engine->wants({}, {});
  EXPECT_EQ(wanted.pixels, page::ImageRequest::Pixels::rgb);
  EXPECT_EQ(wanted.dpi, 200);
  EXPECT_TRUE(wanted.exact);
}

TEST(Process, AnotherTakesItsPlaceWhenItIsKilled) {
  const auto engine = make_engine(settings());
  auto done = submit_all(*engine, false);
  wait_for(*engine, 1, done);  // the others are on their way
  const auto pids = dynamic_cast<RemoteEngine&>(*engine).worker_pids();
  ASSERT_EQ(::kill(pids.front(), SIGKILL), 0);
  wait_for(*engine, samples.size(), done);
  std::vector<std::size_t> failed;
  for (std::size_t n = 0; n < samples.size(); ++n) {
    if (std::holds_alternative<PageFailure>(done.at(n + 1).result)) failed.push_back(n);
  }
  ASSERT_FALSE(failed.empty());
  // Of several pages in it none is known to be to blame.
  const auto reason = failed.size() > 1 ? Reason::engine_lost : Reason::engine_crashed;
  for (const auto n : failed) {
    const auto& failure = std::get<PageFailure>(done.at(n + 1).result);
    EXPECT_EQ(failure.reason, reason) << failure.detail;
    done.erase(n + 1);
  }
  for (const auto n : failed) submit(*engine, n + 1, samples[n], false, done);
  wait_for(*engine, samples.size(), done);
  expect_all(done, false);
}

TEST(Process, ACancelledPageLeavesTheOthersAsTheyAre) {
  const auto engine = make_engine(settings());
  auto done = submit_all(*engine, false);
  step(*engine, done);
  std::set<std::uint64_t> cancelled;
  for (const std::uint64_t ticket : {2U, 4U}) {
    engine->cancel(ticket);
    if (!done.contains(ticket)) cancelled.insert(ticket);
  }
  wait_for(*engine, samples.size() - cancelled.size(), done);
  const auto answers = expected_answers(false);
  for (const auto& [ticket, completion] : done) {
    EXPECT_FALSE(cancelled.contains(ticket)) << ticket;
    expect_answer(completion, samples[ticket - 1], answers.at(samples[ticket - 1]));
  }
}

TEST(Process, ACheckpointThatIsNoneIsForTheUserToMend) {
  auto made = settings();
  made.deepseek.weights = reader / "samples";
  try {
    (void)make_engine(made);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string{error.what()}.find("samples"), std::string::npos) << error.what();
  }
}

TEST(Process, SaysWhatItIsInOneLine) {
  for (const std::string option : {"--describe", "--version"}) {
    FILE* out = ::popen((std::string{PECIA_BIN_DIR} + "/pecia-deepseek " + option).c_str(), "r");
    ASSERT_NE(out, nullptr);
    std::array<char, 1000> line{};
    EXPECT_NE(::fgets(line.data(), line.size(), out), nullptr);
    EXPECT_NE(std::string{line.data()}.find("LibTorch 2"), std::string::npos) << line.data();
    EXPECT_EQ(::fgets(line.data(), line.size(), out), nullptr) << line.data();
    EXPECT_EQ(WEXITSTATUS(::pclose(out)), 0);
  }
}

}  // namespace process_test
}  // namespace pecia::engine::deepseek
