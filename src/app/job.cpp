#include "pecia/app/job.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "job_file.hpp"
#include "job_key.hpp"
#include "job_schema.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/engine/factory.hpp"

namespace pecia::app {
namespace {

/// The last line of run.yaml: the CRC-32C of all before it.
constexpr std::string_view checksum_line = "# crc32c ";

namespace fs = std::filesystem;

/// Absolute, without "." and "..", without a slash at its end.
fs::path resolved(const fs::path& path, const fs::path& folder) {
  if (path.empty()) return {};
  const auto normal = (folder / path).lexically_normal();
  return normal.has_filename() || normal == normal.root_path() ? normal : normal.parent_path();
}

void check_corpus(const Job& job, const std::string& name) {
  const auto& corpus = job.corpus;
  const bool root = !corpus.root.empty(), list = !corpus.list.empty(), trace = !job.trace.empty();
  if (!root && !list && !trace)
    throw UsageError{
        fmt::format("{}: the job names no corpus. Give corpus.root (a folder, a file or "
                    "a BagIt bag), corpus.list or corpus.trace",
                    name)};
  if (trace && (root || list))
    throw UsageError{
        fmt::format("{}: corpus.trace stands beside corpus.{} (a trace has no files). "
                    "Keep one of them",
                    name, root ? "root" : "list")};
}

void check_name(const std::string& engine, const std::vector<std::string>& known, const char* key,
                const std::string& name) {
  if (std::ranges::find(known, engine) != known.end()) return;
  const std::vector<std::string_view> names{known.begin(), known.end()};
  const auto near = nearest(engine, names.data(), names.data() + names.size());
  throw UsageError{fmt::format("{}: {}: there is no engine '{}'. {}Engines: {}", name, key, printable(engine),
                               near.empty() ? "" : fmt::format("Did you mean '{}'? ", near), fmt::join(known, ", "))};
}

void check_engine(const Job& job, const std::string& name) {
  check_name(job.engine.name, engine::engine_names(), "engine.name", name);
  if (job.engine.name == model_engine && job.engine.deepseek.weights.empty())
    throw UsageError{fmt::format(
        "{}: engine.weights is missing: the folder of the checkpoint that {} reads with. `pecia doctor --weights DIR` "
        "says how to fetch one", name, model_engine)};
  if (!job.trace.empty() && job.engine.name != "replay" && job.engine.name != "echo")
    throw UsageError{
        fmt::format("{}: corpus.trace has no pages that engine {} could read. Use engine "
                    "replay or echo with it",
                    name, job.engine.name)};
}

void check_geometry(const Job& job, const std::string& name) {
  if (wants_boxes(job) && !job.trace.empty())
    throw UsageError{fmt::format("{}: corpus.trace has no pages on which Tesseract could find words. Leave out geometry", name)};
}

void check_fallback(const Job& job, const std::string& name) {
  const auto& fallback = job.fallback.engine;
  if (job.fallback.exists()) {
    check_name(fallback, {"none", "tesseract", "echo"}, "fallback.engine", name);
    if (fallback == job.engine.name)
      throw UsageError{fmt::format("{}: fallback.engine: {} is the engine itself. Name another one, or none", name,
                                   fallback)};
    if (!job.trace.empty() && fallback != "echo")
      throw UsageError{fmt::format("{}: corpus.trace has no pages that the fallback {} could read", name, fallback)};
  }
  for (const auto& rule : job.rules) {
    if (!rule.engine || *rule.engine == job.engine.name || (job.fallback.exists() && *rule.engine == fallback)) continue;
    throw UsageError{fmt::format("{}: rules[].engine of '{}': {} is neither the engine of the job ({}) nor its fallback ({})",
                                 name, printable(rule.match), printable(*rule.engine), job.engine.name, fallback)};
  }
}

/// A folder of weights; the name of a random model stays as it is.
void resolve_weights(std::string& weights, const fs::path& folder) {
  if (!weights.empty() && !weights.starts_with("random:")) weights = resolved(weights, folder).native();
}

/// A run directory among the documents would be listed as documents by the next job.
void check_run(const Job& job, const std::string& name) {
  if (job.run.empty())
    throw UsageError{
        fmt::format("{}: the job has no 'run', the folder for everything it writes. Add "
                    "one, such as run: runs/mine",
                    name)};
  if (job.corpus.root.empty() || !job.corpus.list.empty()) return;
  const auto inside = (job.run / "run.yaml").lexically_relative(job.corpus.root);
  if (inside.empty() || *inside.begin() == "..") return;
  const auto lets_in = [&](const std::string& glob) { return glob_match(glob, inside.native()); };
  if (std::ranges::any_of(job.corpus.include, lets_in) &&
      std::ranges::none_of(job.corpus.exclude, lets_in))
    throw UsageError{
        fmt::format("{}: the run directory {} is within the corpus {} (its own files "
                    "would be taken for documents). Put run elsewhere, or name it in "
                    "corpus.exclude",
                    name, printable(job.run.native()), printable(job.corpus.root.native()))};
}

void put(YAML::Node map, const std::string& path, const YAML::Node& value) {
  const auto dot = path.find('.');
  if (dot == std::string::npos)
    map[path] = value;
  else
    put(map[path.substr(0, dot)], path.substr(dot + 1), value);
}

YAML::Node to_node(const Job& job) {
  YAML::Node root{YAML::NodeType::Map};
  for (const auto& key : job_schema()) put(root, key.path, key.write(job));
  return root;
}

std::string flow(const YAML::Node& node) {
  YAML::Emitter out;
  out.SetMapFormat(YAML::Flow);
  out.SetSeqFormat(YAML::Flow);
  out << node;
  return out.c_str();
}

/// What the rules say of one setting: "[a/**: deu+lat, b: frk]".
template <class Text>
std::string in_rules(const std::vector<Rule>& rules, Text text) {
  std::vector<std::string> parts;
  for (const auto& rule : rules) {
    if (const auto said = text(rule)) parts.push_back(fmt::format("{}: {}", rule.match, *said));
  }
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

std::string languages_of(const std::vector<Rule>& rules) {
  return in_rules(rules, [](const Rule& rule) -> std::optional<std::string> {
    if (!rule.languages) return std::nullopt;
    return fmt::format("{}", fmt::join(*rule.languages, "+"));
  });
}

std::string text_layers_of(const std::vector<Rule>& rules) {
  return in_rules(rules, [](const Rule& rule) -> std::optional<std::string> {
    if (!rule.text_layer) return std::nullopt;
    return text_layer_policies().write(*rule.text_layer).Scalar();
  });
}

std::string geometries_of(const std::vector<Rule>& rules) {
  return in_rules(rules, [](const Rule& rule) -> std::optional<std::string> {
    if (!rule.geometry) return std::nullopt;
    return geometries().write(*rule.geometry).Scalar();
  });
}

/// Keys whose values change the text, or the boxes, of what this engine reads.
bool changes_text(std::string_view key, const Job& job) {
  static constexpr std::string_view of_the_model[] = {
      "engine.weights", "engine.device", "engine.dtype", "engine.prompt", "engine.max_new_tokens",
      "engine.no_repeat_ngram.n", "engine.no_repeat_ngram.window", "engine.no_repeat_ngram.allow",
      "engine.loop_detection"};
  if (std::ranges::find(of_the_model, key) != std::end(of_the_model)) return job.engine.name == model_engine;
  const bool has_boxes_made = job.engine.name != "tesseract" && wants_boxes(job);
  if (key == "fallback.languages") return job.fallback.exists() || has_boxes_made;
  if (key == "geometry") return job.engine.name != "tesseract";
  static constexpr std::string_view of_tesseract[] = {"engine.retry_budget", "retries.low_confidence.attempts", "page.split",
                                                      "page.blank", "page.old_letters"};
  if (std::ranges::find(of_tesseract, key) != std::end(of_tesseract))
    return job.engine.name == "tesseract" || job.fallback.engine == "tesseract";
  return key == "engine.name" || key == "engine.languages" || key == "fallback.engine" || key == "ranks.mixed" ||
         key == "page.text_layer";
}

/// What a pecia did that had no such key: a run has all keys that its pecia had.
Job as_before_there_were_keys() {
  Job job;
  job.page = {false, false, false, TextLayerPolicy::ignore};
  job.engine.retry_budget = 0;
  for (auto& rule : job.retries.rules) {
    if (rule.reason == Reason::low_confidence) rule.attempts = 0;
  }
  return job;
}

template <class Owner>
std::string help_of(const KeyOf<Owner>& key) {
  auto facts = key.type;
  if (!key.range.empty()) facts += ", " + key.range;
  const auto value = key.write(Owner{});
  if (!value.IsNull() && !(value.IsScalar() && value.Scalar().empty()))
    facts += "; default " + flow(value);
  return fmt::format("  {}\n      {}\n      ({})\n", key.path, key.help, facts);
}

}  // namespace

Job load_job(const fs::path& file, const std::vector<std::string>& overrides) {
  const auto text = read_job_file(file);
  const JobOrigin origin{printable(file.native()), true, text.find(checksum_line) != std::string::npos};
  Job job;
  read_job(parse_job(text, origin), origin, job);
  job.of_run = origin.is_run;
  for (const auto& override : overrides) apply_override(override, job);

  job.file = fs::absolute(file).lexically_normal();
  const auto folder = job.file.parent_path();
  job.corpus.root = resolved(job.corpus.root, folder);
  job.corpus.list = resolved(job.corpus.list, folder);
  job.trace = resolved(job.trace, folder);
  job.cost_model = resolved(job.cost_model, folder);
  job.passwords.file = resolved(job.passwords.file, folder);
  job.run = resolved(job.run, fs::current_path());
  resolve_weights(job.engine.deepseek.weights, folder);
  check_corpus(job, origin.name);
  check_engine(job, origin.name);
  check_fallback(job, origin.name);
  check_geometry(job, origin.name);
  check_run(job, origin.name);
  return job;
}

Job job_without_corpus(const std::string& engine, const std::vector<std::string>& overrides) {
  Job job;
  job.engine.name = engine;
  for (const auto& text : overrides) apply_override(text, job);
  if (!job.corpus.root.empty() || !job.corpus.list.empty() || !job.trace.empty())
    throw UsageError{"--set corpus: the corpus is made up here. Name a job file to use its corpus"};
  job.cost_model = resolved(job.cost_model, fs::current_path());
  job.passwords.file = resolved(job.passwords.file, fs::current_path());
  resolve_weights(job.engine.deepseek.weights, fs::current_path());
  check_engine(job, "--set");
  check_fallback(job, "--set");
  return job;
}

std::string to_yaml(const Job& job) { return fmt::format("{}\n", YAML::Dump(to_node(job))); }

std::string to_run_yaml(const Job& job) {
  const auto text = to_yaml(job);
  return text + fmt::format("{}{:08x}\n", checksum_line, crc32c(text));
}

void check_run_yaml(const std::string& contents, bool has_checksum) {
  const auto at = contents.rfind(checksum_line);
  if (at == std::string::npos) {
    if (has_checksum) throw Error{"its last line, a checksum, is missing: it was cut short"};
  } else if (contents.substr(at) != fmt::format("{}{:08x}\n", checksum_line, crc32c(contents.substr(0, at)))) {
    throw Error{"it does not match the checksum in its last line: it was damaged, or changed by hand"};
  }
  const JobOrigin origin{"run.yaml"};
  Job job;
  read_job(parse_job(contents, origin), origin, job);
}

std::string job_help() {
  std::string text =
      "Keys of a job file (YAML). corpus (one of root, list, trace) and run are needed; the "
      "others\n"
      "have defaults, which a key without a value also stands for. Paths below corpus, "
      "passwords.file and cost_model are relative\n"
      "to the job file. On the command line: --set engine.threads=4\n\n";
  for (const auto& key : job_schema()) {
    text += help_of(key);
    if (key.path != "rules") continue;
    for (const auto& rule_key : rule_schema()) text += help_of(rule_key);
  }
  return text;
}

std::vector<std::string> job_keys() {
  std::vector<std::string> keys;
  for (const auto& key : job_schema()) keys.push_back(key.path);
  for (const auto& key : rule_schema()) keys.push_back(key.path);
  return keys;
}

std::vector<std::string> differences_in_text(const Job& job, const std::string& run_yaml) {
  const JobOrigin origin{"run.yaml"};
  auto before = as_before_there_were_keys();
  read_job(parse_job(run_yaml, origin), origin, before);
  std::vector<std::string> differences;
  const auto compare = [&](std::string_view key, const std::string& old, const std::string& now) {
    if (old != now) differences.push_back(fmt::format("{}: {} -> {}", key, old, now));
  };
  for (const auto& key : job_schema()) {
    if (changes_text(key.path, job)) compare(key.path, flow(key.write(before)), flow(key.write(job)));
  }
  compare("languages in rules", languages_of(before.rules), languages_of(job.rules));
  const auto engine_of = [](const Rule& rule) { return rule.engine; };
  compare("engine in rules", in_rules(before.rules, engine_of), in_rules(job.rules, engine_of));
  const auto prompt_of = [](const Rule& rule) { return rule.prompt; };
  compare("prompt in rules", in_rules(before.rules, prompt_of), in_rules(job.rules, prompt_of));
  compare("text_layer in rules", text_layers_of(before.rules), text_layers_of(job.rules));
  compare("geometry in rules", geometries_of(before.rules), geometries_of(job.rules));
  return differences;
}

}  // namespace pecia::app
