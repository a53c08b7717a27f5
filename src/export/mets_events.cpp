#include "mets_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pecia::exporting {
namespace {

/// An engine and its fingerprint.
using Agent = std::pair<std::string, std::string>;

std::vector<Agent> agents_of(const merge::Book& book) {
  std::vector<Agent> agents;
  for (const auto& page : book.document->pages) {
    Agent agent{page.outcome.engine, page.outcome.fingerprint};
    if (!agent.first.empty() && std::ranges::find(agents, agent) == agents.end()) agents.push_back(std::move(agent));
  }
  return agents;
}

std::string agent_id(std::size_t number) { return fmt::format("agent_{}", number + 1); }

pugi::xml_node add_data(pugi::xml_node section, const std::string& id, std::string_view type) {
  set(section, "ID", id);
  auto wrap = section.append_child("mdWrap");
  set(wrap, "MDTYPE", "OTHER");
  set(wrap, "OTHERMDTYPE", type);
  return wrap.append_child("xmlData");
}

void add_identifier(pugi::xml_node parent, const std::string& kind, std::string_view value) {
  auto identifier = parent.append_child(fmt::format("premis:{}Identifier", kind).c_str());
  add_element(identifier, fmt::format("premis:{}IdentifierType", kind).c_str(), "local");
  add_element(identifier, fmt::format("premis:{}IdentifierValue", kind).c_str(), value);
}

void write_agent(const Agent& agent, std::size_t number, XmlFile& file) {
  pugi::xml_document document;
  auto section = document.append_child("digiprovMD");
  auto node = add_data(section, agent_id(number), "PREMIS:AGENT").append_child("premis:agent");
  add_identifier(node, "agent", agent_id(number));
  add_element(node, "premis:agentName", agent.first);
  add_element(node, "premis:agentType", "software");
  if (!agent.second.empty()) add_element(node, "premis:agentNote", fmt::format("fingerprint: {}", agent.second));
  file.write(section);
}

void add_detail(pugi::xml_node event, std::string_view text) {
  add_element(event.append_child("premis:eventDetailInformation"), "premis:eventDetail", text);
}

void write_event(const merge::Page& page, const std::vector<Agent>& agents, XmlFile& file) {
  const auto& outcome = page.outcome;
  pugi::xml_document document;
  auto section = document.append_child("digiprovMD");
  auto event = add_data(section, event_id(page.number), "PREMIS:EVENT without eventDateTime").append_child("premis:event");
  add_identifier(event, "event", event_id(page.number));
  add_element(event, "premis:eventType", "text recognition");
  add_detail(event, fmt::format("attempts: {}; the last: {}", outcome.attempts.size() + 1, name(outcome.rung)));
  if (!outcome.languages.empty()) add_detail(event, fmt::format("languages: {}", outcome.languages));
  for (const auto& attempt : outcome.attempts) {
    add_detail(event, fmt::format("attempt by {} ({}) ended: {} {}", attempt.engine.empty() ? "no engine" : attempt.engine,
                                  name(attempt.rung), name(attempt.reason), attempt.detail));
  }
  for (const auto& step : outcome.steps) add_detail(event, fmt::format("{}: {}", step.what, step.detail));
  auto information = event.append_child("premis:eventOutcomeInformation");
  add_element(information, "premis:eventOutcome", name(outcome.state));
  if (outcome.reason != Reason::none || !outcome.detail.empty()) {
    add_element(information.append_child("premis:eventOutcomeDetail"), "premis:eventOutcomeDetailNote",
                fmt::format("{}: {}", name(outcome.reason), outcome.detail));
  }
  const auto agent = std::ranges::find(agents, Agent{outcome.engine, outcome.fingerprint});
  if (agent != agents.end()) add_identifier(event, "linkingAgent", agent_id(static_cast<std::size_t>(agent - agents.begin())));
  file.write(section);
}

}  // namespace

std::string event_id(std::uint32_t page_number) { return fmt::format("event_{:04}", page_number); }

void write_events(const merge::Book& book, XmlFile& file) {
  const auto agents = agents_of(book);
  file.open("amdSec");
  for (std::size_t n = 0; n < agents.size(); ++n) write_agent(agents[n], n, file);
  for (const auto& page : book.document->pages) {
    if (!page.pending) write_event(page, agents, file);
  }
  file.close();
}

}  // namespace pecia::exporting
