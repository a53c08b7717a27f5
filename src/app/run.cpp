#include "passwords.hpp"
#include "pecia/app/run.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "agree.hpp"
#include "cores.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "pecia/comm/mpi.hpp"
#include "pecia/corpus/trace.hpp"
#include "pipeline.hpp"
#include "rank_loop.hpp"
#include "run_start.hpp"
#include "schedule_settings.hpp"
#include "summary.hpp"
#include "teller.hpp"
#include "weights_broadcast.hpp"

namespace pecia::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds engine_patience{5};
/// For the log to be written before MPI_Abort ends this process.
constexpr std::chrono::seconds run_flush_wait{5};

/// What every rank knows before pages are given out.
struct Shared {
  std::uint32_t epoch = 0;
  fs::path root;
  corpus::Manifest manifest;
  sched::JobSize size;
  plan::Share share;
  bool by_fallback = false;              ///< this rank has the job's fallback for its engine
  std::vector<sched::EngineClass> class_by_rank;  ///< as sched::Settings
  std::vector<std::string> hosts;        ///< of the ranks; rank 0 only, as all shares
  std::vector<plan::Share> all_shares;
  Clock::time_point scattered;           ///< when pages were given out
};

/// Every rank reads what rank 0 wrote, or the run directory is not shared.
void check_shared_file_system(comm::Communicator& comm, const store::RunPaths& run) {
  if (comm.size() == 1) return;
  const auto file = run.root / "token";
  ByteWriter token;
  if (comm.rank() == 0) token.put(std::random_device{}()).put(std::random_device{}());
  const auto wanted = comm.broadcast(std::move(token).bytes());
  const std::string_view wanted_text{reinterpret_cast<const char*>(wanted.data()), wanted.size()};
  struct Removal {
    fs::path file;
    ~Removal() {
      std::error_code ignored;
      if (!file.empty()) fs::remove(file, ignored);
    }
  } const removal{comm.rank() == 0 ? file : fs::path{}};
  agree(comm, [&] {
    if (comm.rank() == 0) replace_file(file, wanted_text, Durability::none);
  });
  agree(comm, [&] {
    for (int tries = 0; tries < 650; ++tries) {  // NFS may show it 60 s late
      std::error_code ignored;
      if (fs::exists(file, ignored) && read_file(file) == wanted_text) return;
      if (stop::requested() != stop::Request::none) throw Stopped{"stopped before reading began"};
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    throw UsageError{fmt::format(
        "the run directory {} is not on a shared file system (host {} does not see what rank 0 wrote "
        "there). Put `run` on a file system that all nodes mount",
        run.root.string(), host_name())};
  });
}

/// Rank 0's view of the start, told to all: epoch, root.
void share_start(comm::Communicator& comm, const std::unique_ptr<RunStart>& start, Shared& shared) {
  ByteWriter out;
  if (start) out.put(start->epoch()).put_text(start->root().native());
  const auto bytes = comm.broadcast(std::move(out).bytes());
  ByteReader in{bytes, "start of the run"};
  shared.epoch = in.get<std::uint32_t>();
  shared.root = in.get_text();
}

sched::JobSize size_of(const RunStart& start, std::span<const plan::Share> shares) {
  sched::JobSize size;
  size.pages = start.pages_to_read();
  size.cost_s = start.cost_s();
  for (const auto& share : shares) {
    for (const auto& task : share.tasks) ++size.by_level[static_cast<std::size_t>(sched::level_of(task))];
  }
  return size;
}

void share_pages(comm::Communicator& comm, const Job& job, const std::unique_ptr<RunStart>& start, Shared& shared) {
  ByteWriter out;
  std::vector<Bytes> shares;
  std::vector<std::uint8_t> by_fallback;
  ByteWriter self;
  self.put_text(host_name()).put(static_cast<std::uint8_t>(shared.by_fallback));
  const auto described = std::move(self).bytes();
  for (const auto& rank : comm.gather(described)) {
    ByteReader rank_in{rank, "description of a rank"};
    shared.hosts.push_back(rank_in.get_text());
    by_fallback.push_back(rank_in.get<std::uint8_t>());
  }
  if (start) {
    shared.all_shares = start->shares(shared.hosts, by_fallback);
    shared.size = size_of(*start, shared.all_shares);
    for (const auto by : by_fallback) out.put(by);
    out.put(shared.size.pages).put(shared.size.cost_s);
    for (const auto pages : shared.size.by_level) out.put(pages);
    for (auto document : start->manifest().documents()) {
      document.outline = {};  // for exports, which ask the manifest's files
      corpus::encode(out, document);
    }
    for (const auto& share : shared.all_shares) {
      ByteWriter tasks;
      for (const auto& task : share.tasks) plan::encode(tasks, task);
      shares.push_back(std::move(tasks).bytes());
    }
  }
  const auto bytes = comm.broadcast(std::move(out).bytes());
  ByteReader in{bytes, "manifest"};
  for (int rank = 0; rank < comm.size(); ++rank)
    shared.class_by_rank.push_back(in.get<bool>() ? sched::EngineClass::fallback : sched::EngineClass::engine);
  const bool classes = std::ranges::count(shared.class_by_rank, sched::EngineClass::fallback) > 0;
  if (job.ranks.share || !classes) shared.class_by_rank.clear();
  shared.size.pages = in.get<std::uint64_t>();
  shared.size.cost_s = in.get<double>();
  for (auto& pages : shared.size.by_level) pages = in.get<std::uint64_t>();
  std::vector<corpus::Document> documents;
  while (in.left() > 0) documents.push_back(corpus::decode_document(in));
  shared.manifest = corpus::Manifest{std::move(documents)};
  shared.size.manifest_pages = shared.manifest.pages();

  shared.scattered = Clock::now();
  const auto mine = comm.scatter(std::move(shares));
  ByteReader tasks{mine, "share of pages"};
  while (tasks.left() > 0) {
    const auto task = plan::decode_task(tasks);
    shared.share.cost_s += static_cast<double>(task.cost_s);
    shared.share.tasks.push_back(task);
  }
}

/// The seconds of each page of a trace, by this job's numbering of documents.
std::vector<std::vector<float>> trace_seconds(const Job& job, const corpus::Manifest& manifest) {
  std::vector<std::vector<float>> seconds(manifest.documents().size());
  auto trace = corpus::load_trace(job.trace);
  for (std::size_t n = 0; n < trace.documents.size(); ++n) {
    const auto at = manifest.find(trace.documents[n].id);
    if (at >= 0) seconds[static_cast<std::size_t>(at)] = std::move(trace.seconds[n]);
  }
  for (std::size_t n = 0; n < seconds.size(); ++n) {
    if (seconds[n].size() < manifest.documents()[n].pages.size())
      throw UsageError{fmt::format("the trace no longer has document {} of the run. Use the trace that "
                                   "began the run, or another run directory",
                                   printable(manifest.documents()[n].path))};
  }
  return seconds;
}

int finish_without_pages(comm::Communicator& comm, const std::unique_ptr<RunStart>& start,
                         const store::RunPaths& run) {
  int status = 0;
  agree(comm, [&] {
    if (!start) return;
    RankEnd written;
    if (start->index_is_stale()) written.bound = store::bind_corpus(run, start->epoch(), {});
    auto end = start->failed_before() ? sched::ExitStatus::some_failed : sched::ExitStatus::complete;
    auto last = first_status(comm, *start);
    log::info("every page of the run is done already");
    summarise(run, last, end, 0);
    end_ledger(run, start->ledger(), last, written);
    Clerk{run, 1, last};
    status = static_cast<int>(end);
  });
  return status;
}

PipelineSettings pipeline_settings(comm::Communicator& comm, const Job& job, const Shared& shared,
                                   const std::vector<std::vector<float>>& seconds, int cores) {
  PipelineSettings settings;
  settings.reading = reading_settings(job, cores, comm.host_rank(), shared.by_fallback);
  settings.reading.engine.deepseek.host_ranks = comm.host_size();
  settings.reading.give_up = !shared.class_by_rank.empty() && !shared.by_fallback;
  settings.reading.manifest = &shared.manifest;
  settings.reading.root = shared.root;
  settings.reading.tells_of_sandbox = comm.rank() == 0;
  settings.reading.trace_seconds = job.trace.empty() ? nullptr : &seconds;
  settings.writer.run = {job.run};
  settings.writer.epoch = shared.epoch;
  settings.writer.rank = static_cast<std::uint32_t>(comm.rank());
  settings.writer.shard_pages = static_cast<std::uint32_t>(job.store.shard_pages);
  settings.writer.shard_age_s = job.store.shard_age_s;
  settings.writer.provenance = {job.file.filename().string(), "", "", host_name(), slurm_job()};
  settings.writer.provenance.slurm_step = environment_text("SLURM_STEP_ID");
  settings.writer.provenance.slurm_restart = environment_text("SLURM_RESTART_COUNT");
  return settings;
}

/// Pages need it late in the run, or never; what the user must mend is said now.
void try_fallback(const ReadingSettings& reading) {
  if (!reading.fallback) return;
  auto settings = *reading.fallback;
  settings.threads = 1;
  (void)engine::make_engine(settings);
}

int read_all_pages(comm::Communicator& comm, const Job& job, Shared& shared, const std::unique_ptr<RunStart>& start,
                   int cores) {
  std::vector<std::vector<float>> seconds;
  std::unique_ptr<Pipeline> pipeline;
  PipelineSettings pipeline_is;
  UniqueFd weights;
  const bool broadcast = weights_are_broadcast(comm, job);
  agree(comm, [&] {
    if (!job.trace.empty()) seconds = trace_seconds(job, shared.manifest);
    pipeline_is = pipeline_settings(comm, job, shared, seconds, cores);
    if (comm.rank() == 0) try_fallback(pipeline_is.reading);
    if (broadcast) weights = channel_of_weights(pipeline_is.reading.engine);
    // Rank 0 tries its engine before all begin: what the user must mend is said at once. Ranks whose
    // engine takes long to load join when it has.
    const auto patience = comm.rank() == 0 && !broadcast ? engine_patience : std::chrono::seconds{0};
    pipeline = std::make_unique<Pipeline>(pipeline_is, patience);
  });
  if (broadcast) broadcast_weights(comm, reader_of_weights(comm, job), std::move(weights));
  auto settings = schedule_settings(job, comm.size(), shared.by_fallback ? pipeline_is.reading.engine.threads : pages_at_once(job, cores));
  settings.rank = comm.rank();
  settings.class_by_rank = shared.class_by_rank;
  settings.failed_before = start && start->failed_before();
  sched::Scheduler scheduler{settings, shared.share, shared.size, shared.all_shares};
  shared.all_shares = {};
  shared.share = {};
  std::unique_ptr<Teller> teller;
  if (start) teller = std::make_unique<Teller>(comm, job, *start, shared.manifest, shared.hosts, shared.scattered);
  const stop::ScopedOrderlyEnd orderly;  // pages that were read are committed, whoever asks how often
  const auto end = run_rank(comm, scheduler, *pipeline, [&] {
    if (teller) (*teller)(scheduler, *pipeline);
  });
  pipeline.reset();
  if (teller) teller->last_words(scheduler, end, comm.size() * cores);
  const auto exit_status = comm.rank() == 0 ? static_cast<int>(end.status) : 0;
  // The lock stays behind: the next job must see that ranks of this one may still live.
  if (end.abort && comm.rank() == 0) {
    log::flush(run_flush_wait);
    comm.abort(exit_status);
  }
  return exit_status;
}

void log_start(const comm::Communicator& comm, const Job& job, const RunStart& start, int cores) {
  log::info("pecia {} on {} rank{} ({}); {} to probe", version(), comm.size(),
            comm.size() == 1 ? "" : "s", comm.description(), start.to_probe().size());
  const bool bound = comm::detect_launch() == comm::Launch::mpi && slurm_job().empty() && cores == 1 &&
                     sysconf(_SC_NPROCESSORS_ONLN) > comm.size();
  if (bound && job.engine.threads == 0)
    log::warning("mpirun lets each rank use one core only; to use all {} of this host: mpirun --bind-to none",
                 sysconf(_SC_NPROCESSORS_ONLN));
  const auto& weights = job.engine.deepseek.weights;
  const auto with = weights.empty() ? plural(static_cast<std::uint64_t>(job.engine.threads > 0 ? job.engine.threads : cores), "worker") +
                                          " a rank"
                                    : "weights of " + printable(weights);
  log::info("engine {} with {}{}; to drain: kill -USR1 {}", job.engine.name, with,
            job.fallback.exists() ? ", fallback " + job.fallback.engine : "",
            comm.size() == 1 ? std::to_string(getpid()) : "<pid of mpirun>, or scancel --signal=USR1");
}

int run(comm::Communicator& comm, const RunOptions& options) {
  Job job;
  agree(comm, [&] {
    job = load_job(options.job_file, options.overrides);
    if (const auto warning = read_password_file(job); !warning.empty() && comm.rank() == 0) log::warning("{}", warning);
  });
  const auto cores = cores_of_this_rank(comm);
  std::unique_ptr<RunStart> start;
  agree(comm, [&] {
    if (comm.rank() == 0) start = std::make_unique<RunStart>(job, options, comm.size());
  });
  if (start) log_start(comm, job, *start, cores);
  check_shared_file_system(comm, {job.run});

  Shared shared;
  shared.by_fallback = has_fallback_as_engine(job, comm.host_rank(), comm.host_size(), gpus_of_this_host());
  share_start(comm, start, shared);
  auto probed = probe_on_all_ranks(comm, job, shared.root,
                                   start ? start->to_probe() : std::vector<ToProbe>{}, cores);
  agree(comm, [&] {
    if (start) start->add_documents(std::move(probed));
  });
  share_pages(comm, job, start, shared);
  if (start)
    log::info("{} documents, {} pages, of which {} are to be read: about {} on {} core{}",
              start->before().documents, start->before().pages, start->pages_to_read(),
              report::duration_text(start->cost_s() / (comm.size() * cores)), comm.size() * cores,
              comm.size() * cores == 1 ? "" : "s");
  if (comm.sum(stop::requested() != stop::Request::none) > 0) {
    if (start) {
      log::info("stopped before reading began: {} pages left, about {} on {} cores; run the same command again to go on",
                start->pages_to_read(), report::duration_text(start->cost_s() / (comm.size() * cores)),
                comm.size() * cores);
      auto last = first_status(comm, *start);
      last.state = "unfinished";
      if (!options.dry_run) end_ledger({job.run}, start->ledger(), last, {});
    }
    return comm.rank() == 0 ? unfinished_status : 0;
  }
  if (options.dry_run) return 0;
  if (shared.size.pages == 0) return finish_without_pages(comm, start, {job.run});
  return read_all_pages(comm, job, shared, start, cores);
}

}  // namespace

int run_job(comm::Communicator& comm, const RunOptions& options) {
  try {
    return run(comm, options);
  } catch (const Ended& ended) {
    return comm.rank() == 0 ? ended.exit_status : 0;
  }
}

}  // namespace pecia::app
