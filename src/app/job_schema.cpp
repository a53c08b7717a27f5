#include "job_schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

constexpr double day_s = 86'400;

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
  throw UsageError{
      fmt::format("{}: unknown key '{}' {}. {}", place, printable(name), section, hint)};
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
  } else if (value.key == "engine" && value.node.IsScalar()) {
    read_entry(JobValue{value.node, value.origin, "engine.name"}, schema, into);
  } else if (value.node.IsMap()) {
    read_map(value, schema, value.key + ".", into);
  } else if (!value.node.IsNull()) {
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

/// A key from where it is kept (`field`: an Owner -> its member) and the kind of its value.
template <class Owner, class Field, class Kind>
KeyOf<Owner> key(std::string path, Field field, const Kind& kind, std::string help) {
  KeyOf<Owner> made{std::move(path), kind.type, kind.range, std::move(help), {}, {}};
  made.read = [field, kind](const JobValue& value, Owner& into) {
    const Owner defaults;
    if (value.node.IsNull())
      field(into) = field(defaults);
    else
      field(into) = kind.read(value);
  };
  made.write = [field, kind](const Owner& from) {
    const auto& value = field(from);
    if constexpr (requires { value.has_value(); })
      return value.has_value() ? kind.write(*value) : YAML::Node{};
    else
      return kind.write(value);
  };
  return made;
}

template <class Field, class Kind>
KeyOf<Job> job_key(std::string path, Field field, const Kind& kind, std::string help) {
  return key<Job>(std::move(path), field, kind, std::move(help));
}

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

void add_engine(std::vector<KeyOf<Job>>& schema) {
  schema.push_back(job_key(
      "engine.name", [](auto& job) -> auto& { return job.engine.name; }, kind::Text{},
      "what reads the pages: tesseract, replay or echo; `engine: echo` is short for it"));
  schema.push_back(job_key(
      "engine.languages", [](auto& job) -> auto& { return job.engine.languages; },
      kind::Languages{}, "languages of the documents, the most frequent first"));
  schema.push_back(job_key(
      "engine.threads", [](auto& job) -> auto& { return job.engine.threads; },
      kind::WholeOrAuto{1024, ""},
      "pages that a rank reads at once; auto: one for each core that the rank may use"));
  schema.push_back(job_key(
      "engine.watchdog_s", [](auto& job) -> auto& { return job.engine.watchdog_s; },
      kind::Number{0.1, day_s, "s"},
      "a worker that needs more processor time for one page is ended, and the page tried again"));
  schema.push_back(job_key(
      "engine.time_scale", [](auto& job) -> auto& { return job.engine.time_scale; },
      kind::Number{0, 1000, ""}, "replay: a page takes its recorded (without a trace: estimated) seconds times this"));
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
          kind::Languages{}, "their languages, in place of engine.languages"),
      key<Rule>(
          "rules[].password", [](auto& rule) -> auto& { return rule.password; }, kind::Password{},
          "opens encrypted ones; it is never written to the run"),
      key<Rule>(
          "rules[].priority", [](auto& rule) -> auto& { return rule.priority; },
          kind::Choice<corpus::Priority>{{{"urgent", corpus::Priority::urgent},
                                          {"normal", corpus::Priority::normal},
                                          {"low", corpus::Priority::low}}},
          "all urgent pages begin before the others, low ones after them; corpus.list wins over it"),
  };
  return schema;
}

const std::vector<KeyOf<Job>>& job_schema() {
  static const std::vector<KeyOf<Job>> schema = [] {
    std::vector<KeyOf<Job>> keys;
    add_corpus(keys);
    add_engine(keys);
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
                    origin.name, description(root))};
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
