#include "pecia/app/job.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "support/temp_folder.hpp"

namespace job_test {

using namespace pecia;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto smallest = "corpus: {root: docs}\nrun: r\n";

class JobFile : public testing::Test {
 protected:
  app::Job load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    file_ = folder_.write("x.yaml", text);
    return app::load_job(file_, overrides);
  }

  /// The message of the refusal, with the folder of the file cut off.
  std::string refusal(const std::string& text, const std::vector<std::string>& overrides = {}) {
    file_ = folder_.write("x.yaml", text);
    return refusal_of_file(overrides);
  }
  std::string refusal_of_file(const std::vector<std::string>& overrides = {}) {
    try {
      (void)app::load_job(file_, overrides);
    } catch (const UsageError& error) {
      std::string message = error.what();
      const auto folder = folder_.path().native() + "/";
      for (auto at = message.find(folder); at != std::string::npos; at = message.find(folder))
        message.erase(at, folder.size());
      return message;
    }
    return "it was accepted";
  }

  test::TempFolder folder_;
  std::filesystem::path file_;
};

TEST_F(JobFile, NeedsOnlyACorpusAndARun) {
  const auto job = load(smallest);
  EXPECT_EQ(job.corpus.root, folder_.path() / "docs");
  EXPECT_EQ(job.run, std::filesystem::current_path() / "r");
  EXPECT_EQ(job.file, file_);
  EXPECT_EQ(job.engine.name, "tesseract");
  EXPECT_THAT(job.engine.languages, ElementsAre("eng"));
  EXPECT_EQ(job.engine.threads, 0);
  EXPECT_EQ(job.probe.budget, 0.03);
  EXPECT_THAT(job.corpus.include, ElementsAre("**/*"));
  EXPECT_TRUE(job.cost_model.empty());
  EXPECT_EQ(job.store.sync, app::Sync::interval);
}

TEST_F(JobFile, GivesEveryKey) {
  const auto job = load(
      "corpus: {root: docs, list: l.txt, include: ['*.pdf', '*.tif'], exclude: 'x*', changed: "
      "redo}\n"
      "run: /tmp/elsewhere/\n"
      "engine: {name: replay, languages: deu+lat, threads: 3, watchdog_s: 1.5, time_scale: .25}\n"
      "rules:\n"
      "  - {match: 'a/**', languages: [frk, lat]}\n"
      "  - {match: '*.pdf', password: 1234, priority: urgent}\n"
      "split: chapter\n"
      "store: {sync: page, sync_interval_s: 7, shard_pages: 10, shard_age_s: 20, on_full: wait}\n"
      "drain: {grace_s: 0}\n"
      "cost_model: ../m.json\n"
      "probe: {budget: 0.1}\n"
      "schedule: {partition: queue, stealing: page, backup: off, calibrate: off, evidence: off}\n"
      "progress_s: 30\n");
  EXPECT_EQ(job.corpus.list, folder_.path() / "l.txt");
  EXPECT_THAT(job.corpus.include, ElementsAre("*.pdf", "*.tif"));
  EXPECT_THAT(job.corpus.exclude, ElementsAre("x*"));
  EXPECT_TRUE(job.redo_changed);
  EXPECT_EQ(job.run, "/tmp/elsewhere");
  EXPECT_EQ(job.engine.name, "replay");
  EXPECT_THAT(job.engine.languages, ElementsAre("deu", "lat"));
  EXPECT_EQ(job.engine.threads, 3);
  EXPECT_EQ(job.engine.watchdog_s, 1.5);
  EXPECT_EQ(job.engine.time_scale, .25);
  ASSERT_EQ(job.rules.size(), 2u);
  EXPECT_EQ(job.rules[0].match, "a/**");
  EXPECT_THAT(*job.rules[0].languages, ElementsAre("frk", "lat"));
  EXPECT_FALSE(job.rules[0].password);
  EXPECT_EQ(job.rules[1].password, "1234");
  EXPECT_FALSE(job.rules[1].languages);
  EXPECT_EQ(job.rules[1].priority, corpus::Priority::urgent);
  EXPECT_EQ(job.split, plan::Split::chapter);
  EXPECT_EQ(job.store.sync, app::Sync::page);
  EXPECT_EQ(job.store.sync_interval_s, 7);
  EXPECT_EQ(job.store.shard_pages, 10);
  EXPECT_EQ(job.store.shard_age_s, 20);
  EXPECT_EQ(job.store.on_full, app::OnFull::wait);
  EXPECT_EQ(job.drain.grace_s, 0);
  EXPECT_EQ(job.cost_model, (folder_.path() / "../m.json").lexically_normal());
  EXPECT_EQ(job.probe.budget, 0.1);
  EXPECT_EQ(job.schedule.partition, plan::Strategy::queue);
  EXPECT_EQ(job.schedule.stealing, sched::Stealing::page);
  EXPECT_FALSE(job.schedule.backup || job.schedule.calibrate || job.schedule.evidence);
  EXPECT_EQ(job.progress_s, 30);
}

TEST_F(JobFile, TakesAnEngineByItsNameAlone) {
  EXPECT_EQ(load(std::string{smallest} + "engine: echo\n").engine.name, "echo");
  EXPECT_EQ(load(std::string{smallest} + "engine: echo\nfallback: tesseract\n").fallback.engine, "tesseract");
}

