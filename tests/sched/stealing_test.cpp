// Stealing, copies and revoked pages, message by message.
#include <gtest/gtest.h>

#include "sched/hand_run.hpp"

namespace pecia {
namespace stealing_test {

using sched::Command;
using sched::Kind;
using sched::PageEnd;
using test::HandRun;
using test::pages;
using test::share_of;

Bytes request_for(double load_s, bool may_start) {
  return ByteWriter{}
      .put(Kind::request)
      .put(1.0)
      .put(load_s)
      .put(sched::Level::low)
      .put(may_start)
      .put(std::uint32_t{1})
      .bytes();
}

/// What a rank says to another, by itself.
std::vector<sched::Outgoing> said(sched::Scheduler& rank) {
  std::vector<sched::Outgoing> all;
  while (auto out = rank.next_outgoing()) all.push_back(std::move(*out));
  return all;
}

Kind kind_of(const sched::Outgoing& message) { return static_cast<Kind>(message.bytes.front()); }

/// Rank 1 of a job whose pages are all its own.
sched::Scheduler rank_one(std::uint32_t count, int prefetch = 2, int slots = 1) {
  sched::Settings settings;
  settings.rank = 1;
  settings.size = 4;
  settings.slots = slots;
  settings.prefetch = prefetch;
  settings.short_first = false;
  const auto share = share_of(pages(0, count, 0));
  auto job = test::job_of(std::span{&share, 1});
  job.manifest_pages = 100;
  sched::Scheduler scheduler{settings, share, job};
  scheduler.on_time(0);
  (void)said(scheduler);
  return scheduler;
}

TEST(Stealing, ARankWithNothingGetsHalfOfWhatIsLeft) {
  HandRun run{{share_of(pages(0, 40, 0)), {}}};
  run.at_time(0);
  EXPECT_EQ(run.at(0).unstarted(), 20U);
  EXPECT_EQ(run.at(1).unstarted(), 20U);

  run.at_time(1);  // its next report
  EXPECT_EQ(run.at(0).progress().stolen_pages, 20U);
}

TEST(Stealing, PagesAreLentUntilAcceptedAndComeBackFromAThiefThatStopped) {
  HandRun run{{{}, share_of(pages(0, 40, 0)), {}}};
  run.stop(0);
  run.stop(2);
  run.at_time(0);
  run.at(1).on_message(2, request_for(0, true));
  run.deliver();
  ASSERT_EQ(run.at(1).unstarted(), 20U);  // granted, not received
  run.go_on(0);
  run.at_time(0.5);  // rank 0 takes some too
  run.through(1, 2);
  // What is lent is counted as the victim's.
  EXPECT_EQ(run.at(0).progress().ranks[1].unstarted, run.at(1).unstarted() + 20);

  run.through(2.5, 14);

  EXPECT_TRUE(run.at(0).progress().ranks[2].suspect);
  EXPECT_EQ(run.at(0).unstarted() + run.at(1).unstarted(), 40U);
}

TEST(Stealing, AThiefThatGoesOnDropsWhatWasTakenBackFromIt) {
  HandRun run{{{}, share_of(pages(0, 40, 0)), {}}};
  run.at_time(0);  // all have some
  run.stop(2);
  run.at(1).on_message(2, request_for(0, true));
  run.deliver();  // a second grant waits for the stopped rank
  run.through(0.5, 7);
  ASSERT_TRUE(run.at(0).progress().ranks[2].suspect);
  ASSERT_EQ(run.at(0).unstarted() + run.at(1).unstarted(), 40U);

  run.go_on(2);
  run.through(7.5, 10);

  EXPECT_EQ(run.at(0).unstarted() + run.at(1).unstarted() + run.at(2).unstarted(), 40U);
  EXPECT_FALSE(run.at(0).progress().ranks[2].suspect);
}

TEST(Stealing, ARefusedThiefLearnsWhoHasWork) {
  auto victim = rank_one(0);
  (void)said(victim);
  ByteWriter offer;
  offer.put(Kind::offer);
  sched::encode(offer, std::vector<std::uint32_t>{3});
  victim.on_message(0, offer.bytes());
  (void)said(victim);

  victim.on_message(2, request_for(0, true));

  const auto answers = said(victim);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers.front().to, 2);
  ASSERT_EQ(kind_of(answers.front()), Kind::refuse);
  ByteReader in{std::span{answers.front().bytes}.subspan(1)};
  EXPECT_EQ(sched::decode_numbers(in), std::vector<std::uint32_t>{3});
}

TEST(Stealing, DecodedPagesAreCalledBackOnlyForAFreeSlotAndWhenNothingElseIsLeft) {
  auto victim = rank_one(2);
  const auto first = victim.next_page();
  const auto second = victim.next_page();
  ASSERT_TRUE(first && second);
  victim.on_started(first->index);
  (void)said(victim);

  victim.on_message(2, request_for(0, false));
  ASSERT_EQ(kind_of(said(victim).front()), Kind::refuse);
  EXPECT_FALSE(victim.next_command());

  victim.on_message(2, request_for(0, true));
  victim.on_message(3, request_for(0, true));
  EXPECT_EQ(victim.next_command()->kind, Command::Kind::recall);
  EXPECT_FALSE(victim.next_command());
  victim.on_returned(*second);
  victim.on_recalled();

  const auto answers = said(victim);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(kind_of(answers[0]), Kind::grant);
  EXPECT_EQ(answers[0].to, 2);
  EXPECT_EQ(kind_of(answers[1]), Kind::refuse);
  EXPECT_EQ(answers[1].to, 3);
}

/// What rank 1 does with a page that has come a number of times from rank to rank, that it decodes, and that rank 2 asks for.
std::optional<Command> asked_for_a_page_that_moved(std::uint32_t times) {
  auto victim = rank_one(0);
  ByteWriter grant;
  grant.put(Kind::grant).put(std::uint32_t{1});
  sched::encode(grant, pages(0, 1, 5));
  sched::encode(grant, std::vector{times});
  sched::encode(grant, sched::Histories{});
  victim.on_message(3, grant.bytes());
  EXPECT_TRUE(victim.next_page());
  (void)said(victim);
  victim.on_message(2, request_for(0, true));
  return victim.next_command();
}

TEST(Stealing, APageThatIsDecodedForLongIsNotTakenFromRankToRankForEver) {
  const auto soon = asked_for_a_page_that_moved(3);
  ASSERT_TRUE(soon);
  EXPECT_EQ(soon->kind, Command::Kind::recall);
  EXPECT_FALSE(asked_for_a_page_that_moved(4));
}

TEST(Stealing, WhileThereAreUnstartedPagesNothingIsCalledBack) {
  auto victim = rank_one(10);
  while (const auto task = victim.next_page()) victim.on_started(task->index);

  victim.on_message(2, request_for(0, true));

  EXPECT_EQ(kind_of(said(victim).front()), Kind::grant);
  EXPECT_FALSE(victim.next_command());
}

TEST(Stealing, APageThatIsReadAloneIsStolenButNeitherCalledBackNorCopied) {
  sched::Settings settings;
  settings.rank = 1;
  settings.size = 4;
  auto tasks = pages(0, 3, 0);
  for (auto& task : tasks) task.alone = true;
  const auto share = share_of(tasks);
  auto job = test::job_of(std::span{&share, 1});
  job.manifest_pages = 100;
  sched::Scheduler victim{settings, share, job};
  victim.on_time(0);
  const auto first = victim.next_page();
  ASSERT_TRUE(first);
  EXPECT_FALSE(victim.next_page());
  (void)said(victim);
  const auto request = ByteWriter{}.put(Kind::request).put(1.0).put(0.0).put(sched::Level::alone).put(true).put(std::uint32_t{1}).bytes();

  std::size_t granted = 0;
  for (int n = 0; n < 3; ++n) {
    victim.on_message(2, request);
    for (const auto& answer : said(victim)) {
      if (kind_of(answer) != Kind::grant) continue;
      ByteReader in{std::span{answer.bytes}.subspan(1)};
      (void)in.get<std::uint32_t>();
      for (const auto& task : sched::decode_tasks(in)) granted += task.alone ? 1 : 0;
    }
  }
  EXPECT_EQ(granted, 2U);
  EXPECT_EQ(victim.unstarted(), 0U);
  EXPECT_FALSE(victim.next_command()) << "it waits for the engine, and stays";

  victim.on_started(first->index);
  victim.on_time(1000);  // it lags
  (void)said(victim);
  victim.on_message(2, request);
  EXPECT_EQ(kind_of(said(victim).back()), Kind::refuse);
  victim.on_finished(first->index, 1000);
  EXPECT_EQ(victim.in_flight(), 1U);
  victim.on_committed(first->index, PageEnd::good);
  EXPECT_EQ(victim.in_flight(), 0U);
}

std::size_t handed_out(std::uint32_t pages_left, int prefetch, int slots) {
  auto rank = rank_one(pages_left, prefetch, slots);
  std::size_t count = 0;
  while (rank.next_page()) ++count;
  return count;
}

TEST(Stealing, FewerPagesAreHandedOutAheadAtTheEndOfTheQueue) {
  EXPECT_EQ(handed_out(100, 8, 1), 1U + 8);
  EXPECT_EQ(handed_out(100, 8, 4), 4U + 8);
  EXPECT_EQ(handed_out(6, 8, 1), 1U + 2);
  EXPECT_EQ(handed_out(3, 8, 1), 1U + 1);
}

TEST(Stealing, RevokedPagesLeaveTheQueueAndAreCancelledInFlight) {
  auto rank = rank_one(5);
  const auto first = rank.next_page();
  rank.on_started(first->index);
  ByteWriter revoke;
  revoke.put(Kind::revoke);
  sched::encode(revoke, std::vector<sched::Move>{{first->index, 0}, {4, 0}});

  rank.on_message(0, revoke.bytes());

  EXPECT_EQ(rank.unstarted(), 3U);
  const auto cancel = rank.next_command();
  ASSERT_TRUE(cancel);
  EXPECT_EQ(cancel->kind, Command::Kind::cancel);
  EXPECT_EQ(cancel->page, first->index);
  rank.on_returned(*first);
  EXPECT_EQ(rank.unstarted(), 3U);  // not wanted back
  EXPECT_EQ(rank.in_flight(), 0U);
}

TEST(Stealing, APageThatCameBackSinceIsNotRevoked) {
  auto rank = rank_one(0);
  const auto task = pages(0, 1, 0).front();
  ByteWriter grant, revoke;
  grant.put(Kind::grant).put(std::uint32_t{5});
  sched::encode(grant, std::vector{task});
  sched::encode(grant, std::vector<std::uint32_t>{3});
  sched::encode(grant, sched::Histories{});
  revoke.put(Kind::revoke);
  sched::encode(revoke, std::vector<sched::Move>{{0, 1}});
  rank.on_message(2, grant.bytes());

  rank.on_message(2, revoke.bytes());  // of an earlier loan

  EXPECT_EQ(rank.unstarted(), 1U);
}

/// Rank 0 has nothing, rank 1 takes very long for the only page.
HandRun lagging() {
  sched::Settings settings;
  settings.backup = true;
  HandRun run{{{}, share_of(pages(0, 1, 0))}, settings};
  run.stop(0);
  run.at_time(0);
  EXPECT_FALSE(run.at(0).next_page());  // its engine is ready
  EXPECT_TRUE(run.at(1).next_page());
  run.at(1).on_started(0);
  run.go_on(0);
  run.through(0, 30);
  return run;
}

TEST(Stealing, ARankWithNothingCopiesThePageThatLags) {
  auto run = lagging();

  EXPECT_EQ(run.at(0).progress().copies, 1U);
  const auto copy = run.at(0).next_page();
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->index, 0U);
}

