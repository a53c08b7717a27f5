#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "decoder_model.hpp"
#include "devices.hpp"
#include "generator.hpp"
#include "golden.hpp"
#include "ngram_guard.hpp"

namespace pecia::engine::deepseek::test {
namespace generation_test {

using Ids = std::vector<std::int32_t>;

/// A sequence of the golden set: a case with one of the guards.
struct Task {
  const Json* golden_case = nullptr;
  std::string guard;
  at::Tensor prompt;
  Ids expected;
};

struct Said {
  Finished finished;
  std::vector<at::Tensor> logits;  ///< of every step, (vocabulary)
};

std::vector<Task> tasks_of(const Model& model) {
  std::vector<Task> tasks;
  for (const auto& one : model.golden.cases()) {
    const auto prompt = model.prompt(one);
    for (const auto& [guard, greedy] : one.at("greedy").items())
      tasks.push_back({&one, guard, prompt, greedy.at("ids").get<Ids>()});
  }
  return tasks;
}

Sequence sequence_of(const Model& model, const Task& task, std::uint64_t ticket) {
  Sequence sequence;
  sequence.ticket = ticket;
  sequence.prompt_tokens = static_cast<int>(task.prompt.size(0));
  sequence.max_new_tokens = static_cast<int>(task.expected.size());
  sequence.loop_detection = false;
  const auto& guard = model.golden.json.at("guards").at(task.guard);
  if (!guard.is_null())
    sequence.guard = GuardIds{guard.at("n"), guard.at("window"), guard.at("whitelist").get<Ids>()};
  return sequence;
}

/// Runs tasks whose tickets are their places in `order`; `arrives(step)`: how many more are added
/// before it.
std::map<std::uint64_t, Said> run(const Model& model, const std::vector<Task>& tasks,
                                  const std::vector<std::size_t>& order, SchedulerLimits limits,
                                  const std::function<std::size_t(int)>& arrives) {
  Generator generator{model.decoder, model.config.eos_id, limits};
  std::map<std::uint64_t, Said> said;
  generator.observe([&](std::span<const std::uint64_t> tickets, const at::Tensor& logits) {
    for (std::size_t i = 0; i < tickets.size(); ++i)
      said[tickets[i]].logits.push_back(logits[static_cast<std::int64_t>(i)].cpu().clone());
  });
  std::size_t added = 0, finished = 0;
  for (int step = 0; finished < order.size(); ++step) {
    for (auto more = arrives(step); more > 0 && added < order.size(); --more, ++added)
      generator.add(sequence_of(model, tasks[order[added]], order[added]));
    for (const auto ticket : generator.take_admitted()) {
      said[ticket].logits.clear();
      generator.set_prompt(ticket, tasks[ticket].prompt);
    }
    generator.step();
    for (auto& one : generator.take_finished()) {
      said[one.ticket].finished = std::move(one);
      ++finished;
    }
  }
  return said;
}

SchedulerLimits limits_of(const Model& model, int sequences) {
  return {.sequences = sequences,
          .blocks = sequences * blocks_for(model.config.decoder.max_positions),
          .chunk_tokens = 64,
          .prefill_tokens_per_step = 128};
}

/// How far the best logit is ahead, after the guard.
double margin(const at::Tensor& logits, const Ids& banned) {
  const auto* const x = logits.const_data_ptr<float>();
  double best = -INFINITY, second = -INFINITY;
  for (std::int32_t id = 0; id < logits.size(0); ++id) {
    if (std::binary_search(banned.begin(), banned.end(), id)) continue;
    const double value = x[id];
    second = std::max(second, std::min(best, value));
    best = std::max(best, value);
  }
  return best - second;
}

class GenerationTest : public DeviceTest {
 protected:
  c10::InferenceMode mode_;

  void meets_the_golden(const std::string& configuration) {
    const Model model{configuration, device(), at::kFloat};
    const auto tasks = tasks_of(model);
    std::vector<Said> alone;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      alone.push_back(run(model, tasks, {i}, limits_of(model, 1), [](int) { return 1; }).at(i));
      is_the_golden(model, tasks[i], alone[i]);
    }
    for (const unsigned seed : {1U, 2U}) {
      std::mt19937 random{seed};
      std::vector<std::size_t> order(tasks.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::shuffle(order.begin(), order.end(), random);
      const auto together = run(model, tasks, order, limits_of(model, seed == 1 ? 16 : 5),
                                [&](int) { return random() % 5 == 0 ? random() % 4 : 0U; });
      for (std::size_t i = 0; i < tasks.size(); ++i)
        is_as_alone(tasks[i], together.at(i), alone[i]);
    }
  }

