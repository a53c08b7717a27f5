#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>

#include "pecia/app/job.hpp"
#include "pecia/app/run.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/reason.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/version.hpp"
#include "pecia/comm/mpi.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/store/run.hpp"
#include "text_commands.hpp"
#include "verbs.hpp"

namespace {

using namespace pecia;

constexpr int usage_status = 2;
/// For the log to be written before a process is ended.
constexpr std::chrono::seconds last_lines{5};

struct Options {
  app::RunOptions run;
  app::PlanOptions plan;
  app::SimulateOptions simulate;
  app::ReadVerbOptions read;
  CLI::Option* synthetic = nullptr;
  bool help_job = false;
  bool verbose = false;
  app::VerifyVerbOptions verify;
  bool json = false, no_slurm = false;  ///< of status
  std::string folder;                   ///< of a run
  app::TextCommands texts;
  std::string trace;    ///< to write
  std::string doctor_folder = ".";
  std::string doctor_weights;
};

void add_run(CLI::App& program, Options& options) {
  auto* verb =
      program.add_subcommand("run", "Read all pages of a job, or go on with what is left of it");
  verb->footer(
      "Under MPI: mpirun --bind-to none -n 4 pecia run JOB, or srun --mpi=pmix pecia run JOB.\n"
      "Exit status: 0 no page failed, 3 complete but some pages failed, 75 drained: run it again,\n"
      "2 command line or job file, 1 anything else.");
  auto* job = verb->add_option("JOB", options.run.job_file, "Job file (YAML)");
  verb->add_option("--set", options.run.overrides,
                   "Override a key of the job: engine.threads=4; may be given again for others")
      ->allow_extra_args(false)  // the job file may follow; so below
      ->type_name("KEY=VALUE");
  verb->add_flag("--dry-run", options.run.dry_run,
                 "Stop after the manifest: list and look, read nothing");
  auto* retry =
      verb->add_option("--retry", options.run.retry, "Read pages again: 'failed', or reasons")
          ->delimiter(',')
          ->allow_extra_args(false)
          ->type_name("failed|REASON[,..]");
  verb->add_option("--documents", options.run.documents, "Limit --retry to these documents")
      ->allow_extra_args(false)
      ->type_name("GLOB")
      ->needs(retry);  // alone it would read every document, not these
  verb->add_flag("--accept-job", options.run.accept_job,
                 "Apply a changed job to the pages not read yet");
  verb->add_flag("--break-lock", options.run.break_lock,
                 "Take the run over from a holder that you know to be dead");
  verb->add_flag("-v,--verbose", options.verbose, "Log more");
  verb->add_flag("--help-job", options.help_job, "List every key of a job file")->excludes(job);
}

void add_plan(CLI::App& program, Options& options) {
  auto* verb = program.add_subcommand(
      "plan", "Say what a job would take: pages, cost, wall time for so many ranks");
  verb->footer(
      "Reads no page and writes nothing; of a run that has begun, what is left counts.\n"
      "The interval of the wall time is meant to hold the true one four times out of five.");
  verb->add_option("JOB", options.plan.job_file, "Job file (YAML)")->required();
  verb->add_option("--ranks", options.plan.ranks, "Ranks that share the work")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  verb->add_option("--engine", options.plan.engine, "Plan for this engine instead of the job's");
  verb->add_option("--within", options.plan.within,
                   "Say how many ranks are done within this time: 90m, 4h, 1d")
      ->type_name("TIME");
  verb->add_flag("--json", options.plan.json, "Print one JSON object");
  verb->add_option("--set", options.plan.overrides,
                   "Override a key of the job: engine.threads=4; may be given again for others")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

/// CLI::Range lets NaN through.
CLI::Validator number_from(double least, double most) {
  const auto what = fmt::format("a number from {} to {}", least, most);
  return {[=](const std::string& text) {
            double value = 0;
            const bool good =
                CLI::detail::lexical_cast(text, value) && value >= least && value <= most;
            return good ? std::string{} : fmt::format("{} is not {}", text, what);
          },
          what, ""};
}

void add_mishaps(CLI::App& verb, app::SimulateOptions& options) {
  verb.add_option("--slow", options.slow,
                  "A rank of this speed (.25: four times slower), from this moment on; repeatable")
      ->allow_extra_args(false)
      ->type_name("RANK:SPEED[@SECONDS]");
  verb.add_option("--stop", options.stop,
                  "A rank that answers nobody, for good or until then; repeatable")
      ->allow_extra_args(false)
      ->type_name("RANK@SECONDS[-SECONDS]");
  verb.add_option("--lose-engine", options.lose_engine,
                  "A rank that reads no more but answers; repeatable")
      ->allow_extra_args(false)
      ->type_name("RANK@SECONDS");
  verb.add_option("--speeds", options.speeds, "The speed of each rank: 1,1,0.5")->type_name("LIST");
  verb.add_option("--speed-spread", options.speed_spread,
                  "Random speeds: standard deviation of their logarithm")
      ->check(number_from(0, 5));
  verb.add_option("--seed", options.seed, "Of all that is random in the simulation")
      ->capture_default_str();
  verb.add_option("--latency-us", options.latency_us, "Of a message, in microseconds")
      ->check(number_from(0, 1e9))
      ->capture_default_str();
  verb.add_option("--bandwidth-gb-s", options.bandwidth_gb_s, "Between two ranks, in GB/s")
      ->check(number_from(1e-6, 1e6))
      ->capture_default_str();
}

void add_simulate(CLI::App& program, Options& options) {
  auto* verb =
      program.add_subcommand("simulate", "Schedule a job on so many ranks in virtual time");
  verb->footer(
      "Of a JOB, what `pecia run` would read now: a trace takes its seconds, documents take what "
      "is\n"
      "estimated. Of a RUN, all pages again, with their recorded seconds. Ranks that are slow or "
      "stop:\n"
      "  pecia simulate JOB --ranks 64 --slow 3:0.25 --stop 5@600\n"
      "What a part of the schedule is worth:\n"
      "  pecia simulate --synthetic pages=1e6,loops=0.03 --ranks 4096 --set schedule.stealing=off");
  auto& simulate = options.simulate;
  verb->add_option("JOB|RUN", simulate.job_or_run, "Job file (YAML) or run directory");
  options.synthetic =
      verb->add_option("--synthetic", simulate.synthetic, "A made-up corpus: pages=1e6,loops=0.03")
          ->type_name("KEY=NUMBER[,..]");
  verb->add_option("--write-trace", simulate.write_trace,
                   "Write the made-up corpus as a trace (corpus.trace)")
      ->type_name("FILE");
  verb->add_option("--ranks", simulate.ranks, "Ranks that share the work")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->add_option("--threads", simulate.threads,
                   "Pages that a rank reads at once; without it the job's engine.threads, or 1")
      ->check(CLI::Range(1, 1024));
  add_mishaps(*verb, simulate);
  verb->add_option("--timeline", simulate.timeline, "Write which rank read which page when, as CSV")
      ->type_name("FILE");
  verb->add_flag("--json", simulate.json, "Print one JSON object");
  verb->add_option(
          "--set", simulate.overrides,
          "Override a key of the job: schedule.stealing=off; may be given again for others")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

void add_read(CLI::App& program, Options& options) {
  auto* verb = program.add_subcommand(
      "read", "Read pages here and now, without a run: try an engine before submitting");
  verb->footer(
      "Prints the pages in the order of the command line; nothing is written elsewhere. Languages, "
      "prompts and\n"
      "passwords are those of the job, if one is named, with its rules; without one:\n"
      "  pecia read scan.tif --set engine.languages=deu\n"
      "  pecia read book.pdf --pages 3-5 --engine deepseek_ocr2 --set "
      "engine.weights=models/deepseek-ocr-2\n"
      "json is an array of pages with their text, the model's own output with its tags (raw), its "
      "tokens (ids),\n"
      "blocks and boxes. Exit status: 0 every page was read, 3 some were not, 75 stopped, 2 "
      "command line or\n"
      "job file, 1 anything else.");
  auto& read = options.read;
  verb->add_option("FILE", read.files, "Documents: PDF, TIFF, JPEG, PNG, JPEG 2000")->required();
  verb->add_option("--pages", read.pages,
                   "Of each document, counted from 1: 3-5, or 1,7,9-12; without it all")
      ->type_name("PAGES");
  verb->add_option("--job", read.job_file, "Take engine, fallback and rules from this job file")
      ->type_name("JOB");
  verb->add_option("--engine", read.engine,
                   fmt::format("{}; without it the job's, or tesseract",
                               fmt::join(engine::engine_names(), ", ")))
      ->type_name("NAME");
  verb->add_flag("-v,--verbose", options.verbose, "Log more");
  verb->add_option("--format", read.format, "txt, md or json")
      ->check(CLI::IsMember({"txt", "md", "json"}))
      ->capture_default_str();
  verb->add_option("--set", read.overrides,
                   "Override a key of the job: engine.threads=4; may be given again for others")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

void add_others(CLI::App& program, Options& options) {
  const auto with_run = [&](const char* name, const char* help) {
    auto* verb = program.add_subcommand(name, help);
    verb->add_option("RUN", options.folder, "Run directory, or the job file that names it")
        ->required();
    return verb;
  };
  auto* status =
      with_run("status", "Say how far a run is, from any machine that sees its directory");
  status->add_flag("--json", options.json, "Print one JSON object, a key a line (docs/formats.md)");
  status->add_flag("--no-slurm", options.no_slurm, "Do not ask Slurm about the job");
  with_run("verify", "Prove that every page has one state and every checksum holds")
      ->footer(
          "Exit status: 0 sound and complete, 3 with failed pages, 75 unfinished, 1 damaged.\n"
          "--repair deletes nothing: what is damaged goes to quarantine/ in the run, what can be "
          "read of it is\n"
          "kept, and the next `pecia run` reads the rest again.");
  auto* verify = program.get_subcommand("verify");
  verify->add_flag("--deep", options.verify.deep,
                   "Decode every record and compare every text, also through corpus.h5");
  auto* repair = verify->add_flag("--repair", options.verify.repair,
                                  "Set damaged files aside and keep what can be kept");
  verify
      ->add_flag("--break-lock", options.verify.break_lock,
                 "Repair though the run is held, by what you know to be dead")
      ->needs(repair);
  with_run("report", "Write what a run tells of its pages")
      ->add_option("--trace", options.trace,
                   "A table of pages with evidence and seconds, to replay (corpus.trace)")
      ->type_name("FILE");
  auto* doctor =
      program.add_subcommand("doctor", "Say what works on this machine, and what to do if not");
  doctor->add_option("FOLDER", options.doctor_folder, "Where runs would be")->capture_default_str();
  doctor
      ->add_option("--weights", options.doctor_weights,
                   "Check a download of DeepSeek-OCR-2, all of it: files, sizes, SHA-256, values")
      ->type_name("DIR");
}

int run_under_mpi(int& argc, char**& argv, const app::RunOptions& options) {
  comm::MpiSession session{argc, argv};
  const auto world = session.world();
  log::set_prefix(fmt::format("rank {}", world->rank()));
  try {
    return app::run_job(*world, options);
  } catch (const std::exception& error) {
    log::error("{}", error.what());
    log::flush(last_lines);
    world->abort(1);  // the others wait in a collective or for messages
  }
  return 1;
}

int run_alone(const app::RunOptions& options) {
  const auto world = comm::make_alone();
  log::set_prefix("rank 0");
  try {
    return app::run_job(*world, options);
  } catch (const comm::Aborted& aborted) {
    return aborted.exit_status;
  }
}

int run_verb(int& argc, char**& argv, const Options& options) {
  if (options.help_job) {
    fmt::print("{}", app::job_help());
    return 0;
  }
  if (options.run.job_file.empty())
    throw UsageError{"pecia run needs a job file. Try: pecia run --help"};
  for (const auto& word : options.run.retry) {
    if (word != "failed" && !parse_reason(word))
      throw UsageError{
          fmt::format("--retry {}: there is no such reason. Use 'failed', or names from "
                      "docs/errors.md",
                      word)};
  }
  const log::Background background;  // a rank that waits for its log would look dead
  const stop::ScopedHandlers
      handlers;  // before MPI_Init: a signal during it must not kill the rank
  switch (comm::detect_launch()) {
    case comm::Launch::mpi:
      return run_under_mpi(argc, argv, options.run);
    case comm::Launch::alone:
      return run_alone(options.run);
    case comm::Launch::no_pmix:
      break;
  }
  throw UsageError{
      "srun started several tasks without PMIx (they cannot find each other, and each would "
      "run the whole job). Use srun --mpi=pmix, or mpirun"};
}

int run_program(int argc, char** argv) {
  CLI::App program{
      "pecia digitises archives: OCR of every page by MPI ranks, every page accounted for"};
  program.set_version_flag("--version", fmt::format("pecia {}", version()));
  bool show_configuration = false;
  program.add_flag("--config", show_configuration, "Print what was found and built in");
  program.require_subcommand(0, 1);
  Options options;
  add_run(program, options);
  add_plan(program, options);
  add_simulate(program, options);
  add_read(program, options);
  add_text_commands(program, options.texts);
  add_others(program, options);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : usage_status;
  }
  if (show_configuration) {
    fmt::print("pecia {}\n{}\nMPI: {}\nengines: {}\n", version(), build_configuration(),
               comm::mpi_version(), fmt::join(engine::engine_names(), ", "));
    return 0;
  }
  if (program.get_subcommands().empty()) {
    fmt::print("{}", program.help());
    return usage_status;
  }
  if (options.verbose) log::set_level(log::Level::debug);
  const auto verb = program.get_subcommands().front()->get_name();
  if (verb == "run") return run_verb(argc, argv, options);
  if (verb == "plan") return app::plan_verb(options.plan);
  if (verb == "read") return app::read_verb(options.read);
  options.simulate.made_up = options.synthetic->count() > 0;
  if (verb == "simulate") return app::simulate_verb(options.simulate);
  if (verb == "status") return app::status_verb(options.folder, options.json, !options.no_slurm);
  options.verify.run = options.folder;
  if (verb == "verify") return app::verify_verb(options.verify);
  if (verb == "export") return app::export_verb(options.texts.exporting);
  if (verb == "text") return app::text_verb(options.texts.text);
  if (verb == "find") return app::find_verb(options.texts.find);
  if (verb == "report") return app::report_verb(options.folder, options.trace);
  return app::doctor_verb(options.doctor_folder, options.doctor_weights);
}

}  // namespace

int main(int argc, char** argv) {
  store::turn_off_hdf5_locking();
  try {
    return run_program(argc, argv);
  } catch (const UsageError& error) {
    log::error("{}", error.what());
    return usage_status;
  } catch (const std::exception& error) {
    log::error("{}", error.what());
    return 1;
  }
}
