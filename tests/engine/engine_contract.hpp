#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "pecia/engine/engine.hpp"
#include "support/netpbm.hpp"

// What every Engine must do.
namespace pecia::test {

constexpr std::chrono::milliseconds step_wait{50};

inline engine::ReadOptions english() {
  engine::ReadOptions options;
  options.languages = {"eng"};
  options.replay_seconds = 0.01;
  return options;
}

inline page::Image text_page() { return read_netpbm(std::string{PECIA_TEST_DATA} + "/engine/note.pgm", 150); }

using Completions = std::map<std::uint64_t, engine::Completion>;

/// Submits tickets 1..n of these pages as there is room, and steps until all are out.
inline Completions read_all(engine::Engine& engine, const std::vector<page::Image>& pages) {
  Completions done;
  std::size_t next = 0;
  while (done.size() < pages.size()) {
    while (next < pages.size() && engine.room().pages > 0) {
      engine.submit(next + 1, engine.prepare(pages[next], english()));
      ++next;
    }
    for (auto& completion : engine.step(step_wait)) {
      const auto ticket = completion.ticket;
      EXPECT_TRUE(done.emplace(ticket, std::move(completion)).second) << "ticket " << ticket << " came out twice";
    }
  }
  return done;
}

inline std::string text_of(const engine::Completion& completion) {
  const auto* reading = std::get_if<result::Reading>(&completion.result);
  return reading ? reading->text : "(no reading)";
}

inline void many_more_pages_than_room_come_out_once_each(engine::Engine& engine) {
  const auto done = read_all(engine, std::vector(9, text_page()));

  for (std::uint64_t ticket = 1; ticket <= 9; ++ticket) {
    ASSERT_TRUE(done.contains(ticket));
    EXPECT_EQ(text_of(done.at(ticket)), text_of(done.at(1))) << "the same page gives the same text";
    EXPECT_NE(text_of(done.at(ticket)), "(no reading)");
    EXPECT_EQ(result::problem_of(std::get<result::Reading>(done.at(ticket).result)), "");
  }
}

inline void room_falls_and_rises(engine::Engine& engine) {
  const int before = engine.room().pages;
  ASSERT_GT(before, 0);
  engine.submit(1, engine.prepare(text_page(), english()));
  EXPECT_LT(engine.room().pages, before);
  while (engine.step(step_wait).empty()) {
  }
  EXPECT_EQ(engine.room().pages, before);
}

inline void a_cancelled_page_does_not_come_out(engine::Engine& engine) {
  engine.submit(1, engine.prepare(text_page(), english()));
  engine.cancel(1);
  engine.cancel(99);  // unknown: ignored
  const auto done = read_all(engine, {text_page()});
  EXPECT_EQ(done.size(), 1U);
  EXPECT_TRUE(engine.step(std::chrono::milliseconds{0}).empty());
}

inline void it_says_what_it_is(const engine::Engine& engine) {
  const auto description = engine.description();
  EXPECT_FALSE(description.name.empty());
  EXPECT_FALSE(description.version.empty());
  EXPECT_FALSE(description.fingerprint.empty());
}

inline void meets_the_contract(engine::Engine& engine) {
  it_says_what_it_is(engine);
  room_falls_and_rises(engine);
  many_more_pages_than_room_come_out_once_each(engine);
  a_cancelled_page_does_not_come_out(engine);
  room_falls_and_rises(engine);
}

/// For engines that look at pixels.
inline void a_bad_page_leaves_its_neighbours_alone(engine::Engine& engine) {
  auto too_wide = page::make_image(40'000, 2, page::PixelFormat::gray8, 300).image;
  const auto done = read_all(engine, {text_page(), too_wide, plain_page(800, 600, 255), text_page()});

  EXPECT_TRUE(std::holds_alternative<result::Reading>(done.at(1).result));
  ASSERT_TRUE(std::holds_alternative<engine::PageFailure>(done.at(2).result));
  EXPECT_EQ(std::get<engine::PageFailure>(done.at(2).result).reason, Reason::too_large);
  EXPECT_TRUE(std::holds_alternative<engine::Blank>(done.at(3).result));
  EXPECT_EQ(text_of(done.at(4)), text_of(done.at(1)));
}

}  // namespace pecia::test
