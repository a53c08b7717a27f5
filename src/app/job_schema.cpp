#include "job_schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "job_key.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

constexpr double day_s = 86'400;

/// Sections that may be given by a scalar, and the key that it then is the value of.
constexpr std::pair<std::string_view, std::string_view> in_short[] = {
    {"engine", "engine.name"}, {"fallback", "fallback.engine"}, {"engine.no_repeat_ngram", "engine.no_repeat_ngram.n"}};

// ---- looking things up in a schema

template <class Owner>
const KeyOf<Owner>* find(const std::vector<KeyOf<Owner>>& schema, std::string_view path) {
  const auto found = std::ranges::find(schema, path, &KeyOf<Owner>::path);
  return found == schema.end() ? nullptr : &*found;
}

template <class Owner>
bool is_section(const std::vector<KeyOf<Owner>>& schema, const std::string& path) {
  return std::ranges::any_of(schema,
                             [&](const auto& key) { return key.path.starts_with(path + "."); });
}

/// What stands directly below `prefix` ("engine."): keys and sections.
template <class Owner>
std::vector<std::string_view> names_below(const std::vector<KeyOf<Owner>>& schema,
                                          std::string_view prefix) {
  std::vector<std::string_view> names;
  for (const auto& key : schema) {
    if (!key.path.starts_with(prefix)) continue;
    auto rest = std::string_view{key.path}.substr(prefix.size());
    rest = rest.substr(0, rest.find('.'));
    if (std::ranges::find(names, rest) == names.end()) names.push_back(rest);
  }
  return names;
}

/// `prefix`: of the section in which `name` is not known, with its dot.
template <class Owner>
[[noreturn]] void fail_unknown(const std::vector<KeyOf<Owner>>& schema, std::string_view prefix,
                               std::string_view name, const std::string& place) {
  const auto section = prefix.empty() ? std::string{"at the top level"}
                                      : fmt::format("in '{}'", prefix.substr(0, prefix.size() - 1));
  const auto known = names_below(schema, prefix);
  const auto near = nearest(name, known.data(), known.data() + known.size());
  const auto elsewhere = std::ranges::find_if(
      schema, [&](const auto& key) { return key.path.ends_with(fmt::format(".{}", name)); });
  auto hint = fmt::format("Known keys: {}", fmt::join(known, ", "));
  if (!near.empty())
    hint = fmt::format("Did you mean '{}'?", near);
  else if (elsewhere != schema.end())
    hint = fmt::format("Did you mean '{}'?", elsewhere->path);
  const auto shown = is_secret(prefix) ? std::string{} : fmt::format(" '{}'", printable(name));
  throw UsageError{fmt::format("{}: unknown key{} {}. {}", place, shown, section, hint)};
}

// ---- reading by a schema

template <class Owner>
void read_map(const JobValue& map, const std::vector<KeyOf<Owner>>& schema,
              const std::string& prefix, Owner& into);

/// A key or a section that the schema has.
template <class Owner>
void read_entry(const JobValue& value, const std::vector<KeyOf<Owner>>& schema, Owner& into) {
  if (const auto* leaf = find(schema, value.key)) {
    leaf->read(value, into);
  } else if (value.node.IsMap()) {
    read_map(value, schema, value.key + ".", into);
  } else if (!value.node.IsNull()) {
    if (value.node.IsScalar()) {
      for (const auto& [section, key] : in_short) {
        if (section == value.key)
          return read_entry(JobValue{value.node, value.origin, std::string{key}}, schema, into);
      }
      if (const auto attempts = value.key + ".attempts"; find(schema, attempts))
        return read_entry(JobValue{value.node, value.origin, attempts}, schema, into);
    }
    value.expected(fmt::format("keys ({})", fmt::join(names_below(schema, value.key + "."), ", ")));
  }
}