constexpr auto with_model = "corpus: {root: docs}\nrun: r\nengine: {name: deepseek_ocr2, weights: w}\n";

TEST_F(JobFile, GivesEveryKeyOfTheModel) {
  const auto job = load(
      "corpus: {root: docs}\nrun: r\n"
      "engine: {name: deepseek_ocr2, weights: ../models/ocr2, device: cuda, dtype: fp32, prompt: 'Read <image> now.',\n"
      "  max_new_tokens: 100, no_repeat_ngram: {n: 30, window: 80, allow: '<tr>'}, loop_detection: off,\n"
      "  max_batch_pages: 16, memory_fraction: 0.5, restarts: 0, watchdog_s: 50}\n"
      "fallback: {engine: tesseract, languages: deu, threads: 2, watchdog_s: 30}\n"
      "rules: [{match: 'a/**', engine: tesseract}, {match: b, prompt: plain}]\n");
  const auto settings = app::engine_settings(job, 8, 3);
  const auto& model = settings.deepseek;
  EXPECT_EQ(model.weights, (folder_.path() / "../models/ocr2").lexically_normal());
  EXPECT_EQ(model.device, engine::DeepseekSettings::Device::cuda);
  EXPECT_EQ(model.dtype, engine::DeepseekSettings::Dtype::fp32);
  EXPECT_EQ(model.prompt, "Read <image> now.");
  EXPECT_EQ(model.max_new_tokens, 100);
  ASSERT_TRUE(model.no_repeat_ngram);
  EXPECT_EQ(model.no_repeat_ngram->n, 30);
  EXPECT_EQ(model.no_repeat_ngram->window, 80);
  EXPECT_THAT(model.no_repeat_ngram->allow, ElementsAre("<tr>"));
  EXPECT_FALSE(model.loop_detection);
  EXPECT_EQ(model.max_batch_pages, 16);
  EXPECT_EQ(model.memory_fraction, 0.5);
  EXPECT_EQ(model.restarts, 0);
  EXPECT_EQ(model.watchdog_s, 50);
  EXPECT_EQ(model.threads, 8);
  EXPECT_EQ(settings.local_rank, 3);
  const auto fallback = app::fallback_settings(job, 8, 3);
  EXPECT_EQ(fallback.name, "tesseract");
  EXPECT_THAT(fallback.languages, ElementsAre("deu"));
  EXPECT_EQ(fallback.threads, 2);
  EXPECT_EQ(fallback.watchdog_s, 30);
  EXPECT_TRUE(app::settings_for(job, "a/x.pdf").by_fallback);
  EXPECT_FALSE(app::settings_for(job, "b").by_fallback);
  EXPECT_EQ(app::settings_for(job, "b").prompt, "plain");
}

TEST_F(JobFile, SaysWhatGivesWordsTheirBoxes) {
  const auto text = std::string{with_model} + "fallback: {languages: [deu], threads: 3}\n";
  EXPECT_FALSE(app::box_settings(load(text), "deepseek_ocr2", 8, 0));
  EXPECT_FALSE(app::settings_for(load(text), "a").geometry);

  const auto job = load(text + "geometry: tesseract\nrules: [{match: a, geometry: none}, {match: b, languages: frk}]\n");
  const auto boxes = app::box_settings(job, "deepseek_ocr2", 8, 1);
  ASSERT_TRUE(boxes);
  EXPECT_EQ(boxes->name, "tesseract");
  EXPECT_THAT(boxes->languages, ElementsAre("deu", "frk"));
  EXPECT_EQ(boxes->threads, 3);
  EXPECT_EQ(boxes->watchdog_s, 300) << "not the model's";
  EXPECT_FALSE(app::settings_for(job, "a").geometry);
  EXPECT_TRUE(app::settings_for(job, "b").geometry);
  EXPECT_FALSE(app::box_settings(job, "tesseract", 8, 1)) << "it has them itself";

  const auto by_rule = load(std::string{with_model} + "rules: [{match: a, geometry: tesseract}]\n");
  EXPECT_TRUE(app::box_settings(by_rule, "deepseek_ocr2", 8, 0));
  EXPECT_EQ(app::box_settings(by_rule, "deepseek_ocr2", 8, 0)->threads, 8);
}

TEST_F(JobFile, HasTheModelsUsualSettings) {
  const auto settings = app::engine_settings(load(with_model), 4, 0);
  const auto& model = settings.deepseek;
  EXPECT_EQ(settings.watchdog_s, 600);
  EXPECT_EQ(model.watchdog_s, 600);
  EXPECT_EQ(model.max_new_tokens, 8192);
  EXPECT_EQ(model.prompt, "grounding");
  ASSERT_TRUE(model.no_repeat_ngram);
  EXPECT_EQ(model.no_repeat_ngram->n, 20);
  EXPECT_EQ(model.no_repeat_ngram->window, 90);
  EXPECT_THAT(model.no_repeat_ngram->allow, ElementsAre("<td>", "</td>"));
  EXPECT_TRUE(model.loop_detection);
  EXPECT_EQ(model.max_batch_pages, 0);
  EXPECT_EQ(app::engine_settings(load(smallest), 4, 0).watchdog_s, 300);
}

