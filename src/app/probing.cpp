#include "probing.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <thread>

#include "agree.hpp"
#include "in_threads.hpp"
#include "measuring.hpp"
#include "patience.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/retry.hpp"
#include "pecia/page/reader.hpp"

namespace pecia::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_for_stop_every{100};

corpus::Document bare_document(const ToProbe& wanted) {
  corpus::Document document;
  document.id = wanted.file.id;
  document.path = wanted.file.path;
  document.size_bytes = wanted.file.size_bytes;
  document.modified_ns = wanted.file.modified_ns;
  document.revision = wanted.revision;
  return document;
}

/// How documents of a rank are tried again; together they wait for storage as long as one of them may.
struct Retries {
  const engine::RetryTable& table;
  Patience storage{longest_wait_s(table.of(Reason::io_error))};
};

/// False if the run is to stop.
bool wait(double seconds) {
  const auto until = Clock::now() + std::chrono::duration<double>{seconds};
  while (Clock::now() < until && stop::requested() == stop::Request::none) std::this_thread::sleep_for(look_for_stop_every);
  return stop::requested() == stop::Request::none;
}

/// A child that was killed by chance must not decide what a document is: the retry rules hold here too.
page::Probe probe_with_retries(page::Reader& reader, const page::Source& source, Retries& retries) {
  std::vector<result::Attempt> history;
  for (double scale_limits = 1;;) {
    auto found = reader.probe(source, scale_limits);
    if (found.problem == Reason::none || stop::requested() != stop::Request::none) return found;
    if (found.problem == Reason::io_error && !found.retriable) return found;
    history.push_back({"", found.problem, found.problem_detail, 0});
    const auto next = engine::next_attempt(history, retries.table);
    if (!next.again) return found;
    if (found.problem == Reason::io_error && !retries.storage.take(next.delay_s)) return found;
    if (!wait(next.delay_s)) return found;
    scale_limits = next.scale_limits;
  }
}

/// One page that kills or exhausts the child is not to cost its document: without a look into the
/// pages they can still be counted, and each is read, or fails, by itself.
page::Probe probe_or_count(page::Reader& reader, const page::Source& source, Retries& retries) {
  auto found = probe_with_retries(reader, source, retries);
  const bool by_a_page = found.problem == Reason::child_crashed || found.problem == Reason::timeout ||
                         found.problem == Reason::out_of_memory;
  if (!by_a_page || stop::requested() != stop::Request::none) return found;
  auto counted = reader.count_pages(source);
  if (counted.problem != Reason::none) return found;
  log::warning("{}: the cost of its {} pages is not known ({})", printable(source.file.native()),
               counted.pages.size(), found.problem_detail);
  return counted;
}

/// What keeps a file from being read is that document's problem.
bool has_checksum(const std::filesystem::path& file, const corpus::Checksum& sum,
                  corpus::Document& document) {
  try {
    if (corpus::matches(file, sum)) return true;
  } catch (const Error& error) {
    document.problem = Reason::io_error;
    document.problem_detail = error.what();
    return false;
  }
  document.problem = Reason::checksum_mismatch;
  document.problem_detail = fmt::format(
      "its {} is not {}, as the bag's manifest says: the file was changed or damaged. Restore it "
      "and run again with --retry checksum_mismatch",
      sum.algorithm, sum.hex);
  return false;
}

void check_and_probe(page::Reader& reader, const Job& job, const std::filesystem::path& root,
                     const ToProbe& wanted, Retries& retries, corpus::Document& document) {
  const auto file = root / wanted.file.path;
  if (!wanted.file.exists) {
    document.problem = Reason::vanished;
    document.problem_detail =
        "the list or the bag's manifest names this file, and it is not there. Restore it and run "
        "again with --retry vanished";
    return;
  }
  if (const auto& sum = wanted.file.checksum; sum && !has_checksum(file, *sum, document)) return;
  auto found = probe_or_count(
      reader, {file, corpus::Format::unknown, settings_for(job, document.path).password}, retries);
  document.format = found.format;
  document.problem = found.problem;
  document.problem_detail = std::move(found.problem_detail);
  document.pages = std::move(found.pages);
  document.chapters = std::move(found.chapters);
  document.outline = std::move(found.outline);
  if (document.problem == Reason::none && document.pages.empty()) {
    document.problem = Reason::no_pages;
    document.problem_detail = "the document has no pages";
  }
}

corpus::Document probe_one(page::Reader& reader, const Job& job, const std::filesystem::path& root,
                           const ToProbe& wanted, Retries& retries) {
  auto document = bare_document(wanted);
  check_and_probe(reader, job, root, wanted, retries, document);
  if (document.problem != Reason::none) {
    document.pages.clear();
    document.chapters.clear();
    document.outline = {};
  }
  return document;
}

void encode(ByteWriter& out, const ToProbe& wanted) {
  const auto& file = wanted.file;
  out.put(file.id.value).put_text(file.path).put(file.size_bytes).put(file.modified_ns);
  out.put(file.exists).put(wanted.revision);
  out.put_text(file.checksum ? file.checksum->algorithm : "");
  out.put_text(file.checksum ? file.checksum->hex : "");
}

