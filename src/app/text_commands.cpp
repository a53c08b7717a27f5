#include "text_commands.hpp"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "pecia/export/export.hpp"

namespace pecia::app {
namespace {

constexpr auto run_help = "Run directory, or the job file that names it";

CLI::Option* add_globs(CLI::App& verb, std::vector<std::string>& globs) {
  return verb.add_option("--documents", globs, "Only these documents; may be given again for others")
      ->allow_extra_args(false)
      ->type_name("GLOB");
}

/// What PDFs are to be, for `--format pdf`.
void add_pdf(CLI::App& verb, ExportVerbOptions& options) {
  constexpr auto group = "PDF";
  verb.add_flag("--pdfa", options.pdfa, "PDF/A-2b where the pages are images; of others it is said why not")->group(group);
  verb.add_flag("--linearize", options.linearize, "So that a browser shows the first page before it has the file")->group(group);
  verb.add_flag("--break-signatures", options.break_signatures, "Write signed documents, too: their signatures are invalid in the copy")
      ->group(group);
  verb.add_option("--text-layers", options.text_layers, "Invisible text that pages have already: replace or keep it")
      ->check(CLI::IsMember({"replace", "keep"}))
      ->capture_default_str()
      ->group(group);
}

void add_export(CLI::App& program, ExportVerbOptions& options) {
  auto* verb = program.add_subcommand("export", "Write the documents of a run");
  verb->footer(
      "Needs no MPI, no GPU and, but for figures and pdf, no documents. An export to the same folder writes only what changed since the last.\n"
      "Exit status: 0 every document is complete, 3 some have gaps (named in their places) or were left out, 75 stopped: the same\n"
      "command goes on, 2 command line or folder, 1 anything else.");
  verb->add_option("RUN", options.run, run_help)->required();
  verb->add_option("--format", options.formats, fmt::format("{}; several by commas", fmt::join(exporting::format_names(), ", ")))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  verb->add_option("--out", options.out, "Folder to write to; without it export/ in the run")
      ->type_name("DIR")
      ->check([](const std::string& folder) { return folder.empty() ? std::string{"names no folder"} : std::string{}; }, "");
  add_globs(*verb, options.documents);
  verb->add_flag("--complete-only", options.complete_only, "Leave out documents with pages that failed or are not read yet");
  verb->add_option("--per", options.per, "jsonl: a line for each page (pages.jsonl) or each document (documents.jsonl)")
      ->check(CLI::IsMember({"page", "document"}))
      ->capture_default_str();
  verb->add_option("--kind", options.kind, "What the documents are, instead of finding it out")
      ->check(CLI::IsMember({"text", "forms", "mixed", "automatic"}));
  auto* no_merge = verb->add_flag("--no-merge", options.no_merge, "Write pages as they were read: nothing is joined, moved or taken out");
  verb->add_option("--keep", options.keep, fmt::format("Leave as it was read: {}", fmt::join(mergeable(), ", ")))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(mergeable()))
      ->excludes(no_merge);
  verb->add_option("--dictionaries", options.dictionaries,
                   "Folder with the Hunspell dictionaries that tell which hyphens belong to a word, in place of the system's; may be given again")
      ->allow_extra_args(false)
      ->type_name("DIR")
      ->check(CLI::Validator{CLI::ExistingDirectory}.description(""));
  verb->add_flag("--figures,--images", options.figures,
                 "Cut out what the engine took for images, as PNG; the documents must still be there");
  add_pdf(*verb, options);
  verb->add_option("--jobs", options.jobs, "Threads that write; without it as many as there are cores")->check(CLI::Range(1, 1024));
  verb->add_flag("--force", options.force, "Write everything again, also over another run's export or files that no export wrote");
}

void add_text(CLI::App& program, TextVerbOptions& options) {
  auto* verb = program.add_subcommand("text", "Print the text of a document, or of a page");
  verb->footer("Exit status: 0, 3 if a page of it failed or is not read yet, 2 command line, 1 anything else.");
  verb->add_option("RUN", options.run, run_help)->required();
  verb->add_option("DOCUMENT", options.document, "Its path, the end of one, or a glob that matches one")->required();
  verb->add_option("PAGE", options.page, "From 1: this page alone, as it was read");
  verb->add_flag("--raw", options.raw, "Pages as they were read: nothing is joined, moved or taken out");
}

void add_find(CLI::App& program, FindVerbOptions& options) {
  auto* verb = program.add_subcommand("find", "Search the text of a run");
  verb->footer(
      "Prints PATH:PAGE:LINE: and the line. REGEX is Perl's, on Unicode; it is looked for in pages as they were read, so that a word\n"
      "that is hyphenated over two lines is not found as a whole ('Archi(v|-\\nv)' finds both).\n"
      "Exit status, as grep's: 0 found, 1 not found, 2 anything else: command line, pattern, a disk without room.");
  verb->add_option("RUN", options.run, run_help)->required();
  verb->add_option("REGEX", options.pattern, "What to look for")->required();
  add_globs(*verb, options.documents);
  verb->add_flag("-i,--ignore-case", options.ignore_case, "Capital letters are as small ones");
  verb->add_flag("--count", options.count, "Print how many lines were found in each document that has any");
  verb->add_option("--max", options.max, "Stop after so many lines")->check(CLI::PositiveNumber);
  verb->add_flag("--json", options.json, "Print a JSON object for each line");
}

}  // namespace

void add_text_commands(CLI::App& program, TextCommands& commands) {
  add_export(program, commands.exporting);
  add_text(program, commands.text);
  add_find(program, commands.find);
}

}  // namespace pecia::app
