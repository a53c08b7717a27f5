// How well a cost model predicts documents that it has not seen: JSON for benchmarks/prediction.py.
//
//   bench_prediction_fold TRACE [GROUPS]
//
// GROUPS: a table `path <tab> group`; documents of one group are held out together. Without it each
// document is a group.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/corpus/sampling.hpp"
#include "pecia/corpus/trace.hpp"

namespace {

using namespace pecia;
using corpus::CostModel;
using corpus::Document;
using corpus::PageEvidence;
using Json = nlohmann::ordered_json;
using Seconds = std::vector<std::vector<float>>;  ///< per document, per page

constexpr auto engine = "tesseract";
constexpr std::size_t worst_shown = 5;

struct Data {
  std::vector<Document> documents;
  Seconds taken_s;
  std::vector<std::string> groups;  ///< of each document
};

Data load(const std::string& trace_file, const std::string& groups_file) {
  auto trace = corpus::load_trace(trace_file);
  std::map<std::string, std::string> known;
  if (!groups_file.empty()) {
    std::istringstream table{read_file(groups_file)};
    for (std::string path, group; std::getline(table, path, '\t') && std::getline(table, group);)
      known[path] = group;
  }
  Data data{std::move(trace.documents), std::move(trace.seconds), {}};
  for (const auto& document : data.documents) {
    const auto found = known.find(document.path);
    data.groups.push_back(found == known.end() ? document.path : found->second);
  }
  return data;
}

/// A page that failed took no time to speak of; a trace does not say which did.
bool was_read(float taken_s) { return static_cast<double>(taken_s) > CostModel::shortest_s; }

// ---- what is measured of a document

void forget(PageEvidence& page) { page.transitions = page.components = page.coverage = -1; }

void all_pages(Document&) {}
void no_page(Document& document) { std::ranges::for_each(document.pages, forget); }
void few_pages(Document& document) {
  const auto sample = corpus::next_sample(corpus::Asked(document.pages.size()));
  for (std::uint32_t page = 1; page <= document.pages.size(); ++page) {
    if (std::ranges::find(sample, page) == sample.end()) forget(document.pages[page - 1]);
  }
}

// ---- ways to predict

/// Rates that have seen nothing of the corpus: a page of text takes a second, marks count.
CostModel ignorant() {
  Json rates;
  for (const auto name : corpus::cost_feature_names()) rates[std::string{name}] = 0.005;
  rates["page"] = rates["unmeasured_page"] = 0.2;
  rates["kilotransitions"] = 0.03;
  rates["unknown_page"] = 1;
  const Json quality{{"pages", 0},
                     {"rank_correlation", 0},
                     {"mean_error_s", 0},
                     {"mean_relative_error", 0},
                     {"worst_documents", Json::array()}};
  const Json file{
      {"pecia_cost_model", 1},
      {"engines", {{engine, {{"rates_s", rates}, {"pages_learned", 0}, {"quality", quality}}}}}};
  return corpus::read_cost_model(file.dump(), "ignorant");
}

void teach(CostModel& model, const Document& document, const std::vector<float>& taken_s) {
  for (std::uint32_t page = 0; page < taken_s.size(); ++page) {
    if (was_read(taken_s[page]))
      model.learn(engine, document, page, static_cast<double>(taken_s[page]));
  }
}

/// Pages of documents of other groups taught to a model that begins as `first`.
CostModel taught(const Data& data, const std::string& group,
                 const std::function<CostModel()>& first) {
  auto model = first();
  for (std::size_t d = 0; d < data.documents.size(); ++d) {
    if (data.groups[d] != group) teach(model, data.documents[d], data.taken_s[d]);
  }
  model.refit(engine);
  return model;
}

Seconds by_shipped(const Data& data) {
  const CostModel model;
  Seconds predicted;
  for (const auto& document : data.documents)
    predicted.push_back(model.estimate_s(engine, document));
  return predicted;
}

/// `is_read_on`: pages of the document are predicted as they would be while it is read, the later
/// ones from the earlier.
Seconds held_out(const Data& data, const std::function<CostModel()>& first, bool is_read_on) {
  Seconds predicted(data.documents.size());
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t d = 0; d < data.documents.size(); ++d) members[data.groups[d]].push_back(d);
  for (const auto& [group, documents] : members) {
    auto model = taught(data, group, first);
    for (const auto d : documents) {
      const auto& document = data.documents[d];
      predicted[d] = model.estimate_s(engine, document);
      for (std::uint32_t page = 0; is_read_on && page < document.pages.size(); ++page) {
        predicted[d][page] = model.estimate_s(engine, document)[page];
        if (was_read(data.taken_s[d][page]))
          model.learn(engine, document, page, static_cast<double>(data.taken_s[d][page]));
      }
    }
  }
  return predicted;
}