TEST_F(JobFile, TurnsTheGuardOffAndOnByItsNameAlone) {
  const auto guard = [&](const std::vector<std::string>& overrides, const std::string& text = with_model) {
    return app::engine_settings(load(text, overrides), 1, 0).deepseek.no_repeat_ngram;
  };
  EXPECT_FALSE(guard({"engine.no_repeat_ngram=off"}));
  EXPECT_FALSE(guard({}, "corpus: {root: docs}\nrun: r\nengine: {name: deepseek_ocr2, weights: w, no_repeat_ngram: off}\n"));
  EXPECT_EQ(guard({"engine.no_repeat_ngram.n=30"})->n, 30);
  EXPECT_EQ(guard({"engine.no_repeat_ngram={n: 30}"})->window, 90);
  EXPECT_EQ(guard({"engine.no_repeat_ngram=off", "engine.no_repeat_ngram.n=15"})->n, 15);
  const auto off = load(with_model, {"engine.no_repeat_ngram=off"});
  EXPECT_FALSE(guard({}, app::to_yaml(off)));
}

TEST_F(JobFile, LeavesTheNameOfARandomModelAsItIs) {
  EXPECT_EQ(load(with_model, {"engine.weights=random:full"}).engine.deepseek.weights, "random:full");
}

TEST_F(JobFile, RefusesAModelWithoutWeights) {
  EXPECT_THAT(refusal(std::string{smallest} + "engine: deepseek_ocr2\n"), HasSubstr("x.yaml: engine.weights is missing"));
}

TEST_F(JobFile, RefusesAPromptWithTwoImages) {
  for (const auto* key : {"engine.prompt=<image><image>", "engine.prompt=", "engine.prompt=''"}) {
    const bool taken = std::string_view{key} == "engine.prompt=";  // nothing: the default
    EXPECT_EQ(refusal(with_model, {key}) == "it was accepted", taken) << key;
  }
  EXPECT_THAT(refusal(std::string{with_model} + "rules: [{match: a, prompt: '<image> or <image>'}]\n"),
              HasSubstr("rules[].prompt: <image> stands in it twice"));
}

TEST_F(JobFile, RefusesSettingsOfTheModelThatMakeNoSense) {
  for (const auto* key : {"device=gpu", "dtype=fp16", "max_new_tokens=0", "no_repeat_ngram.n=0", "no_repeat_ngram=on",
                          "no_repeat_ngram={m: 1}", "loop_detection=maybe", "max_batch_pages=0", "memory_fraction=1.5",
                          "restarts=-1", "watchdog_s=0"})
    EXPECT_THAT(refusal(with_model, {fmt::format("engine.{}", key)}), HasSubstr(std::string{key}.substr(0, 5))) << key;
}

TEST_F(JobFile, RefusesAFallbackThatIsNone) {
  EXPECT_THAT(refusal(std::string{smallest} + "fallback: tesseract\n"), HasSubstr("tesseract is the engine itself"));
  EXPECT_THAT(refusal(std::string{smallest} + "fallback: tesserakt\n"), HasSubstr("Did you mean 'tesseract'?"));
  EXPECT_THAT(refusal(std::string{smallest} + "fallback: deepseek_ocr2\n"), HasSubstr("there is no engine 'deepseek_ocr2'"));
  EXPECT_THAT(refusal("corpus: {trace: t.tsv}\nrun: r\nengine: replay\nfallback: tesseract\n"),
              HasSubstr("no pages that the fallback tesseract could read"));
  EXPECT_THAT(refusal("corpus: {trace: t.tsv}\nrun: r\nengine: replay\ngeometry: tesseract\n"),
              HasSubstr("no pages on which Tesseract could find words"));
}

TEST_F(JobFile, RefusesARuleForAnEngineThatTheJobHasNot) {
  EXPECT_THAT(refusal(std::string{smallest} + "rules: [{match: a, engine: echo}]\n"),
              HasSubstr("rules[].engine of 'a': echo is neither the engine of the job (tesseract) nor its fallback (none)"));
}

TEST_F(JobFile, ReadsWithTheFallbackInTheLanguagesOfTheEngineUnlessItSaysOthers) {
  const auto text = std::string{smallest} + "engine: {name: echo, languages: deu}\n";
  EXPECT_THAT(app::settings_for(load(text + "fallback: tesseract\n"), "a").fallback_languages, ElementsAre("deu"));
  const auto job = load(text + "fallback: {engine: tesseract, languages: frk}\nrules: [{match: b, languages: lat}]\n");
  EXPECT_THAT(app::settings_for(job, "a").fallback_languages, ElementsAre("frk"));
  EXPECT_THAT(app::settings_for(job, "b").fallback_languages, ElementsAre("lat"));
  EXPECT_THAT(app::fallback_settings(job, 1, 0).languages, ElementsAre("frk", "lat"));
}