template <class Owner>
void read_map(const JobValue& map, const std::vector<KeyOf<Owner>>& schema,
              const std::string& prefix, Owner& into) {
  std::map<std::string, YAML::Mark> seen;
  for (const auto& entry : map.node) {
    const auto mark = entry.first.Mark();
    const auto place = map.origin.place(mark);
    if (!entry.first.IsScalar())
      throw UsageError{
          fmt::format("{}: expected the name of a key, found {}", place, description(entry.first))};
    const auto& name = entry.first.Scalar();
    const auto path = prefix + name;
    if (!find(schema, path) && !is_section(schema, path)) fail_unknown(schema, prefix, name, place);
    const auto [first, is_new] = seen.emplace(name, mark);
    if (!is_new)
      throw UsageError{fmt::format("{}: the key '{}' stands twice (first at {}). Keep one of them",
                                   place, path, map.origin.place(first->second))};
    read_entry(JobValue{entry.second, map.origin, path}, schema, into);
  }
}

/// The list of rules is itself one key, whose entries have a schema of their own.
struct Rules {
  std::string type = "a list of rules, each with 'match'";
  std::string range = {};
  [[nodiscard]] std::vector<Rule> read(const JobValue& value) const {
    if (!value.node.IsSequence()) value.expected(type);
    std::vector<Rule> rules;
    for (const auto& item : value.node) {
      const JobValue entry{item, value.origin, value.key};
      if (!item.IsMap()) entry.expected("a rule such as {match: \"*.pdf\", languages: [deu]}");
      read_map(entry, rule_schema(), "rules[].", rules.emplace_back());
      if (rules.back().match.empty())
        entry.fail("a rule needs 'match', a glob on the paths of documents");
    }
    return rules;
  }
  [[nodiscard]] YAML::Node write(const std::vector<Rule>& rules) const {
    YAML::Node list{YAML::NodeType::Sequence};
    for (const auto& rule : rules) {
      YAML::Node entry{YAML::NodeType::Map};
      for (const auto& key : rule_schema()) {
        if (const auto value = key.write(rule); !value.IsNull())
          entry[key.path.substr(key.path.find('.') + 1)] = value;
      }
      list.push_back(entry);
    }
    return list;
  }
};

void add_corpus(std::vector<KeyOf<Job>>& schema) {
  schema.push_back(job_key(
      "corpus.root", [](auto& job) -> auto& { return job.corpus.root; }, kind::Path{},
      "a folder (every document below it), one file, or a BagIt bag"));
  schema.push_back(job_key(
      "corpus.list", [](auto& job) -> auto& { return job.corpus.list; }, kind::Path{},
      "a text file with a path a line, relative to corpus.root, or without that to the list's own "
      "folder; a tab and urgent, normal or low may follow the path"));
  schema.push_back(job_key(
      "corpus.trace", [](auto& job) -> auto& { return job.trace; }, kind::Path{},
      "a TSV of pages and their seconds in place of documents (engines replay and echo)"));
  schema.push_back(job_key(
      "corpus.include", [](auto& job) -> auto& { return job.corpus.include; }, kind::Texts{},
      "globs on the path below the root; ** stands for any folders"));
  schema.push_back(job_key(
      "corpus.exclude", [](auto& job) -> auto& { return job.corpus.exclude; }, kind::Texts{},
      "globs of what is left out even if it is included"));
  schema.push_back(job_key(
      "corpus.changed", [](auto& job) -> auto& { return job.redo_changed; },
      kind::Choice<bool>{{{"report", false}, {"redo", true}}},
      "what becomes of documents that changed since an earlier job read them"));
  schema.push_back(job_key(
      "run", [](auto& job) -> auto& { return job.run; }, kind::Path{},
      "the run directory, relative to the current folder: everything the job writes is below it"));
}

constexpr auto watchdog_help =
    "a page that takes more of a worker's processor time (tesseract) or more time (deepseek_ocr2) is ended, "
    "and tried again; auto: 300, deepseek_ocr2: 600";

