// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/change_command.h"

#include <cstdint>

#include "ipc/failure.h"
#include "launch/run/password_command.h"

namespace interimap {

namespace {

using Counts = std::vector<std::pair<const char*, std::uint64_t>>;

Counts counts(const Synchronised& done) {
  return {{"INTERIMAP_COPIED_TO_LOCAL", done.copiedToLocal},
          {"INTERIMAP_COPIED_TO_REMOTE", done.copiedToRemote},
          {"INTERIMAP_FLAGS_UPDATED", done.flagsUpdated},
          {"INTERIMAP_EXPUNGED", done.expunged},
          {"INTERIMAP_FAILED", done.failed},
          {"INTERIMAP_HELD", done.held},
          {"INTERIMAP_OCTETS", done.octetsToLocal + done.octetsToRemote}};
}

Counts counts(const Pulled& done) {
  return {{"PULLIMAP_DELIVERED", done.delivered}, {"PULLIMAP_DEFERRED", done.deferred},
          {"PULLIMAP_REFUSED", done.refused},     {"PULLIMAP_UNKNOWN", done.unknown},
          {"PULLIMAP_PURGED", done.purged},       {"PULLIMAP_OCTETS", done.octets}};
}

}  // namespace

std::vector<std::string> ChangeCommand::environment(const Done& done) {
  std::vector<std::string> all;
  for (const auto& [name, number] : std::visit([](const auto& each) { return counts(each); }, done))
    all.push_back(std::string(name) + "=" + std::to_string(number));
  return all;
}

std::optional<Asked> ChangeCommand::tell(const Done& done, Log& log, Signals& signals) const {
  if (!isSomething(done)) return std::nullopt;
  CommandBounds bounds{nullptr, 0, time_, ExitStatus::tryAgain, environment(done)};
  bounds.environment.push_back(whose_);
  try {
    auto told = textFromCommand(command_, "on-change", bounds, signals);
    if (auto asked = std::get_if<Asked>(&told)) return *asked;
  } catch (const Failure& failure) {
    log.line(LogLevel::warning, failure.what());
  }
  return std::nullopt;
}

}  // namespace interimap
