// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/obtained_password.h"

#include <utility>

#include "ipc/failure.h"
#include "launch/config/account.h"
#include "launch/config/paths.h"
#include "launch/run/password_command.h"

namespace interimap {

std::variant<Secret, Asked> obtainPassword(const PasswordSource& source, const PasswordOwner& owner,
                                           Signals& signals, std::vector<std::string>& warnings) {
  switch (source.kind) {
    case PasswordSource::Kind::none: return credential(owner.section, owner.key);
    case PasswordSource::Kind::command:
      return passwordFromCommand(source.value, "[" + owner.section + "]: " + owner.key + "-command", signals);
    case PasswordSource::Kind::file: break;
  }
  PasswordFile file = PasswordFile::read(resolvePath(kConfigHome, owner.program, source.value));
  if (file.warning) warnings.push_back(*file.warning);
  return std::move(file.password);
}

std::variant<Secret, Asked> obtainPasswordOr(std::vector<Finding>& findings, const PasswordSource& source,
                                             const PasswordOwner& owner, Signals& signals,
                                             std::vector<std::string>& warnings) try {
  return obtainPassword(source, owner, signals, warnings);
} catch (const Failure& failure) {
  if (failure.status != ExitStatus::noPermission) throw;
  Finding finding = findingOf(failure);
  finding.component = owner.section == "local"    ? Component::local
                      : owner.section == "remote" ? Component::remote
                                                  : Component::none;
  findings.push_back(std::move(finding));
  return Secret();
}

Finding findingOf(const Failure& failure) {
  return checked(Verdict::failed, "configuration", failure.what());
}

Renewal renewal(const PasswordSource& source, const PasswordOwner& owner, Signals& signals) {
  return [source, owner, &signals] {
    std::vector<std::string> warnings;  // told when the run began
    return obtainPassword(source, owner, signals, warnings);
  };
}

bool ages(const PasswordSource& source, const std::vector<std::string>& auth) {
  return source.kind == PasswordSource::Kind::command && takeToken(auth);
}

}  // namespace interimap
