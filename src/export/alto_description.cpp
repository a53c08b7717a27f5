#include "alto_description.hpp"

#include <fmt/format.h>

#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "writers.hpp"
#include "xml_notes.hpp"

namespace pecia::exporting {
namespace {

void add_step(pugi::xml_node processing, const char* name, std::string_view description, std::string_view settings,
              std::string_view software_name, std::string_view software_version) {
  auto step = processing.append_child(name);
  if (!description.empty()) add_element(step, "processingStepDescription", description);
  if (!settings.empty()) add_element(step, "processingStepSettings", settings);
  if (software_name.empty()) return;
  auto software = step.append_child("processingSoftware");
  add_element(software, "softwareName", software_name);
  if (!software_version.empty()) add_element(software, "softwareVersion", software_version);
}

/// What was done to the page and which attempts failed, before the reading that is in the file.
void add_earlier_steps(pugi::xml_node processing, const result::PageOutcome& outcome) {
  for (const auto& step : outcome.steps)
    add_step(processing, "preProcessingStep", fmt::format("{}: {}", step.what, step.detail), {}, "pecia", {});
  for (const auto& attempt : outcome.attempts) {
    add_step(processing, "preProcessingStep",
             fmt::format("attempt ({}) ended: {} {}", name(attempt.rung), name(attempt.reason), attempt.detail), {}, attempt.engine, {});
  }
}

}  // namespace

void add_alto_description(pugi::xml_node alto, const merge::Document& document, const merge::PageModel& model, const merge::Page& page,
                          const std::string& gaps) {
  const auto& outcome = page.outcome;
  auto description = alto.append_child("Description");
  add_element(description, "MeasurementUnit", "pixel");
  auto source = description.append_child("sourceImageInformation");
  add_element(source, "fileName", printable(document.path));
  add_element(source, "documentIdentifier", to_string(document.id));
  auto processing = description.append_child("OCRProcessing");
  set(processing, "ID", "ocr");
  if (!page.pending) add_earlier_steps(processing, outcome);
  const auto text = notice(page);
  const auto settings = fmt::format("languages: {}; fingerprint: {}", model.languages.empty() ? "not told" : model.languages,
                                    outcome.fingerprint.empty() ? "not known" : outcome.fingerprint);
  add_step(processing, "ocrProcessingStep", text, outcome.engine.empty() ? std::string_view{} : std::string_view{settings}, outcome.engine,
           {});
  add_step(processing, "postProcessingStep", model.has_text ? sentence_of(model.places) : std::string_view{}, {}, "pecia", version());
  if (!gaps.empty()) add_step(processing, "postProcessingStep", fmt::format("The document has gaps: {}", gaps), {}, {}, {});
}

}  // namespace pecia::exporting
