// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/list_source.h"

#include "ipc/failure.h"
#include "launch/config/configuration_file.h"
#include "launch/config/key.h"
#include "launch/config/password.h"
#include "launch/config/paths.h"
#include "launch/fleet/template.h"
#include "launch/run/password_command.h"

namespace interimap {

namespace {

constexpr ConfigurationFile::Kind kList{"list of accounts", "list of accounts", "a list of accounts",
                                        AccountList::kMostOctets};
constexpr CommandBounds kBounds{"list of accounts", AccountList::kMostOctets, std::chrono::minutes(2),
                                ExitStatus::tryAgain};
constexpr const char *kFile = "accounts", *kCommand = "accounts-command";

}  // namespace

ListSource::ListSource(const Ini& ini, const std::string& configuration)
    : holdsPasswords_(takesPasswords(ini)) {
  auto defaults = ini.sections.find(Ini::kDefault);
  if (defaults == ini.sections.end()) return;
  const KnownKeys known{{kFile, isText}, {kCommand, isText}};
  Ini these;  // no other key is looked at before it is expanded
  for (const char* key : {kFile, kCommand})
    if (auto found = defaults->second.find(key); found != defaults->second.end())
      these.sections[std::string(Ini::kDefault)][key] =
          Property{Secret(std::string(found->second.value.reveal())), found->second.line};
  const Keys keys(these, Ini::kDefault, known, configuration);
  auto key = keys.oneOf({kFile, kCommand});
  if (key == kCommand) command_ = *keys.get(kCommand);
  if (key != kFile) return;
  file_ = *keys.get(kFile);
  if (file_[0] != '/') file_ = splitPath(configuration).directory + "/" + file_;
}

std::variant<AccountList, Asked> ListSource::read(Signals& signals,
                                                  std::vector<std::string>& warnings) const {
  if (!file_.empty()) {
    auto file = ConfigurationFile::read(file_, kList);
    if (holdsPasswords_)
      if (auto warning = judgeReaders(file_, file.mode)) warnings.push_back(*warning);
    return AccountList::parse(file.text.reveal(), file_);
  }
  auto told = textFromCommand(command_, kCommand, kBounds, signals);
  if (auto asked = std::get_if<Asked>(&told)) return *asked;
  const Secret text(std::move(std::get<std::string>(told)));
  return AccountList::parse(text.reveal(), kCommand);
}

}  // namespace interimap