ToProbe decode_to_probe(ByteReader& in) {
  ToProbe wanted;
  wanted.file.id.value = in.get<std::uint64_t>();
  wanted.file.path = in.get_text();
  wanted.file.size_bytes = in.get<std::uint64_t>();
  wanted.file.modified_ns = in.get<std::int64_t>();
  wanted.file.exists = in.get<bool>();
  wanted.revision = in.get<std::uint32_t>();
  auto algorithm = in.get_text();
  auto hex = in.get_text();
  if (!algorithm.empty()) wanted.file.checksum = {std::move(algorithm), std::move(hex)};
  return wanted;
}

/// Each rank's files: every size-th, so that a folder of heavy books is spread.
std::vector<ToProbe> scatter_files(comm::Communicator& comm, std::span<const ToProbe> files) {
  const auto size = static_cast<std::size_t>(comm.size());
  std::vector<Bytes> slices;
  if (comm.rank() == 0) {
    for (std::size_t rank = 0; rank < size; ++rank) {
      ByteWriter out;
      for (std::size_t n = rank; n < files.size(); n += size) encode(out, files[n]);
      slices.push_back(std::move(out).bytes());
    }
  }
  const auto bytes = comm.scatter(std::move(slices));
  ByteReader in{bytes, "files to probe"};
  std::vector<ToProbe> mine;
  while (in.left() > 0) mine.push_back(decode_to_probe(in));
  return mine;
}

/// One slot per file; empty where a stop came first. Threads end before this returns, and their
/// children with them.
std::vector<std::optional<corpus::Document>> probe_slice(const Job& job,
                                                         const std::filesystem::path& root,
                                                         const std::vector<ToProbe>& files,
                                                         int threads, bool tells) {
  std::vector<std::optional<corpus::Document>> documents(files.size());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  auto last_told = Clock::now();
  const auto tell = [&] {
    std::lock_guard lock{mutex};
    if (!tells || Clock::now() - last_told < std::chrono::duration<double>{job.progress_s}) return;
    last_told = Clock::now();
    log::info("looking into documents: {} of {} on this rank", std::min(next.load(), files.size()), files.size());
  };
  Retries retries{job.retries};
  in_threads(threads, [&] {
    page::Reader reader;
    for (auto n = next++; n < files.size(); n = next++) {
      if (stop::requested() != stop::Request::none) return;
      documents[n] = probe_one(reader, job, root, files[n], retries);
      tell();
    }
  });
  return documents;
}

/// All ranks end at the same time, whose documents are few or many: they wait for each other anyway.
void measure_within_budget(comm::Communicator& comm, const Job& job,
                           const std::filesystem::path& root,
                           std::vector<std::optional<corpus::Document>>& documents, int threads,
                           Clock::time_point began) {
  double mine_s = 0;
  std::int64_t my_pages = 0;
  for (const auto& document : documents) {
    if (!document) continue;
    mine_s += predicted_s(job, *document);
    my_pages += std::ssize(document->pages);
  }
  const double core_s = static_cast<double>(comm.sum(std::llround(mine_s * 1000))) / 1000;
  const double run_s = core_s / static_cast<double>(comm.sum(threads));
  const std::chrono::duration<double> budget{run_s * job.probe.budget};
  const auto until = began + std::chrono::duration_cast<Clock::duration>(budget);
  std::int64_t my_measured = 0;
  agree(comm, [&] {
    if (Clock::now() < until)
      my_measured = static_cast<std::int64_t>(measure_pages(job, root, documents, threads, until));
  });
  const auto measured = comm.sum(my_measured), pages = comm.sum(my_pages);
  if (comm.rank() != 0 || pages == 0) return;
  const double took_s = std::chrono::duration<double>(Clock::now() - began).count();
  log::info("looking into documents took {:.2f} s{}; {} of {} new pages were measured", took_s,
            run_s > 0 ? fmt::format(", {:.1f} % of the predicted run", 100 * took_s / run_s) : "",
            measured, pages);
}

}  // namespace

std::vector<corpus::Document> probe_on_all_ranks(comm::Communicator& comm, const Job& job,
                                                 const std::filesystem::path& root,
                                                 std::span<const ToProbe> files, int threads) {
  const auto began = Clock::now();
  const auto mine = scatter_files(comm, files);
  std::vector<std::optional<corpus::Document>> probed;
  agree(comm, [&] { probed = probe_slice(job, root, mine, threads, comm.rank() == 0); });
  measure_within_budget(comm, job, root, probed, threads, began);

  ByteWriter out;
  for (const auto& document : probed) {
    out.put(document.has_value());
    if (document) corpus::encode(out, *document);
  }
  const auto gathered = comm.gather(out.bytes());
  std::vector<corpus::Document> all;
  if (comm.rank() != 0) return all;

  std::vector<ByteReader> readers;
  for (const auto& bytes : gathered) readers.emplace_back(bytes, "probed documents");
  for (std::size_t n = 0; n < files.size(); ++n) {
    auto& in = readers[n % readers.size()];
    if (in.get<bool>()) all.push_back(corpus::decode_document(in));
  }
  return all;
}

}  // namespace pecia::app