TEST_F(JobFile, GivesRanksOfAHostTheirEngines) {
  const auto roles = [&](const std::string& ranks, int host_size, int gpus) {
    const auto job = load(std::string{with_model} + "fallback: tesseract\n" + (ranks.empty() ? "" : "ranks: " + ranks + "\n"));
    std::string text;
    for (int rank = 0; rank < host_size; ++rank) text += app::has_fallback_as_engine(job, rank, host_size, gpus) ? 'f' : 'e';
    return text;
  };
  EXPECT_EQ(roles("", 4, 2), "eeee");
  EXPECT_EQ(roles("{tesseract: rest, mixed: share}", 4, 2), "eeff");
  EXPECT_EQ(roles("{tesseract: rest, mixed: share}", 2, 4), "ee");
  EXPECT_EQ(roles("{tesseract: rest, mixed: share}", 3, 0), "eee") << "nobody else would read with the engine";
  EXPECT_EQ(roles("{tesseract: 1, mixed: share}", 4, 2), "eefe");
  EXPECT_EQ(roles("{tesseract: 1, mixed: share}", 4, 0), "eeef");
  EXPECT_EQ(roles("{deepseek_ocr2: 1, tesseract: rest, mixed: share}", 3, 2), "eff");
  EXPECT_EQ(roles("{deepseek_ocr2: rest, tesseract: 2, mixed: share}", 3, 8), "eff");
  EXPECT_EQ(roles("{tesseract: rest}", 4, 2), "eeff");
  EXPECT_THAT(refusal(std::string{with_model} + "ranks: {tesseract: some}\n"), HasSubstr("a whole number, 'auto' or 'rest'"));
}

TEST_F(JobFile, DiffersInTextByWhatTheModelIsToldAndWhoReadsWhatItGivesUp) {
  const auto before = app::to_yaml(load(with_model));
  const auto differences = [&](const std::vector<std::string>& overrides) {
    return app::differences_in_text(load(with_model, overrides), before);
  };
  EXPECT_THAT(differences({"engine.max_batch_pages=3", "engine.memory_fraction=.5", "engine.restarts=9", "engine.watchdog_s=9"}),
              IsEmpty());
  EXPECT_THAT(differences({"engine.dtype=fp32"}), ElementsAre("engine.dtype: auto -> fp32"));
  EXPECT_THAT(differences({"engine.no_repeat_ngram=off"}), ElementsAre("engine.no_repeat_ngram.n: 20 -> off"));
  for (const auto* key : {"engine.weights=v", "engine.device=cpu", "engine.prompt=plain", "engine.max_new_tokens=9",
                          "engine.loop_detection=off", "engine.no_repeat_ngram.window=7", "engine.no_repeat_ngram.allow=x",
                          "fallback=echo", "rules=[{match: a, prompt: plain}]"})
    EXPECT_THAT(differences({key}), testing::SizeIs(testing::Ge(1u))) << key;
}

TEST_F(JobFile, TakesLanguagesInThreeForms) {
  for (const auto* form : {"[deu, lat]", "deu+lat", "[deu+lat, deu]"}) {
    const auto job = load(fmt::format("{}engine: {{languages: {}}}\n", smallest, form));
    EXPECT_THAT(job.engine.languages, ElementsAre("deu", "lat")) << form;
  }
  EXPECT_THAT(load(std::string{smallest} + "engine: {languages: no}\n").engine.languages,
              ElementsAre("no"));
}

TEST_F(JobFile, TakesAKeyWithoutAValueAsItsDefault) {
  const auto job = load(
      "corpus:\n  root: docs\n  list:\n  include:\nrun: r\nengine:\nrules:\n"
      "progress_s: ~\n");
  EXPECT_TRUE(job.corpus.list.empty());
  EXPECT_THAT(job.corpus.include, ElementsAre("**/*"));
  EXPECT_EQ(job.progress_s, 10);
}

TEST_F(JobFile, IsAlsoJson) {
  EXPECT_EQ(
      load(R"({"corpus": {"root": "docs"}, "run": "r", "engine": {"name": "echo"}})").engine.name,
      "echo");
}

// ---- refusals: unknown keys

TEST_F(JobFile, RefusesAnUnknownKeyWithItsPlaceAndTheNearest) {
  EXPECT_EQ(refusal("corpus: {root: docs}\nrun: r\nengine:\n    langauges: [eng]\n"),
            "x.yaml:4:5: unknown key 'langauges' in 'engine'. Did you mean 'languages'?");
  EXPECT_EQ(refusal(std::string{smallest} + "engin: echo\n"),
            "x.yaml:3:1: unknown key 'engin' at the top level. Did you mean 'engine'?");
}

TEST_F(JobFile, RefusesAnUnknownKeyThatIsKnownElsewhere) {
  EXPECT_EQ(
      refusal(std::string{smallest} + "languages: deu\n"),
      "x.yaml:3:1: unknown key 'languages' at the top level. Did you mean 'engine.languages'?");
}

TEST_F(JobFile, RefusesAnUnknownKeyWithTheKnownOnes) {
  EXPECT_EQ(refusal(std::string{smallest} + "drain: {mood: bad}\n"),
            "x.yaml:3:9: unknown key 'mood' in 'drain'. Known keys: grace_s");
}

TEST_F(JobFile, RefusesAnUnknownKeyOfARule) {
  EXPECT_EQ(refusal(std::string{smallest} + "rules:\n  - {match: 'a', langauges: deu}\n"),
            "x.yaml:4:18: unknown key 'langauges' in 'rules[]'. Did you mean 'languages'?");
}

TEST_F(JobFile, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(refusal("corpus: {root: docs}\nrun: r\nrun: s\n"),
            "x.yaml:3:1: the key 'run' stands twice (first at x.yaml:2:1). Keep one of them");
  EXPECT_THAT(refusal(std::string{smallest} + "engine:\n  threads: 1\n  threads: 2\n"),
              HasSubstr("'engine.threads' stands twice"));
}

