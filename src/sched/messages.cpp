#include "messages.hpp"

#include <cmath>

namespace pecia::sched {
namespace {

constexpr std::size_t done_bytes = 4 + 1 + 4;
constexpr std::size_t move_bytes = 4 + 4;
constexpr std::size_t copied_bytes = 4 + 4 + 4;
constexpr std::size_t reading_bytes = 4 + 4 + 1;

constexpr std::size_t least_file_bytes = sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t);

void put_files(ByteWriter& out, const std::vector<WrittenFile>& files) {
  out.put(static_cast<std::uint32_t>(files.size()));
  for (const auto& file : files) out.put_text(file.name).put(file.rows).put(file.bytes);
}

std::vector<WrittenFile> get_files(ByteReader& in) {
  std::vector<WrittenFile> files(in.get_count(least_file_bytes));
  for (auto& file : files) {
    file.name = in.get_text();
    file.rows = in.get<std::uint64_t>();
    file.bytes = in.get<std::uint64_t>();
  }
  return files;
}

}  // namespace

Level decode_level(ByteReader& in) {
  const auto level = in.get<Level>();
  require(static_cast<std::size_t>(level) < levels, "a rank tells of a level that there is not");
  return level;
}

ExitStatus decode_status(ByteReader& in) {
  const auto status = in.get<ExitStatus>();
  switch (status) {
    case ExitStatus::complete:
    case ExitStatus::error:
    case ExitStatus::usage:
    case ExitStatus::some_failed:
    case ExitStatus::unfinished: return status;
  }
  throw Error{"a rank failed with a status that there is not"};
}

double decode_amount(ByteReader& in) {
  const auto value = in.get<double>();
  require(std::isfinite(value) && value >= 0, "a rank reports an impossible amount");
  return value;
}

EngineClass decode_class(ByteReader& in) {
  const auto engine_class = in.get<EngineClass>();
  require(static_cast<std::size_t>(engine_class) < engine_classes, "a page of a class that there is not");
  return engine_class;
}

void encode(ByteWriter& out, const Report& report) {
  for (const auto amount : report.load_s) out.put(amount);
  for (const auto amount : report.waiting_s) out.put(amount);
  out.put(report.rate).put(report.slots);
  out.put(report.unstarted).put(report.held).put(report.uncommitted);
  out.put(report.memory_bytes).put(report.engines_lost).put(report.benched);
  for (const auto started : report.started) out.put(started);
  out.put(static_cast<std::uint32_t>(report.done.size()));
  for (const auto& page : report.done) out.put(page.index).put(page.end).put(page.seconds);
  encode(out, report.acquired);
  out.put(static_cast<std::uint32_t>(report.copied.size()));
  for (const auto& page : report.copied) out.put(page.index).put(page.by).put(page.moves);
  out.put(static_cast<std::uint32_t>(report.reading.size()));
  for (const auto& page : report.reading) out.put(page.index).put(page.elapsed_s).put(page.engine_class);
}

Report decode_report(ByteReader& in) {
  Report report;
  for (auto& amount : report.load_s) amount = decode_amount(in);
  for (auto& amount : report.waiting_s) amount = decode_amount(in);
  report.rate = decode_amount(in);
  report.slots = in.get<std::uint32_t>();
  require(report.slots > 0, "a rank without slots");
  report.unstarted = in.get<std::uint32_t>();
  report.held = in.get<std::uint32_t>();
  report.uncommitted = in.get<std::uint32_t>();
  report.memory_bytes = in.get<std::uint64_t>();
  report.engines_lost = in.get<std::uint32_t>();
  report.benched = in.get<bool>();
  for (auto& started : report.started) started = in.get<std::uint32_t>();
  report.done.resize(in.get_count(done_bytes));
  for (auto& page : report.done) {
    page.index = in.get<std::uint32_t>();
    page.end = in.get<PageEnd>();
    require(page.end <= PageEnd::engine_failed, "a page ended in no way that there is");
    page.seconds = in.get<float>();
    require(std::isfinite(page.seconds) && page.seconds >= 0, "a page took an impossible time");
  }
  report.acquired = decode_moves(in);
  report.copied.resize(in.get_count(copied_bytes));
  for (auto& page : report.copied) {
    page.index = in.get<std::uint32_t>();
    page.by = in.get<int>();
    page.moves = in.get<std::uint32_t>();
  }
  report.reading.resize(in.get_count(reading_bytes));
  for (auto& page : report.reading) {
    page.index = in.get<std::uint32_t>();
    page.elapsed_s = in.get<float>();
    require(std::isfinite(page.elapsed_s), "a page is read for an impossible time");
    page.engine_class = decode_class(in);
  }
  return report;
}

void encode(ByteWriter& out, const ClosedReport& report) {
  put_files(out, report.shards);
  put_files(out, report.segments);
  out.put(report.rows);
}

ClosedReport decode_closed(ByteReader& in) {
  ClosedReport report;
  report.shards = get_files(in);
  report.segments = get_files(in);
  report.rows = in.get<std::uint64_t>();
  return report;
}

void encode(ByteWriter& out, const std::vector<plan::Task>& tasks) {
  out.put(static_cast<std::uint32_t>(tasks.size()));
  for (const auto& task : tasks) encode(out, task);
}

plan::Task decode_task(ByteReader& in) {
  auto task = plan::decode_task(in);
  require(task.engine_class < engine_classes, "a page of a class that there is not");
  return task;
}

std::vector<plan::Task> decode_tasks(ByteReader& in) {
  std::vector<plan::Task> tasks(in.get_count(plan::task_bytes));
  for (auto& task : tasks) task = decode_task(in);
  return tasks;
}

void encode(ByteWriter& out, const std::vector<Move>& pages) {
  out.put(static_cast<std::uint32_t>(pages.size()));
  for (const auto& page : pages) out.put(page.index).put(page.moves);
}

std::vector<Move> decode_moves(ByteReader& in) {
  std::vector<Move> pages(in.get_count(move_bytes));
  for (auto& page : pages) {
    page.index = in.get<std::uint32_t>();
    page.moves = in.get<std::uint32_t>();
  }
  return pages;
}

void encode(ByteWriter& out, const Histories& histories) {
  out.put(static_cast<std::uint32_t>(histories.size()));
  for (const auto& [index, history] : histories) out.put(index).put_text(history.said).put(history.given_up);
}

Histories decode_histories(ByteReader& in) {
  Histories histories;
  for (auto left = in.get_count(2 * sizeof(std::uint32_t) + 1); left > 0; --left) {
    const auto index = in.get<std::uint32_t>();
    auto& history = histories[index];
    history.said = in.get_text();
    history.given_up = in.get<bool>();
  }
  return histories;
}

void encode(ByteWriter& out, const std::vector<std::uint32_t>& numbers) {
  out.put(static_cast<std::uint32_t>(numbers.size()));
  for (const auto number : numbers) out.put(number);
}

std::vector<std::uint32_t> decode_numbers(ByteReader& in) {
  std::vector<std::uint32_t> numbers(in.get_count(sizeof(std::uint32_t)));
  for (auto& number : numbers) number = in.get<std::uint32_t>();
  return numbers;
}

}  // namespace pecia::sched
