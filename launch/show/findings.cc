// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/findings.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "ipc/checked.h"
#include "launch/show/escape.h"
#include "launch/show/json.h"

namespace interimap {

namespace {

std::string_view speakerOf(const Finding& finding, std::string_view section) {
  std::string_view component = nameOf(finding.component);
  return component.empty() ? section : component;
}

// "remote(INBOX): ", "INBOX: ", "work: " or nothing.
std::string prefixOf(const Finding& finding, std::string_view section) {
  std::string prefix(speakerOf(finding, section));
  if (!finding.mailbox.empty())
    prefix = prefix.empty() ? finding.mailbox : prefix + "(" + finding.mailbox + ")";
  return prefix.empty() ? prefix : prefix + ": ";
}

Verdict verdictOf(const Finding& finding) {
  for (const Finding::Fact& fact : finding.facts)
    for (Verdict verdict : {Verdict::warning, Verdict::failed})
      if (fact == Finding::Fact{"result", std::string(nameOf(verdict))}) return verdict;
  return Verdict::ok;
}

const char* signOf(Verdict verdict, bool signs) {
  switch (verdict) {
    case Verdict::ok: return signs ? "\u2713 " : "ok: ";
    case Verdict::warning: return signs ? "! " : "warning: ";
    case Verdict::failed: return signs ? "\u2717 " : "FAILED: ";
  }
  return "";
}

int placeOf(const Finding& finding) {
  switch (finding.component) {
    case Component::local: return 0;
    case Component::remote: return 1;
    case Component::none: return finding.text.starts_with("delivery: ") ? 3 : 2;
    case Component::database: return 4;
  }
  return 0;
}

}  // namespace

std::string checkText(std::vector<Finding> findings, bool signs, std::string_view section) {
  std::ranges::stable_sort(findings, {}, placeOf);
  std::string all;
  for (const Finding& finding : findings)
    all += signOf(verdictOf(finding), signs) + escape(prefixOf(finding, section) + finding.text) + "\n";
  return all;
}

std::string findingsText(std::span<const Finding> findings, std::string_view section) {
  std::string all;
  for (const Finding& finding : findings) all += escape(prefixOf(finding, section) + finding.text) + "\n";
  return all;
}

std::string findingsJson(std::span<const Finding> findings, int exitStatus, std::string_view section,
                         std::string_view whatItIs) {
  std::string list;
  for (const Finding& finding : findings) {
    JsonObject object;
    object.add("component", nameOf(finding.component)).add("mailbox", finding.mailbox);
    object.add("text", finding.text);
    for (const Finding::Fact& fact : finding.facts)
      std::visit([&](const auto& value) { object.add(fact.name, value); }, fact.value);
    list += (list.empty() ? "" : ",") + object.text();
  }
  JsonObject whole;
  if (!section.empty()) whole.add(whatItIs, section);
  whole.addList("findings", list).add("exitStatus", static_cast<std::uint64_t>(exitStatus));
  return whole.line();
}

}  // namespace interimap