void add_engine(std::vector<KeyOf<Job>>& schema) {
  schema.push_back(job_key(
      "engine.name", [](auto& job) -> auto& { return job.engine.name; }, kind::Text{},
      "what reads the pages: tesseract, deepseek_ocr2, replay or echo; `engine: echo` is short for it"));
  schema.push_back(job_key(
      "engine.languages", [](auto& job) -> auto& { return job.engine.languages; },
      kind::Languages{}, "languages of the documents, the most frequent first; tesseract: auto finds out the language of each document from a "
      "sample of it, among all that are installed or, as in [auto, deu, fra], among those named"));
  schema.push_back(job_key(
      "engine.threads", [](auto& job) -> auto& { return job.engine.threads; },
      kind::WholeOrAuto{1024, ""},
      "pages that a rank reads at once, or with deepseek_ocr2 the threads that it computes with on a CPU; auto: one for each core "
      "that the rank may use"));
  schema.push_back(job_key(
      "engine.watchdog_s", [](auto& job) -> auto& { return job.engine.watchdog_s; },
      kind::OrWord{kind::Number{0.1, day_s, "s"}, "auto"}, watchdog_help));
  schema.push_back(job_key(
      "engine.time_scale", [](auto& job) -> auto& { return job.engine.time_scale; },
      kind::Number{0, 1000, ""}, "replay: a page takes its recorded (without a trace: estimated) seconds times this"));
}