// ---- refusals: types and ranges

TEST_F(JobFile, RefusesAWrongType) {
  EXPECT_EQ(refusal(std::string{smallest} + "engine:\n  threads: many\n"),
            "x.yaml:4:12: engine.threads: expected a whole number or 'auto', found 'many'");
  EXPECT_EQ(refusal(std::string{smallest} + "store: {shard_pages: 4.5}\n"),
            "x.yaml:3:22: store.shard_pages: expected a whole number, found '4.5'");
  EXPECT_EQ(refusal(std::string{smallest} + "store: {sync: often}\n"),
            "x.yaml:3:15: store.sync: expected one of page, interval, close, found 'often'");
  EXPECT_EQ(refusal(std::string{smallest} + "progress_s: [1]\n"),
            "x.yaml:3:13: progress_s: expected a number, found a list");
  EXPECT_EQ(
      refusal("corpus: docs\nrun: r\n"),
      "x.yaml:1:9: corpus: expected keys (root, list, trace, include, exclude, changed), found "
      "'docs'");
  EXPECT_EQ(refusal(std::string{smallest} + "rules: {match: a}\n"),
            "x.yaml:3:8: rules: expected a list of rules, each with 'match', found a map of keys");
  EXPECT_THAT(refusal(std::string{smallest} + "engine: {languages: [deu, [lat]]}\n"),
              HasSubstr("engine.languages: expected auto, or languages"));
}

TEST_F(JobFile, RefusesWhatIsNoLanguage) {
  for (const auto* text : {"''", "deu+", "+deu", "../etc/passwd", "/etc", "-psm", "d u", "[]"})
    EXPECT_THAT(refusal(fmt::format("{}engine: {{languages: {}}}\n", smallest, text)),
                HasSubstr("engine.languages: "))
        << text;
}

TEST_F(JobFile, RefusesWhatIsOutOfRange) {
  EXPECT_EQ(refusal(std::string{smallest} + "engine: {threads: 0}\n"),
            "x.yaml:3:19: engine.threads: 0 is out of range (1 to 1024)");
  EXPECT_EQ(refusal(std::string{smallest} + "store: {shard_pages: 99999999999}\n"),
            "x.yaml:3:22: store.shard_pages: 99999999999 is out of range (1 to 65536 pages)");
  for (const auto* setting :
       {"engine: {threads: -1}", "engine: {threads: 1025}", "engine: {watchdog_s: 0}",
        "engine: {time_scale: -1}", "store: {sync_interval_s: 0}", "store: {shard_age_s: 1e9}",
        "drain: {grace_s: -1}", "probe: {budget: -0.1}", "probe: {budget: 1.5}", "progress_s: 0", "progress_s: nan", "progress_s: inf"})
    EXPECT_THAT(refusal(fmt::format("{}{}\n", smallest, setting)), HasSubstr("is out of range"))
        << setting;
}

TEST_F(JobFile, RefusesARuleWithoutMatch) {
  EXPECT_EQ(refusal(std::string{smallest} + "rules:\n  - languages: deu\n"),
            "x.yaml:4:5: rules: a rule needs 'match', a glob on the paths of documents");
}

// ---- refusals: the job as a whole

TEST_F(JobFile, RefusesAJobWithoutCorpusOrRun) {
  EXPECT_THAT(refusal("run: r\n"), HasSubstr("x.yaml: the job names no corpus. Give corpus.root"));
  EXPECT_THAT(refusal("corpus: {root: docs}\n"), HasSubstr("x.yaml: the job has no 'run'"));
}

TEST_F(JobFile, RefusesTwoKindsOfCorpus) {
  EXPECT_THAT(refusal("corpus: {root: docs, trace: t.tsv}\nrun: r\nengine: echo\n"),
              HasSubstr("corpus.trace stands beside corpus.root"));
  EXPECT_THAT(refusal("corpus: {list: l.txt, trace: t.tsv}\nrun: r\nengine: echo\n"),
              HasSubstr("corpus.trace stands beside corpus.list"));
}

TEST_F(JobFile, RefusesAnEngineThatThereIsNot) {
  EXPECT_THAT(refusal(std::string{smallest} + "engine: tesserakt\n"),
              HasSubstr("there is no engine 'tesserakt'. Did you mean 'tesseract'?"));
}

TEST_F(JobFile, RefusesToReadATraceAsDocuments) {
  EXPECT_THAT(refusal("corpus: {trace: t.tsv}\nrun: r\n"),
              HasSubstr("corpus.trace has no pages that engine tesseract could read"));
}

TEST_F(JobFile, RefusesARunAmongItsDocuments) {
  const auto inside = (folder_.path() / "docs/run").native();
  EXPECT_THAT(refusal(fmt::format("corpus: {{root: docs}}\nrun: {}\n", inside)),
              HasSubstr("is within the corpus"));
  EXPECT_EQ(load(fmt::format("corpus: {{root: docs, exclude: 'run/**'}}\nrun: {}\n", inside)).run,
            inside);
  EXPECT_EQ(load(fmt::format("corpus: {{root: docs, include: '**/*.pdf'}}\nrun: {}\n", inside)).run,
            inside);
}

// ---- refusals: files that are no jobs