TEST(Stealing, TheLoserOfACopyIsCancelledAndNobodyWaitsForIt) {
  auto run = lagging();
  ASSERT_TRUE(run.at(0).next_page());
  run.at(0).on_started(0);
  run.at(0).on_finished(0, 1);
  run.at(0).on_committed(0, PageEnd::good);
  run.at_time(30.5);
  run.at_time(31);

  const auto commands = run.commands(1);
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_EQ(commands[0].kind, Command::Kind::cancel);
  EXPECT_EQ(commands[1].kind, Command::Kind::close);
  EXPECT_FALSE(commands[1].drained);
}

TEST(Stealing, AStoppedRanksPagesAreRankZerosUntilItAnswersAgain) {
  HandRun run{{share_of(pages(0, 3, 0)), share_of(pages(1, 10, 3))}};
  run.stop(1);
  run.through(0, 8);
  EXPECT_EQ(run.at(0).unstarted(),
            3U);  // it may still be loading: twice the time before its first word
  run.through(8.5, 12);

  EXPECT_EQ(run.at(0).unstarted(), 13U);
  run.go_on(1);
  run.through(12.5, 13.5);
  EXPECT_EQ(run.at(0).unstarted() + run.at(1).unstarted(), 13U);
}

/// Requests that reach one victim when `thieves` ranks run dry at once.
std::ptrdiff_t most_requests(int victims, int thieves) {
  std::vector<plan::Share> shares(static_cast<std::size_t>(1 + victims + thieves));
  for (int n = 0; n < victims; ++n)
    shares[static_cast<std::size_t>(1 + n)] =
        share_of(pages(static_cast<std::uint32_t>(n), 200, static_cast<std::uint32_t>(200 * n)));
  HandRun run{std::move(shares)};
  run.at_time(0);
  std::ptrdiff_t most = 0;
  for (int rank = 0; rank < 1 + victims + thieves; ++rank)
    most = std::max(most, run.count(rank, Kind::request));
  return most;
}

TEST(Stealing, HundredsThatRunDryAtOnceDoNotMeetAtOneVictim) {
  EXPECT_LE(most_requests(32, 480), 64);
  EXPECT_LE(most_requests(1, 511), 128);
}

}  // namespace stealing_test
}  // namespace pecia
