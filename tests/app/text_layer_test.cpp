#include "text_layer.hpp"

#include <gtest/gtest.h>

namespace pecia::app {
namespace text_layer_test {

using Act = LayerDecision::Act;
using Policy = TextLayerPolicy;

constexpr Policy all[] = {Policy::automatic, Policy::ignore, Policy::redo, Policy::keep, Policy::skip};

page::TextEvidence sound() {
  page::TextEvidence evidence;
  evidence.words = evidence.lettered = evidence.judged = evidence.like_words = 100;
  evidence.characters = evidence.letters = 500;
  evidence.signs.shown_bytes = 600;
  return evidence;
}

page::TextEvidence garbled() {
  auto evidence = sound();
  evidence.unknown = 400;
  return evidence;
}

page::TextEvidence under_a_scan() {
  auto evidence = sound();
  std::swap(evidence.signs.shown_bytes, evidence.signs.hidden_bytes);
  evidence.signs.over_image = true;
  return evidence;
}

/// As the readers do it.
LayerDecision decided(Policy policy, const page::TextEvidence& evidence) {
  return needs_layer(policy, evidence.signs) ? decide(policy, evidence) : decide(policy, evidence.signs);
}

TEST(TextLayerPolicy, DecidesByTheJobAndTheEvidence) {
  const struct {
    const char* page;
    page::TextEvidence evidence;
    Act automatic, keep, skip;
  } cases[] = {{"sound", sound(), Act::keep, Act::keep, Act::skip},
               {"garbled", garbled(), Act::read, Act::keep, Act::skip},
               {"under a scan", under_a_scan(), Act::read, Act::keep, Act::skip},
               {"nothing but spaces", [] { auto spaces = sound(); spaces.words = 0; return spaces; }(), Act::read, Act::read, Act::read}};
  for (const auto& [page, evidence, automatic, keep, skip] : cases) {
    EXPECT_EQ(decided(Policy::automatic, evidence).act, automatic) << page;
    EXPECT_EQ(decided(Policy::keep, evidence).act, keep) << page;
    EXPECT_EQ(decided(Policy::skip, evidence).act, skip) << page;
    EXPECT_EQ(decided(Policy::ignore, evidence).act, Act::read) << page;
    EXPECT_EQ(decided(Policy::redo, evidence).act, Act::read) << page;
    for (const auto policy : all) {
      const auto step = decided(policy, evidence).step;
      ASSERT_TRUE(step.has_value()) << page;
      EXPECT_EQ(step->what, "text_layer");
      EXPECT_TRUE(step->detail.find("visible") != std::string::npos) << step->detail;
    }
  }
  EXPECT_TRUE(decided(Policy::redo, sound()).step->detail.starts_with("redo: "));
  EXPECT_TRUE(decided(Policy::ignore, sound()).step->detail.starts_with("ignored: "));
  EXPECT_TRUE(decided(Policy::automatic, sound()).step->detail.starts_with("kept: 100 words"));
  EXPECT_TRUE(decided(Policy::automatic, garbled()).step->detail.starts_with("read: 80 % of its characters are unknown"));
}

TEST(TextLayerPolicy, APageWithoutTextCostsNothing) {
  for (const auto policy : all) {
    EXPECT_FALSE(needs_layer(policy, {}));
    EXPECT_FALSE(decide(policy, page::TextSigns{}).step.has_value());
  }
  EXPECT_FALSE(needs_layer(Policy::automatic, under_a_scan().signs)) << "its signs say enough";
}

TEST(TextLayerPolicy, WhatIsKeptIsAReading) {
  page::TextLayer layer;
  layer.text = "one two\n\nthree";
  layer.words = {{1, 1, 2, 2, 0, 3, 1}, {3, 1, 4, 2, 4, 7, 0.5F}, {1, 5, 4, 6, 9, 14, 1}};
  layer.lines = {{1, 1, 4, 2, 0, 7, 1}, {1, 5, 4, 6, 9, 14, 1}};
  layer.blocks = layer.lines;

  const auto reading = reading_of(layer);

  EXPECT_EQ(result::problem_of(reading), "");
  EXPECT_EQ(reading.text, layer.text);
  ASSERT_EQ(reading.words.size(), 3U);
  EXPECT_EQ(reading.words[1].box.x0, 3);
  EXPECT_FLOAT_EQ(reading.lines[0].confidence, 0.75F);
  EXPECT_FLOAT_EQ(reading.blocks[1].confidence, 1);
  EXPECT_NEAR(reading.confidence, (3 + 1.5 + 5) / 11, 1e-6);
}

}  // namespace text_layer_test
}  // namespace pecia::app