  void is_the_golden(const Model& model, const Task& task, const Said& said) {
    const auto what = model.golden.name + "/" + task.golden_case->at("case").get<std::string>() +
                      " " + task.guard;
    EXPECT_EQ(said.finished.how, Finished::How::ended) << what;
    EXPECT_EQ(said.finished.generated.ids, task.expected) << what;
    const auto& greedy = task.golden_case->at("greedy").at(task.guard);
    EXPECT_EQ(said.finished.generated.finish_reason, greedy.at("stopped").get<bool>()
                                                         ? result::FinishReason::stop
                                                         : result::FinishReason::length)
        << what;
    ASSERT_EQ(said.logits.size(), task.expected.size()) << what;
    for (std::size_t step = 0; step < said.logits.size(); ++step) {
      const auto key = std::to_string(step);
      const auto banned =
          greedy.at("banned").contains(key) ? greedy.at("banned").at(key).get<Ids>() : Ids{};
      const auto want = greedy.at("margins").at(step).get<double>();  // of four digits
      EXPECT_NEAR(margin(said.logits[step], banned), want, 1e-4 + 5e-4 * want)
          << what << " step " << step;
    }
  }

  /// Bit by bit on a CPU.
  void is_as_alone(const Task& task, const Said& together, const Said& alone) {
    const auto what = task.golden_case->at("case").get<std::string>() + " " + task.guard;
    EXPECT_EQ(together.finished.generated.ids, alone.finished.generated.ids) << what;
    ASSERT_EQ(together.logits.size(), alone.logits.size()) << what;
    if (!device().is_cpu()) return;
    EXPECT_EQ(together.finished.generated.log_probabilities,
              alone.finished.generated.log_probabilities)
        << what;
    for (std::size_t step = 0; step < alone.logits.size(); ++step)
      ASSERT_TRUE(equal_bits(together.logits[step], alone.logits[step]))
          << what << " step " << step;
  }
};

TEST_P(GenerationTest, says_what_the_golden_a_says_alone_and_in_random_batches) {
  meets_the_golden("a");
}
TEST_P(GenerationTest, says_what_the_golden_b_says_alone_and_in_random_batches) {
  meets_the_golden("b");
}
TEST_P(GenerationTest, says_what_the_golden_c_says_alone_and_in_random_batches) {
  meets_the_golden("c");
}

TEST_P(GenerationTest, the_batches_of_the_golden_say_the_same) {
  const Model model{"a", device(), at::kFloat};
  const auto tasks = tasks_of(model);
  for (const auto& batch : model.golden.json.at("batches")) {
    std::vector<std::size_t> order;
    for (const auto& name : batch.at("cases"))
      for (std::size_t i = 0; i < tasks.size(); ++i)
        if (tasks[i].guard == "off" && tasks[i].golden_case->at("case") == name) order.push_back(i);
    ASSERT_EQ(order.size(), batch.at("cases").size());
    const auto said = run(model, tasks, order, limits_of(model, 8), [](int) { return 99; });
    for (const auto i : order) EXPECT_EQ(said.at(i).finished.generated.ids, tasks[i].expected);
  }
}

TEST_P(GenerationTest, a_full_cache_makes_pages_begin_anew_and_say_the_same) {
  const Model model{"b", device(), at::kFloat};
  const auto tasks = tasks_of(model);
  std::vector<std::size_t> order(tasks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  auto limits = limits_of(model, 6);
  limits.blocks = 12;  // the longest takes 5
  Generator generator{model.decoder, model.config.eos_id, limits};
  for (int round = 0; round < 3; ++round)  // short answers first, so that it takes on too many
    for (std::uint64_t i = 0; i < 4; ++i) {
      auto sequence = sequence_of(model, tasks[0], 1000 + i);
      sequence.max_new_tokens = 1;
      generator.add(sequence);
      while (generator.take_finished().empty()) {
        for (const auto ticket : generator.take_admitted())
          generator.set_prompt(ticket, tasks[0].prompt);
        generator.step();
      }
    }
  for (const auto i : order) generator.add(sequence_of(model, tasks[i], i));
  for (std::size_t finished = 0; finished < order.size();) {
    for (const auto ticket : generator.take_admitted())
      generator.set_prompt(ticket, tasks[ticket].prompt);
    generator.step();
    for (const auto& one : generator.take_finished()) {
      EXPECT_EQ(one.generated.ids, tasks[one.ticket].expected) << one.ticket;
      ++finished;
    }
  }
  EXPECT_GT(generator.scheduler().preemptions(), 0U);
  EXPECT_EQ(generator.scheduler().free_blocks(), limits.blocks);
}

TEST_P(GenerationTest, one_that_is_cancelled_leaves_the_others_alone) {
  const Model model{"a", device(), at::kFloat};
  const auto tasks = tasks_of(model);
  Generator generator{model.decoder, model.config.eos_id, limits_of(model, 4)};
  for (std::uint64_t i = 0; i < 6; ++i) generator.add(sequence_of(model, tasks[i], i));
  std::map<std::uint64_t, Ids> said;
  for (int step = 0; said.size() < 4; ++step) {
    for (const auto ticket : generator.take_admitted())
      generator.set_prompt(ticket, tasks[ticket].prompt);
    generator.step();
    if (step == 10) generator.cancel(2);  // at work
    if (step == 11) generator.cancel(5);  // waits
    for (auto& one : generator.take_finished()) said[one.ticket] = one.generated.ids;
    ASSERT_LT(step, 1000);
  }
  for (const std::uint64_t i : {0, 1, 3, 4}) EXPECT_EQ(said.at(i), tasks[i].expected) << i;
}

TEST_P(GenerationTest, a_model_in_a_loop_is_ended_early) {
  const Model model{"b", device(), at::kFloat};
  // Without layers the next id follows from the last one alone, so that a cycle is certain.
  auto looping = std::make_shared<Decoder>(*model.decoder);
  looping->layers.clear();
  const auto prompt = model.prompt(model.golden.cases().at(0));
  const auto said = [&](bool loop_detection) {
    Sequence sequence;
    sequence.prompt_tokens = static_cast<int>(prompt.size(0));
    sequence.max_new_tokens = model.config.decoder.max_positions - sequence.prompt_tokens;
    sequence.loop_detection = loop_detection;
    Generator generator{looping, -1, limits_of(model, 1)};
    generator.add(sequence);
    for (;;) {
      for (const auto ticket : generator.take_admitted()) generator.set_prompt(ticket, prompt);
      generator.step();
      if (auto finished = generator.take_finished(); !finished.empty())
        return finished[0].generated;
    }
  };
  const auto whole = said(false), watched = said(true);
  EXPECT_EQ(whole.finish_reason, result::FinishReason::length);
  EXPECT_EQ(watched.finish_reason, result::FinishReason::repeats);
  ASSERT_LT(watched.ids.size(), whole.ids.size());
  EXPECT_TRUE(std::equal(watched.ids.begin(), watched.ids.end(), whole.ids.begin()));
}

TEST_P(GenerationTest, bf16_stays_near_fp32) {
  const Model exact{"b", device(), at::kFloat}, model{"b", device(), at::kBFloat16};
  std::vector<double> differences;
  std::size_t sure = 0;
  for (const auto& one : exact.golden.cases()) {
    const auto ids = one.at("greedy").at("off").at("ids").get<Ids>();
    const auto logits = [&](const Model& with) {
      Alone sequence{*with.decoder};
      auto hidden = sequence.feed(with.prompt(one));
      std::vector<at::Tensor> steps{
          logits_of(*with.decoder, hidden.narrow(0, hidden.size(0) - 1, 1))};
      for (std::size_t i = 0; i + 1 < ids.size(); ++i)
        steps.push_back(
            logits_of(*with.decoder, sequence.feed(embed(*with.decoder, std::span{&ids[i], 1}))));
      return at::cat(steps).cpu();
    };
    const auto want = logits(exact), got = logits(model);
    const auto difference = (want - got).abs();
    differences.insert(differences.end(), difference.const_data_ptr<float>(),
                       difference.const_data_ptr<float>() + difference.numel());
    for (std::int64_t step = 0; step < want.size(0); ++step) {
      if (margin(want[step], {}) <= 0.5) continue;
      ++sure;
      EXPECT_EQ(want[step].argmax().item<std::int64_t>(), got[step].argmax().item<std::int64_t>())
          << one.at("case") << " step " << step;
    }
  }
  const auto middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
  std::nth_element(differences.begin(), middle, differences.end());
  EXPECT_LE(*middle, 0.02);
  EXPECT_GT(*middle, 0) << "nothing was computed in bf16";
  RecordProperty("median_difference", std::to_string(*middle));
  RecordProperty("steps_with_margin", std::to_string(sure));
}

INSTANTIATE_TEST_SUITE_P(Devices, GenerationTest, testing::ValuesIn(devices()), device_name);

}  // namespace generation_test
}  // namespace pecia::engine::deepseek::test