TEST_F(JobFile, RefusesAFileThatIsNotThere) {
  file_ = folder_.path() / "none.yaml";
  EXPECT_THAT(refusal_of_file(), HasSubstr("cannot read the job file none.yaml: "));
}

TEST_F(JobFile, RefusesAFolder) {
  file_ = folder_.path() / "jobs";
  std::filesystem::create_directory(file_);
  EXPECT_THAT(refusal_of_file(), HasSubstr("jobs is a folder, not a job file"));
}

TEST_F(JobFile, RefusesAnEmptyFile) {
  for (const auto* text : {"", "\n\n", "# nothing but a comment\n", "---\n"})
    EXPECT_THAT(refusal(text), HasSubstr("x.yaml is empty")) << text;
}

TEST_F(JobFile, RefusesWhatIsNoMap) {
  EXPECT_THAT(refusal("- corpus\n- run\n"), HasSubstr("x.yaml: expected a job, that is keys"));
  EXPECT_THAT(refusal("just a text\n"), HasSubstr("found a text"));
}

TEST_F(JobFile, RefusesWhatIsNotYamlWithItsPlace) {
  const auto message = refusal("corpus: {root: docs}\nrun: [r\n");
  EXPECT_THAT(message, testing::MatchesRegex("x\\.yaml:[0-9]+:[0-9]+: this is not YAML: .+"));
  EXPECT_THAT(refusal("corpus: *nowhere\n"), HasSubstr("this is not YAML"));
}

