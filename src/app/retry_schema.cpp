// Keys of a job about pages that are tried again.
#include "job_key.hpp"

namespace pecia::app {
namespace {

constexpr double hour_s = 3'600;
constexpr int most_attempts = 20;

/// `rule`: position in the table.
void add_rule(std::vector<KeyOf<Job>>& schema, const engine::RetryRule& is, std::size_t rule) {
  const auto path = fmt::format("retries.{}.", name(is.reason));
  const int most = is.change == engine::Change::next_rung ? is.attempts : most_attempts;
  schema.push_back(job_key(
      path + "attempts", [rule](auto& job) -> auto& { return job.retries.rules[rule].attempts; },
      kind::Whole{0, most, "attempts"},
      fmt::format("after the first, of a page that failed as {0} (docs/errors.md); pages of low priority get one less. "
                  "`{0}: 1` is short for it. What changes: {1}",
                  name(is.reason), description(is.change))));
  schema.push_back(job_key(
      path + "delay_s", [rule](auto& job) -> auto& { return job.retries.rules[rule].delay_s; },
      kind::Number{0, hour_s, "s"},
      is.change == engine::Change::longer_wait ? "before the first of them; it doubles each time" : "before each of them"));
  if (is.change != engine::Change::more_time && is.change != engine::Change::less_memory) return;
  schema.push_back(job_key(
      path + "times", [rule](auto& job) -> auto& { return job.retries.rules[rule].times; }, kind::Number{1, 100, ""},
      is.change == engine::Change::more_time ? "the limit of time is multiplied by it, each time"
                                             : "the limit of memory is multiplied by it where a document is decoded alone"));
}

}  // namespace

void add_retries(std::vector<KeyOf<Job>>& schema) {
  schema.push_back(job_key(
      "engine.retry_budget", [](auto& job) -> auto& { return job.engine.retry_budget; }, kind::Number{0, 1, ""},
      "tesseract: share of a rank's seconds of reading that may go into reading pages of poor confidence in another "
      "way (retries.low_confidence); 0: none are"));
  const engine::RetryTable table;
  for (std::size_t n = 0; n < table.rules.size(); ++n) add_rule(schema, table.rules[n], n);
}

}  // namespace pecia::app