/// In proportion to one figure of a page, by the median page.
Seconds by_one(const Data& data, double (*figure)(const PageEvidence&)) {
  std::vector<double> ratios;
  for (std::size_t d = 0; d < data.documents.size(); ++d) {
    for (std::size_t p = 0; p < data.taken_s[d].size(); ++p) {
      if (was_read(data.taken_s[d][p]))
        ratios.push_back(static_cast<double>(data.taken_s[d][p]) /
                         std::max(figure(data.documents[d].pages[p]), 1.0));
    }
  }
  std::ranges::sort(ratios);
  Seconds predicted;
  for (const auto& document : data.documents) {
    auto& pages = predicted.emplace_back();
    for (const auto& page : document.pages)
      pages.push_back(static_cast<float>(ratios[ratios.size() / 2] * figure(page)));
  }
  return predicted;
}

// ---- judging

Json judged(const Data& data, const Seconds& predicted_s) {
  std::vector<double> predicted, taken;
  std::vector<std::pair<double, std::size_t>> errors;
  double relative = 0, absolute = 0;
  for (std::size_t d = 0; d < data.documents.size(); ++d) {
    double sum = 0;
    for (std::size_t p = 0; p < data.taken_s[d].size(); ++p) {
      if (!was_read(data.taken_s[d][p])) continue;
      predicted.push_back(static_cast<double>(predicted_s[d][p]));
      taken.push_back(static_cast<double>(data.taken_s[d][p]));
      const double error = predicted.back() - taken.back();
      absolute += std::abs(error);
      relative += std::abs(error) / taken.back();
      sum += error;
    }
    errors.emplace_back(std::abs(sum), d);
  }
  std::ranges::sort(errors, std::greater{});
  Json worst = Json::array();
  for (std::size_t n = 0; n < std::min(worst_shown, errors.size()); ++n) {
    const auto d = errors[n].second;
    const auto sum = [](const std::vector<float>& pages) {
      double all = 0;
      for (const float page : pages) all += static_cast<double>(page);
      return all;
    };
    worst.push_back({{"path", data.documents[d].path},
                     {"pages", data.documents[d].pages.size()},
                     {"predicted_s", sum(predicted_s[d])},
                     {"taken_s", sum(data.taken_s[d])}});
  }
  const auto pages = static_cast<double>(taken.size());
  return {{"rank_correlation", corpus::rank_correlation(predicted, taken)},
          {"mean_relative_error", relative / pages},
          {"mean_error_s", absolute / pages},
          {"pages", taken.size()},
          {"worst_documents", worst}};
}

int run(const std::string& trace_file, const std::string& groups_file) {
  const auto whole = load(trace_file, groups_file);
  const std::pair<const char*, void (*)(Document&)> views[] = {
      {"all", all_pages}, {"few", few_pages}, {"none", no_page}};
  Json report{{"documents", whole.documents.size()}, {"cases", Json::array()}};
  const auto add = [&](const char* name, const char* measured, const Data& data,
                       const Seconds& predicted) {
    auto entry = judged(data, predicted);
    entry["predictor"] = name;
    entry["measured"] = measured;
    report["cases"].push_back(entry);
  };
  const auto shipped = [] { return CostModel{}; };
  for (const auto& [measured, view] : views) {
    auto data = whole;
    std::ranges::for_each(data.documents, view);
    add("shipped", measured, data, by_shipped(data));
    add("shipped, refitted", measured, data, held_out(data, shipped, false));
    add("ignorant, refitted", measured, data, held_out(data, ignorant, false));
    add("ignorant, refitted, read on", measured, data, held_out(data, ignorant, true));
  }
  add("bytes", "none", whole, by_one(whole, [](const PageEvidence& page) {
        return static_cast<double>(page.compressed_bytes);
      }));
  add("pixels", "none", whole, by_one(whole, [](const PageEvidence& page) {
        return static_cast<double>(page.width_px) * static_cast<double>(page.height_px);
      }));
  std::cout << report.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2 && argc != 3) throw UsageError{"usage: bench_prediction_fold TRACE [GROUPS]"};
    return run(argv[1], argc == 3 ? argv[2] : "");
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