void add_deepseek(std::vector<KeyOf<Job>>& schema) {
  using Settings = engine::DeepseekSettings;
  schema.push_back(job_key(
      "engine.weights", [](auto& job) -> auto& { return job.engine.deepseek.weights; }, kind::Text{},
      "deepseek_ocr2: the folder of the checkpoint, relative to the job file; or random:full or random:tiny, "
      "models of random numbers for measurements. Needed with that engine"));
  schema.push_back(job_key(
      "engine.device", [](auto& job) -> auto& { return job.engine.deepseek.device; },
      kind::Choice<Settings::Device>{
          {{"auto", Settings::Device::automatic}, {"cpu", Settings::Device::cpu}, {"cuda", Settings::Device::cuda}}},
      "deepseek_ocr2: what it computes on; auto: a GPU where there is one"));
  schema.push_back(job_key(
      "engine.dtype", [](auto& job) -> auto& { return job.engine.deepseek.dtype; },
      kind::Choice<Settings::Dtype>{
          {{"auto", Settings::Dtype::automatic}, {"bf16", Settings::Dtype::bf16}, {"fp32", Settings::Dtype::fp32}}},
      "deepseek_ocr2: the numbers it computes in; auto: bf16 where the device computes in it, else fp32"));
  schema.push_back(job_key(
      "engine.prompt", [](auto& job) -> auto& { return job.engine.deepseek.prompt; }, kind::Prompt{},
      "deepseek_ocr2: grounding (text, layout and boxes), plain (text alone), or what to ask; without "
      "<image> the page is put in front"));
  schema.push_back(job_key(
      "engine.max_new_tokens", [](auto& job) -> auto& { return job.engine.deepseek.max_new_tokens; },
      kind::Whole{1, 1'048'576, "tokens"},
      "deepseek_ocr2: the longest answer to a page; together with the prompt it stays within the model's positions"));
  schema.push_back(job_key(
      "engine.no_repeat_ngram.n", [](auto& job) -> auto& { return job.engine.no_repeat_ngram.n; },
      kind::OrWord{kind::Whole{1, 1'000, "tokens"}, "off"},
      "deepseek_ocr2: no token is taken that repeats so many tokens in a row within the window; "
      "`no_repeat_ngram: off` is short for it"));
  schema.push_back(job_key(
      "engine.no_repeat_ngram.window", [](auto& job) -> auto& { return job.engine.no_repeat_ngram.window; },
      kind::Whole{1, 1'048'576, "tokens"}, "deepseek_ocr2: how far back it looks for them"));
  schema.push_back(job_key(
      "engine.no_repeat_ngram.allow", [](auto& job) -> auto& { return job.engine.no_repeat_ngram.allow; },
      kind::Texts{}, "deepseek_ocr2: tokens that may come all the same"));
  schema.push_back(job_key(
      "engine.loop_detection", [](auto& job) -> auto& { return job.engine.deepseek.loop_detection; },
      kind::Choice<bool>{{{"on", true}, {"off", false}}},
      "deepseek_ocr2: a page is ended as soon as it goes in circles, and asked for again in another way"));
  schema.push_back(job_key(
      "engine.max_batch_pages", [](auto& job) -> auto& { return job.engine.deepseek.max_batch_pages; },
      kind::WholeOrAuto{4'096, "pages"}, "deepseek_ocr2: pages that a rank reads at once; auto: as many as the memory holds"));
  schema.push_back(job_key(
      "engine.memory_fraction", [](auto& job) -> auto& { return job.engine.deepseek.memory_fraction; },
      kind::Number{0.05, 1, ""},
      "deepseek_ocr2: share of the device's memory that it may take (without a GPU: of the rank's share of what is free)"));
  schema.push_back(job_key(
      "engine.restarts", [](auto& job) -> auto& { return job.engine.deepseek.restarts; },
      kind::Whole{0, 1'000, "times"},
      "deepseek_ocr2: how often a rank starts its engine anew that was lost; then the rank reads no more"));
  schema.push_back(job_key(
      "engine.load", [](auto& job) -> auto& { return job.engine.broadcast; },
      kind::Choice<bool>{{{"files", false}, {"broadcast", true}}},
      "deepseek_ocr2: where the ranks' engines get their weights at the start: each reads the files, or rank 0 alone "
      "does, for all (by NCCL where each has a GPU of its own); engines that are started anew read the files"));
}

void add_fallback(std::vector<KeyOf<Job>>& schema) {
  schema.push_back(job_key(
      "fallback.engine", [](auto& job) -> auto& { return job.fallback.engine; }, kind::Text{},
      "what reads the pages that the engine gave up: none, tesseract, or echo for trials; `fallback: tesseract` is "
      "short for it. It is started when the first page needs it"));
  schema.push_back(job_key(
      "fallback.languages", [](auto& job) -> auto& { return job.fallback.languages; }, kind::Languages{},
      "languages of these pages; not set: engine.languages"));
  schema.push_back(job_key(
      "fallback.threads", [](auto& job) -> auto& { return job.fallback.threads; }, kind::WholeOrAuto{1024, ""},
      "pages that a rank's fallback reads at once; auto: one for each core that the rank may use"));
  schema.push_back(job_key(
      "fallback.watchdog_s", [](auto& job) -> auto& { return job.fallback.watchdog_s; },
      kind::OrWord{kind::Number{0.1, day_s, "s"}, "auto"}, "as engine.watchdog_s"));
}

void add_ranks(std::vector<KeyOf<Job>>& schema) {
  const auto add = [&](const std::string& engine, auto field) {
    schema.push_back(job_key("ranks." + engine, field, kind::Ranks{},
                             "ranks of a host with this engine, where it is the job's or its fallback; auto: as many as there "
                             "are GPUs to be seen; rest: those that the other engine leaves. Ranks with the fallback read the pages "
                             "that rules give it and those that the engine gives up; without such ranks the others start it themselves"));
  };
  add("deepseek_ocr2", [](auto& job) -> auto& { return job.ranks.deepseek_ocr2; });
  add("tesseract", [](auto& job) -> auto& { return job.ranks.tesseract; });
  add("echo", [](auto& job) -> auto& { return job.ranks.echo; });
  schema.push_back(job_key(
      "ranks.mixed", [](auto& job) -> auto& { return job.ranks.share; }, kind::Choice<bool>{{{"off", false}, {"share", true}}},
      "off: a page's engine follows from the job alone; share: ranks that have the fallback read any page, so that which "
      "engine reads a page depends on the schedule"));
}

void add_documents(std::vector<KeyOf<Job>>& schema) {
  schema.push_back(job_key(
      "passwords.all", [](auto& job) -> auto& { return job.passwords.all; }, kind::Password{},
      "opens every encrypted document for which passwords.file and rules give no other one; it is never written to the run"));
  schema.push_back(job_key(
      "passwords.file", [](auto& job) -> auto& { return job.passwords.file; }, kind::Path{},
      "a text file with a glob on the path below the root, a tab and a password a line, relative to the job file; later lines "
      "win, # begins a comment. Keep it readable for you alone"));
  schema.push_back(job_key(
      "rules", [](auto& job) -> auto& { return job.rules; }, Rules{},
      "settings for some of the documents; later rules win, setting by setting"));
  schema.push_back(job_key(
      "split", [](auto& job) -> auto& { return job.split; },
      kind::Choice<plan::Split>{{{"auto", plan::Split::automatic},
                                 {"page", plan::Split::page},
                                 {"chapter", plan::Split::chapter},
                                 {"document", plan::Split::document}}},
      "where a document that is too much for one rank is cut: auto (at chapters that fit, else "
      "anywhere), page (anywhere), chapter (top level of a PDF's outline) or document (nowhere)"));
}

/// What a schedule is made of, each part to be left out for comparisons (docs/performance.md).
void add_schedule(std::vector<KeyOf<Job>>& schema) {
  const auto on_or_off = kind::Choice<bool>{{{"on", true}, {"off", false}}};
  schema.push_back(job_key(
      "schedule.partition", [](auto& job) -> auto& { return job.schedule.partition; },
      kind::Choice<plan::Strategy>{{{"lpt", plan::Strategy::lpt},
                                    {"block", plan::Strategy::block},
                                    {"cyclic", plan::Strategy::cyclic},
                                    {"queue", plan::Strategy::queue}}},
      "for comparisons: longest pages first, blocks of the corpus, page by page, or all to rank 0"));
  schema.push_back(job_key(
      "schedule.stealing", [](auto& job) -> auto& { return job.schedule.stealing; },
      kind::Choice<sched::Stealing>{{{"half", sched::Stealing::half},
                                     {"page", sched::Stealing::page},
                                     {"off", sched::Stealing::off}}},
      "for comparisons: ranks that run dry take half of another's work, a page of rank 0's, or nothing"));
  schema.push_back(job_key(
      "schedule.backup", [](auto& job) -> auto& { return job.schedule.backup; }, on_or_off,
      "for comparisons: whether idle ranks read again what a lagging rank has in hand at the end"));
  schema.push_back(job_key(
      "schedule.calibrate", [](auto& job) -> auto& { return job.schedule.calibrate; }, on_or_off,
      "for comparisons: whether finished pages say what the others of their document will cost"));
  schema.push_back(job_key(
      "schedule.evidence", [](auto& job) -> auto& { return job.schedule.evidence; }, on_or_off,
      "for comparisons: whether pages are thought to differ at all"));
}

void add_store(std::vector<KeyOf<Job>>& schema) {
  schema.push_back(job_key(
      "store.sync", [](auto& job) -> auto& { return job.store.sync; },
      kind::Choice<Sync>{
          {{"page", Sync::page}, {"interval", Sync::interval}, {"close", Sync::close}}},
      "when finished pages are committed to disk: each, every sync_interval_s, or at the end"));
  schema.push_back(job_key(
      "store.sync_interval_s", [](auto& job) -> auto& { return job.store.sync_interval_s; },
      kind::Number{0.01, 3600, "s"},
      "what finished within it is lost with a node, and read again"));
  schema.push_back(job_key(
      "store.shard_pages", [](auto& job) -> auto& { return job.store.shard_pages; },
      kind::Whole{1, 65'536, "pages"}, "a journal of so many pages becomes an HDF5 shard"));
  schema.push_back(job_key(
      "store.shard_age_s", [](auto& job) -> auto& { return job.store.shard_age_s; },
      kind::Number{1, 30 * day_s, "s"}, "and so does one that is so old"));
  schema.push_back(job_key(
      "store.on_full", [](auto& job) -> auto& { return job.store.on_full; },
      kind::Choice<OnFull>{{{"drain", OnFull::drain}, {"wait", OnFull::wait}}},
      "when the run directory takes no more (no room, quota, read-only, a fault): end with 75, to be "
      "run again, or keep what is read, try again, and go on once it can be written"));
  schema.push_back(job_key(
      "cost_model", [](auto& job) -> auto& { return job.cost_model; }, kind::Path{},
      "cost_model.json of another run, whose pages were like these; without it the run's own, or "
      "what is shipped"));
  schema.push_back(job_key(
      "drain.grace_s", [](auto& job) -> auto& { return job.drain.grace_s; },
      kind::Number{0, day_s, "s"},
      "how long pages in flight may take when the job is told to stop; then they are given back"));
  schema.push_back(job_key(
      "probe.budget", [](auto& job) -> auto& { return job.probe.budget; }, kind::Number{0, 1, ""},
      "share of the predicted run that looking into new documents may take: within it the ink of pages "
      "is measured, for better predictions; 0: their headers alone are read"));
  add_schedule(schema);
  schema.push_back(job_key(
      "progress_s", [](auto& job) -> auto& { return job.progress_s; },
      kind::Number{0.1, day_s, "s"},
      "between two lines of progress in the log (not on a terminal)"));
}

}  // namespace

const std::vector<KeyOf<Rule>>& rule_schema() {
  static const std::vector<KeyOf<Rule>> schema{
      key<Rule>(
          "rules[].match", [](auto& rule) -> auto& { return rule.match; }, kind::Text{},
          "the documents it is about: a glob on the path below the root; needed"),
      key<Rule>(
          "rules[].languages", [](auto& rule) -> auto& { return rule.languages; },
          kind::Languages{}, "their languages, in place of engine.languages; auto, too"),
      key<Rule>(
          "rules[].engine", [](auto& rule) -> auto& { return rule.engine; }, kind::Text{},
          "which of the job's two engines reads them: that of engine.name or that of fallback.engine"),
      key<Rule>(
          "rules[].prompt", [](auto& rule) -> auto& { return rule.prompt; }, kind::Prompt{},
          "deepseek_ocr2: what it is asked, in place of engine.prompt"),
      key<Rule>(
          "rules[].text_layer", [](auto& rule) -> auto& { return rule.text_layer; }, text_layer_policies(),
          "what becomes of the text that their pages bring along, in place of page.text_layer"),
      key<Rule>(
          "rules[].geometry", [](auto& rule) -> auto& { return rule.geometry; }, geometries(),
          "where their words get boxes from, in place of geometry"),
      key<Rule>(
          "rules[].password", [](auto& rule) -> auto& { return rule.password; }, kind::Password{},
          "opens encrypted ones, before passwords.file and passwords.all; it is never written to the run"),
      key<Rule>(
          "rules[].priority", [](auto& rule) -> auto& { return rule.priority; },
          kind::Choice<corpus::Priority>{{{"urgent", corpus::Priority::urgent},
                                          {"normal", corpus::Priority::normal},
                                          {"low", corpus::Priority::low}}},
          "all urgent pages begin before the others, low ones after them; corpus.list wins over it"),
      key<Rule>(
          "rules[].kind", [](auto& rule) -> auto& { return rule.kind; },
          kind::Choice<merge::Kind>{{{"automatic", merge::Kind::automatic},
                                     {"text", merge::Kind::text},
                                     {"forms", merge::Kind::forms},
                                     {"mixed", merge::Kind::mixed}}},
          "how exports put their pages together, in place of finding it out: paragraphs that go on over pages, pages each for itself, or both"),
  };
  return schema;
}

const std::vector<KeyOf<Job>>& job_schema() {
  static const std::vector<KeyOf<Job>> schema = [] {
    std::vector<KeyOf<Job>> keys;
    add_corpus(keys);
    add_engine(keys);
    add_deepseek(keys);
    add_fallback(keys);
    add_ranks(keys);
    add_page(keys);
    add_retries(keys);
    add_documents(keys);
    add_store(keys);
    return keys;
  }();
  return schema;
}

void read_job(const YAML::Node& root, const JobOrigin& origin, Job& job) {
  if (!root.IsMap())
    throw UsageError{
        fmt::format("{}: expected a job, that is keys such as corpus, run and engine; "
                    "found {}. See jobs/example.yaml",
                    origin.name, root.IsScalar() ? "a text" : description(root))};
  read_map(JobValue{root, origin, ""}, job_schema(), "", job);
}

void read_key(const std::string& path, const YAML::Node& node, const JobOrigin& origin, Job& job) {
  const auto& schema = job_schema();
  if (!find(schema, path) && !is_section(schema, path)) {
    const auto dot = path.rfind('.');
    const auto prefix = dot == std::string::npos ? std::string{} : path.substr(0, dot + 1);
    const bool section_known = prefix.empty() || is_section(schema, path.substr(0, dot));
    fail_unknown(schema, section_known ? prefix : std::string{},
                 section_known ? std::string_view{path}.substr(prefix.size()) : path, origin.name);
  }
  read_entry(JobValue{node, origin, path}, schema, job);
}

}  // namespace pecia::app
