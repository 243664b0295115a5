// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// --check: what a worker looked at, one step after the other, and what it found.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ipc/reporter.h"

namespace interimap {

enum class Verdict : std::uint8_t { ok, warning, failed };

inline const char* nameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return "ok";
    case Verdict::warning: return "warning";
    case Verdict::failed: return "failed";
  }
  return "";
}

// `text` is for people, `facts` for programs.
inline Finding checked(Verdict verdict, std::string step, std::string text,
                       std::vector<Finding::Fact> facts = {}) {
  facts.insert(facts.begin(), {{"step", std::move(step)}, {"result", std::string(nameOf(verdict))}});
  return {Component::none, {}, std::move(text), std::move(facts)};
}

// Where steps that went well are told; none: nobody asked for a check. One that fails is the Failure that
// ends the worker, as in any run.
using Passed = std::function<void(std::string step, std::string text, std::vector<Finding::Fact> facts)>;

// To launch, with `prefix` in front of the text.
inline Passed passedTo(Reporter& launch, bool wanted, std::string prefix = {}) {
  if (!wanted) return {};
  return [&launch, prefix](std::string step, std::string text, std::vector<Finding::Fact> facts) {
    launch.report({checked(Verdict::ok, std::move(step), prefix + text, std::move(facts))});
  };
}

}  // namespace interimap
