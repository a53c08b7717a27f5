#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>

#include "deepseek_engine.hpp"
#include "devices.hpp"
#include "pecia/base/error.hpp"
#include "ppm.hpp"

namespace pecia::engine::deepseek::test {
namespace reader_test {

using Json = nlohmann::json;
using Ids = std::vector<std::int32_t>;

std::string reader_path(const std::string& file) {
  return std::string{PECIA_TEST_DATA} + "/deepseek/reader/" + file;
}

/// A line of expected.jsonl: what the network says to a page and a prompt.
struct Row {
  page::Image image;
  std::string name, prompt, text;
  Ids ids;
  double least_margin = 0;
};

std::vector<Row> expected_rows() {
  std::ifstream in{reader_path("expected.jsonl")};
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    const auto json = Json::parse(line);
    Row row;
    row.name = std::filesystem::path{json.at("image").get<std::string>()}.stem().string();
    row.image = test_pixels("reader", row.name);
    row.prompt = json.at("prompt").get<std::string>().find("grounding") != std::string::npos
                     ? "grounding"
                     : "plain";
    row.text = json.at("text");
    row.ids = json.at("ids").get<Ids>();
    row.least_margin = json.at("least_margin");
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Without what stands between tags.
std::string text_of(const std::string& raw) {
  static const std::regex tags{R"(<\|ref\|>.*?<\|/ref\|><\|det\|>.*?<\|/det\|>\n?)"};
  return std::regex_replace(raw, tags, "");
}

std::vector<int> numbers_of_boxes(const std::string& raw) {
  static const std::regex boxes{R"(<\|det\|>(.*?)<\|/det\|>)"}, number{R"(\d+)"};
  std::vector<int> numbers;
  for (std::sregex_iterator box{raw.begin(), raw.end(), boxes}, end; box != end; ++box) {
    const auto inside = (*box)[1].str();
    for (std::sregex_iterator one{inside.begin(), inside.end(), number}; one != end; ++one)
      numbers.push_back(std::stoi(one->str()));
  }
  return numbers;
}

class ReaderTest : public DeviceTest {
 protected:
  [[nodiscard]] DeepseekSettings settings(
      DeepseekSettings::Dtype dtype = DeepseekSettings::Dtype::fp32) const {
    DeepseekSettings settings;
    settings.weights = reader_path("checkpoint");
    settings.device =
        device().is_cpu() ? DeepseekSettings::Device::cpu : DeepseekSettings::Device::cuda;
    settings.dtype = dtype;
    settings.max_batch_pages = 16;
    return settings;
  }
};

ReadOptions options_of(const std::string& prompt, Rung rung = Rung::normal) {
  ReadOptions options;
  options.prompt = prompt;
  options.rung = rung;
  return options;
}

using Results = std::map<std::uint64_t, decltype(Completion::result)>;

/// Tickets are places in `rows`; pages come in an order and at moments that `seed` gives.
Results read(DeepseekEngine& engine, const std::vector<Row>& rows, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (seed > 0) std::shuffle(order.begin(), order.end(), random);
  Results results;
  std::size_t next = 0;
  while (results.size() < rows.size()) {
    for (auto more = seed > 0 ? random() % 4 : 99;
         more > 0 && next < order.size() && engine.room().pages > 0; --more) {
      const auto& row = rows[order[next]];
      engine.submit(order[next++], engine.prepare(row.image, options_of(row.prompt)));
    }
    for (auto& completion : engine.step(std::chrono::milliseconds{seed > 0 ? 5 : 1000}))
      EXPECT_TRUE(results.emplace(completion.ticket, std::move(completion.result)).second);
  }
  return results;
}

/// Of a reading or of what a failure had read; nothing of a blank page.
result::Reading reading_of(const decltype(Completion::result)& result) {
  if (const auto* reading = std::get_if<result::Reading>(&result)) return *reading;
  if (const auto* failure = std::get_if<PageFailure>(&result))
    return failure->reading.value_or(result::Reading{});
  return {};
}

TEST_P(ReaderTest, reads_every_sample_as_the_reference_its_mistakes_included) {
  const auto rows = expected_rows();
  ASSERT_EQ(rows.size(), 60U);
  DeepseekEngine engine{settings()};
  const auto results = read(engine, rows, 7);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& result = results.at(i);
    const auto what = rows[i].name + " " + rows[i].prompt;
    EXPECT_EQ(std::holds_alternative<Blank>(result), rows[i].ids.size() == 1) << what;
    if (rows[i].ids.size() == 1) continue;
    ASSERT_TRUE(std::holds_alternative<result::Reading>(result)) << what;
    const auto reading = reading_of(result);
    EXPECT_EQ(reading.ids, rows[i].ids) << what;
    EXPECT_EQ(reading.raw, rows[i].text) << what;
    EXPECT_EQ(reading.finish_reason, result::FinishReason::stop) << what;
    EXPECT_EQ(result::problem_of(reading), "") << what;
  }
}

TEST_P(ReaderTest, in_bf16_reads_the_same_text) {
  const auto rows = expected_rows();
  DeepseekEngine engine{settings(DeepseekSettings::Dtype::bf16)};
  const auto results = read(engine, rows, 0);
  int same = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto raw = reading_of(results.at(i)).raw;
    const auto what = rows[i].name + " " + rows[i].prompt;
    const bool equal = text_of(raw) == text_of(rows[i].text);
    same += equal ? 1 : 0;
    if (rows[i].least_margin >= 0.05) {
      EXPECT_TRUE(equal) << what << ": " << raw << " instead of " << rows[i].text;
    }
    const auto got = numbers_of_boxes(raw), want = numbers_of_boxes(rows[i].text);
    if (!equal) continue;
    ASSERT_EQ(got.size(), want.size()) << what;
    for (std::size_t j = 0; j < got.size(); ++j) EXPECT_LE(std::abs(got[j] - want[j]), 100) << what;
  }
  EXPECT_GE(same, 57);
}

/// Some pages that are read in no time.
std::vector<Row> few_rows() {
  auto rows = expected_rows();
  rows.resize(8);
  return rows;
}

TEST_P(ReaderTest, meets_the_contract_of_engines) {
  const auto rows = few_rows();
  auto with = settings();
  with.max_batch_pages = 2;
  DeepseekEngine engine{with};
  const auto description = engine.description();
  EXPECT_EQ(description.name, "deepseek_ocr2");
  EXPECT_FALSE(description.version.empty());
  EXPECT_FALSE(description.fingerprint.empty());

  const auto before = engine.room().pages;
  ASSERT_GT(before, 0);
  engine.submit(1, engine.prepare(rows[0].image, options_of("plain")));
  EXPECT_LT(engine.room().pages, before);
  while (engine.step(std::chrono::milliseconds{50}).empty()) {
  }
  EXPECT_EQ(engine.room().pages, before);

  engine.submit(1, engine.prepare(rows[0].image, options_of("plain")));
  engine.cancel(1);
  engine.cancel(99);
  EXPECT_TRUE(engine.step(std::chrono::milliseconds{0}).empty());
  EXPECT_EQ(engine.room().pages, before);

  engine.submit(5, engine.prepare(rows[1].image, options_of("grounding")));
  (void)engine.step(std::chrono::milliseconds{0});
  engine.cancel(5);  // at work
  const auto results = read(engine, rows, 3);
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(reading_of(results.at(i)).raw, rows[i].text) << rows[i].name;
}

TEST_P(ReaderTest, pages_that_cannot_be_read_leave_their_neighbours_alone) {
  auto rows = few_rows();
  const auto thin = page::make_image(1, 20'000, page::PixelFormat::rgb8, 300).image;
  const auto black = page::make_image(90, 70, page::PixelFormat::rgb8, 300).image;
  const auto dot = page::make_image(1, 1, page::PixelFormat::rgb8, 300).image;
  rows[1].image = thin;
  rows[3].image = black;
  rows[5].image = dot;
  DeepseekEngine engine{settings()};
  const auto results = read(engine, rows, 1);
  ASSERT_TRUE(std::holds_alternative<PageFailure>(results.at(1)));
  EXPECT_EQ(std::get<PageFailure>(results.at(1)).reason, Reason::too_large);
  for (const std::size_t i : {0, 2, 4, 6, 7})
    EXPECT_EQ(reading_of(results.at(i)).raw, rows[i].text) << rows[i].name;
}

TEST_P(ReaderTest, an_answer_without_end_fails_with_what_was_read) {
  const auto rows = few_rows();
  auto with = settings();
  with.max_new_tokens = 5;
  DeepseekEngine engine{with};
  const auto results = read(engine, rows, 0);
  const auto& failure = std::get<PageFailure>(results.at(1));
  EXPECT_EQ(failure.reason, Reason::no_end);
  ASSERT_TRUE(failure.reading.has_value());
  EXPECT_EQ(failure.reading->finish_reason, result::FinishReason::length);
  EXPECT_EQ(failure.reading->ids, Ids(rows[1].ids.begin(), rows[1].ids.begin() + 5));
}

TEST_P(ReaderTest, the_watchdog_ends_a_page) {
  const auto rows = few_rows();
  auto with = settings();
  with.watchdog_s = 0;
  DeepseekEngine engine{with};
  const auto results = read(engine, rows, 0);
  const auto& failure = std::get<PageFailure>(results.at(0));
  EXPECT_EQ(failure.reason, Reason::engine_timeout);
  EXPECT_EQ(failure.reading->finish_reason, result::FinishReason::watchdog);
}

TEST_P(ReaderTest, the_watchdog_leaves_a_page_its_multiple_of_the_time) {
  const auto rows = few_rows();
  auto with = settings();
  with.watchdog_s = 1e-9;
  DeepseekEngine engine{with};
  auto options = options_of(rows[1].prompt);
  options.time_scale = 1e12;
  engine.submit(1, engine.prepare(rows[1].image, options));
  std::vector<Completion> done;
  while (done.empty()) done = engine.step(std::chrono::milliseconds{1000});
  EXPECT_TRUE(std::holds_alternative<result::Reading>(done[0].result));
}

TEST_P(ReaderTest, out_of_memory_makes_the_budget_smaller_and_no_other_text) {
  const auto rows = few_rows();
  EngineTuning tuning;
  int looks = 0, steps = 0;
  tuning.before = [&](const char* part) {
    const bool look = std::string_view{part} == "vision";
    auto& calls = look ? looks : steps;
    ++calls;
    if (look ? calls == 2 : calls == 10 || calls == 30) throw std::bad_alloc{};
  };
  DeepseekEngine engine{settings(), nullptr, tuning};
  const auto before = engine.figures().kv_bytes;
  const auto results = read(engine, rows, 0);
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(reading_of(results.at(i)).raw, rows[i].text) << rows[i].name;
  EXPECT_EQ(engine.figures().out_of_memory, 3U);
  EXPECT_LT(engine.figures().kv_bytes, before);
}

TEST_P(ReaderTest, a_page_that_never_fits_is_given_up) {
  const auto rows = few_rows();
  EngineTuning tuning;
  int calls = 0;
  tuning.before = [&](const char*) {
    if (++calls > 2) throw std::bad_alloc{};
  };
  DeepseekEngine engine{settings(), nullptr, tuning};
  engine.submit(1, engine.prepare(rows[0].image, options_of("plain")));
  std::vector<Completion> done;
  for (int i = 0; i < 100 && done.empty(); ++i) done = engine.step(std::chrono::milliseconds{10});
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(std::get<PageFailure>(done[0].result).reason, Reason::out_of_memory);
}

TEST_P(ReaderTest, rungs_ask_otherwise) {
  const auto rows = few_rows();
  DeepseekEngine engine{settings()};
  engine.submit(1, engine.prepare(rows[1].image, options_of("grounding", Rung::stronger_guard)));
  engine.submit(2, engine.prepare(rows[1].image, options_of("grounding", Rung::plain_prompt)));
  engine.submit(3, engine.prepare(rows[1].image, options_of("plain", Rung::rotated)));
  Results results;
  while (results.size() < 3)
    for (auto& completion : engine.step(std::chrono::milliseconds{100}))
      results.emplace(completion.ticket, std::move(completion.result));
  EXPECT_EQ(reading_of(results.at(1)).raw, rows[1].text);
  EXPECT_EQ(reading_of(results.at(2)).raw, rows[0].text);
  EXPECT_NE(reading_of(results.at(3)).raw, rows[0].text);
}

TEST(Engine, says_what_is_wrong_with_settings) {
  DeepseekSettings settings;
  settings.weights = "/nowhere";
  EXPECT_THROW(DeepseekEngine{settings}, Error);
  settings.weights = reader_path("checkpoint");
  settings.no_repeat_ngram->allow = {"<nonsense>"};
  EXPECT_THROW(DeepseekEngine{settings}, UsageError);
  settings.no_repeat_ngram.reset();
  settings.prompt = "<image> and <image>";
  EXPECT_THROW(DeepseekEngine{settings}, UsageError);
}

INSTANTIATE_TEST_SUITE_P(Devices, ReaderTest, testing::ValuesIn(devices()), device_name);

}  // namespace reader_test
}  // namespace pecia::engine::deepseek::test