TEST_F(JobFile, RefusesDeepNestingInsteadOfCrashing) {
  EXPECT_THAT(refusal(std::string(100'000, '[')), HasSubstr("this is not YAML"));
}

TEST_F(JobFile, RefusesASecondDocument) {
  EXPECT_THAT(refusal(std::string{smallest} + "---\n" + smallest),
              HasSubstr("begins a second job"));
}

TEST_F(JobFile, RefusesWhatIsNoText) {
  EXPECT_THAT(refusal("%PDF-1.4\n\xE2\xE3\xCF\xD3\n"), HasSubstr("is not UTF-8 text"));
  EXPECT_THAT(refusal(std::string(2 << 20, '#')), HasSubstr("larger than 1 MiB"));
}

TEST_F(JobFile, RefusesWhatMakesYamlReadersGoRoundForEver) {
  for (const auto* text : {"corpus: x\n] b", "corpus: x\n} b\n, c"})
    EXPECT_THAT(refusal(text), HasSubstr("this is not YAML")) << text;
}

// ---- --set

TEST_F(JobFile, IsOverriddenInOrder) {
  const auto job = load(smallest, {"engine.threads=4", "engine.threads=8", "run=/tmp/other",
                                   "engine.languages=[deu, lat]", "store={sync: page}",
                                   "rules=[{match: a, languages: frk}]", "engine=echo"});
  EXPECT_EQ(job.engine.threads, 8);
  EXPECT_EQ(job.run, "/tmp/other");
  EXPECT_THAT(job.engine.languages, ElementsAre("deu", "lat"));
  EXPECT_EQ(job.store.sync, app::Sync::page);
  EXPECT_EQ(job.rules.size(), 1u);
  EXPECT_EQ(job.engine.name, "echo");
}

TEST_F(JobFile, IsOverriddenWithTheDefaultByNothing) {
  const auto job = load("corpus: {root: docs}\nrun: r\nprogress_s: 99\n",
                        {"progress_s=", "corpus.root=", "corpus.list=l.txt"});
  EXPECT_EQ(job.progress_s, 10);
  EXPECT_TRUE(job.corpus.root.empty());
  EXPECT_EQ(job.corpus.list, folder_.path() / "l.txt");
}

TEST_F(JobFile, IsOverriddenByATextWithEqualsSigns) {
  EXPECT_THAT(load(smallest, {"corpus.include=a=b"}).corpus.include, ElementsAre("a=b"));
}

TEST_F(JobFile, SaysWhatFollowsOnFailures) {
  const auto job = load("corpus: {root: c}\nrun: r\nretries: {timeout: {attempts: 3, times: 4}, io_error: 0}\n");
  EXPECT_EQ(job.retries.of(Reason::timeout).attempts, 3);
  EXPECT_EQ(job.retries.of(Reason::timeout).times, 4);
  EXPECT_EQ(job.retries.of(Reason::io_error).attempts, 0);
  EXPECT_EQ(job.retries.of(Reason::child_crashed).attempts, 1) << "as ever";
}

TEST_F(JobFile, RefusesReasonsThatThereAreNot) {
  const auto why = refusal("corpus: {root: c}\nrun: r\nretries:\n  time_out: 2\n");
  EXPECT_THAT(why, HasSubstr(":4:3: unknown key 'time_out' in 'retries'. Did you mean 'timeout'?"));
  EXPECT_THAT(refusal("corpus: {root: c}\nrun: r\nretries: {timeout: {attempts: -1}}\n"),
              HasSubstr(":3:31: retries.timeout.attempts: -1 is out of range (0 to 20 attempts)"));
}

TEST_F(JobFile, RefusesWrongOverridesNamingThem) {
  EXPECT_EQ(refusal(smallest, {"engine.threads=many"}),
            "--set engine.threads=many: engine.threads: expected a whole number or 'auto', found "
            "'many'");
  EXPECT_EQ(refusal(smallest, {"engine.thread=4"}),
            "--set engine.thread=4: unknown key 'thread' in 'engine'. Did you mean 'threads'?");
  EXPECT_EQ(
      refusal(smallest, {"motor.threads=4"}),
      "--set motor.threads=4: unknown key 'motor.threads' at the top level. Known keys: corpus, "
      "run, engine, fallback, ranks, page, geometry, retries, passwords, rules, split, store, cost_model, drain, probe, schedule, progress_s");
  EXPECT_EQ(refusal(smallest, {"engine.threads"}),
            "--set engine.threads: expected KEY=VALUE, such as --set engine.threads=4");
  EXPECT_THAT(refusal(smallest, {"corpus.include=[a"}),
              HasSubstr("--set corpus.include=[a: this is not YAML"));
}

// ---- writing it

TEST_F(JobFile, IsTheSameWhenItsYamlIsLoaded) {
  const auto job = load(
      "corpus: {root: docs, include: ['a: b', '# c', ' d ', '~', 'null', '*é\"', \"x\\ny\"]}\n"
      "run: r\n"
      "engine: {name: replay, languages: deu+lat, threads: 3, watchdog_s: 1.1, time_scale: 0.3}\n"
      "rules: [{match: '*', languages: [frk]}, {match: 'b', priority: low}]\n"
      "split: document\n"
      "store: {sync: close, sync_interval_s: 0.1}\n");
  const auto yaml = app::to_yaml(job);
  const test::TempFolder elsewhere;
  const auto again = app::load_job(elsewhere.write("run.yaml", yaml), {});
  EXPECT_EQ(app::to_yaml(again), yaml);
  EXPECT_EQ(again.corpus.root, job.corpus.root);
  EXPECT_EQ(again.corpus.include, job.corpus.include);
  EXPECT_EQ(again.run, job.run);
  EXPECT_EQ(again.engine.threads, 3);
  EXPECT_EQ(again.engine.watchdog_s, 1.1);
  EXPECT_EQ(again.rules.size(), 2u);
  EXPECT_EQ(again.rules[0].languages, job.rules[0].languages);
  EXPECT_EQ(again.rules[1].priority, corpus::Priority::low);
  EXPECT_EQ(again.split, plan::Split::document);
  EXPECT_EQ(again.store.sync, app::Sync::close);
}

TEST_F(JobFile, KeepsPasswordsOutOfItsYaml) {
  const auto job = load(std::string{smallest} + "rules: [{match: '*', password: sesame}]\n");
  EXPECT_THAT(app::to_yaml(job), Not(HasSubstr("sesame")));
  EXPECT_THAT(app::to_yaml(job), HasSubstr("***"));
}

TEST_F(JobFile, ExplainsEveryKeyWithItsDefault) {
  const auto help = app::job_help();
  for (const auto& key : app::job_keys()) EXPECT_THAT(help, HasSubstr("\n  " + key + "\n"));
  EXPECT_THAT(help, HasSubstr("(a whole number or 'auto', 1 to 1024; default auto)"));
  EXPECT_THAT(help, HasSubstr("(a number, 0.01 to 3600 s; default 2)"));
  EXPECT_THAT(help, HasSubstr("default [eng]"));
}

// ---- what follows from it

TEST_F(JobFile, GivesADocumentThePriorityOfItsLastRule) {
  const auto job = load(std::string{smallest} +
                        "rules:\n"
                        "  - {match: 'a/**', priority: urgent}\n"
                        "  - {match: '*.tif', priority: low}\n"
                        "  - {match: '*.tif', languages: [deu]}\n");
  EXPECT_EQ(app::priority_of(job, "a/x.pdf"), corpus::Priority::urgent);
  EXPECT_EQ(app::priority_of(job, "a/x.tif"), corpus::Priority::low);
  EXPECT_EQ(app::priority_of(job, "b/x.pdf"), corpus::Priority::normal);
}

TEST_F(JobFile, SaysByItsRulesWhatKindsOfDocumentsThereAre) {
  const auto job = load(std::string{smallest} +
                        "rules:\n"
                        "  - {match: 'forms/**', kind: forms}\n"
                        "  - {match: '**/letter*', kind: text}\n");
  EXPECT_EQ(app::kind_of(job, "forms/1.pdf"), merge::Kind::forms);
  EXPECT_EQ(app::kind_of(job, "forms/letter.pdf"), merge::Kind::text);
  EXPECT_EQ(app::kind_of(job, "b.pdf"), merge::Kind::automatic);
}

TEST_F(JobFile, RefusesPrioritiesAndSplitsThatThereAreNot) {
  EXPECT_EQ(refusal(std::string{smallest} + "rules:\n  - {match: a, priority: soon}\n"),
            "x.yaml:4:26: rules[].priority: expected one of urgent, normal, low, found 'soon'");
  EXPECT_EQ(refusal(std::string{smallest} + "split: words\n"),
            "x.yaml:3:8: split: expected one of auto, page, chapter, document, found 'words'");
}

TEST_F(JobFile, DiffersInTextOnlyByWhatChangesText) {
  const auto before =
      app::to_yaml(load(std::string{smallest} + "rules: [{match: a, password: x}]\n"));
  const auto differences = [&](const std::string& text) {
    return app::differences_in_text(load(text), before);
  };
  EXPECT_THAT(differences("corpus: {root: other}\nrun: s\n"
                          "engine: {threads: 7, time_scale: 2, watchdog_s: 9}\n"
                          "rules: [{match: b, password: y}]\nstore: {sync: page}\n"),
              IsEmpty());
  EXPECT_THAT(differences(std::string{smallest} + "engine: {languages: deu}\n"),
              ElementsAre("engine.languages: [eng] -> [deu]"));
  EXPECT_THAT(differences(std::string{smallest} + "engine: echo\n"),
              ElementsAre("engine.name: tesseract -> echo"));
  EXPECT_THAT(differences(std::string{smallest} + "rules: [{match: 'b/*', languages: deu+lat}]\n"),
              ElementsAre("languages in rules: [] -> [b/*: deu+lat]"));
  EXPECT_THAT(differences(std::string{smallest} + "page: {text_layer: keep}\n"),
              ElementsAre("page.text_layer: auto -> keep"));
  EXPECT_THAT(differences(std::string{smallest} + "page: {old_letters: off}\n"), ElementsAre("page.old_letters: mend -> off"));
  EXPECT_THAT(differences(std::string{smallest} + "rules: [{match: 'b/*', text_layer: redo}]\n"),
              ElementsAre("text_layer in rules: [] -> [b/*: redo]"));
}

TEST_F(JobFile, DiffersByWhereWordsGetTheirBoxes) {
  const auto with_boxes = std::string{with_model} + "geometry: tesseract\n";
  EXPECT_THAT(app::differences_in_text(load(with_boxes), app::to_yaml(load(with_model))), ElementsAre("geometry: none -> tesseract"));
  const auto with_rule = std::string{with_model} + "rules: [{match: a, geometry: tesseract}]\n";
  EXPECT_THAT(app::differences_in_text(load(with_rule), app::to_yaml(load(with_model))),
              ElementsAre("geometry in rules: [] -> [a: tesseract]"));
  EXPECT_THAT(app::differences_in_text(load(with_boxes + "fallback: {languages: deu}\n"), app::to_yaml(load(with_boxes))),
              ElementsAre("fallback.languages:  -> [deu]"));
  EXPECT_THAT(app::differences_in_text(load(std::string{smallest} + "geometry: tesseract\n"), app::to_yaml(load(smallest))), IsEmpty())
      << "Tesseract has them itself";
}

TEST_F(JobFile, IsNotComparedWithADamagedOne) {
  const auto job = load(smallest);
  EXPECT_THROW((void)app::differences_in_text(job, "engine: [\n"), UsageError);
  EXPECT_THROW((void)app::differences_in_text(job, ""), UsageError);
}

TEST_F(JobFile, DiffersFromARunOfAPeciaThatHadFewerKeysByWhatThatDid) {
  const auto before = read_file(std::filesystem::path{PECIA_TEST_DATA} / "app/run-without-page-keys.yaml");
  EXPECT_THAT(app::differences_in_text(load(smallest), before),
              testing::UnorderedElementsAre("page.text_layer: ignore -> auto", "page.blank: off -> detect",
                                            "page.old_letters: off -> mend", "engine.retry_budget: 0 -> 0.25",
                                            "retries.low_confidence.attempts: 0 -> 1"));
  EXPECT_THAT(app::differences_in_text(load(std::string{smallest} + "engine: {retry_budget: 0}\n"
                                                                    "retries: {low_confidence: 0}\n"
                                                                    "page: {text_layer: ignore, blank: off, old_letters: off}\n"),
                                       before),
              IsEmpty());
}

TEST_F(JobFile, WhatOnlyTesseractDoesToAPageIsNoDifferenceToAnotherEngine) {
  const auto before = app::to_yaml(load(with_model));
  const std::vector<std::string> other{"page.split=auto", "page.blank=off", "page.old_letters=off", "engine.retry_budget=0"};
  EXPECT_THAT(app::differences_in_text(load(with_model, other), before), IsEmpty());
  const auto with_fallback = std::string{with_model} + "fallback: tesseract\n";
  EXPECT_THAT(app::differences_in_text(load(with_fallback, other), app::to_yaml(load(with_fallback))), testing::SizeIs(4));
}

TEST_F(JobFile, SettlesADocumentByItsLaterRulesSettingBySetting) {
  const auto job = load(std::string{smallest} +
                        "rules:\n"
                        "  - {match: 'old/**', languages: frk, password: one}\n"
                        "  - {match: '*.pdf', password: two}\n"
                        "  - {match: 'old/latin/**', languages: lat}\n");
  EXPECT_THAT(app::settings_for(job, "new/a.tif").languages, ElementsAre("eng"));
  EXPECT_EQ(app::settings_for(job, "new/a.tif").password, "");
  EXPECT_THAT(app::settings_for(job, "old/a.pdf").languages, ElementsAre("frk"));
  EXPECT_EQ(app::settings_for(job, "old/a.pdf").password, "two");
  EXPECT_THAT(app::settings_for(job, "old/latin/a.tif").languages, ElementsAre("lat"));
  EXPECT_EQ(app::settings_for(job, "old/latin/a.tif").password, "one");
  EXPECT_THAT(app::all_languages(job), ElementsAre("eng", "frk", "lat"));
}

}  // namespace job_test
