// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/source.h"

#include <utility>

#include "ipc/failure.h"
#include "launch/config/ancestor.h"
#include "launch/config/password.h"
#include "launch/fleet/template.h"
#include "launch/run/run_settings.h"

namespace interimap {

namespace {

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

}  // namespace

Source::Source(const std::string& path)
    : file_(ConfigurationFile::read(path)), ofAncestor_(ancestor::isItsConfiguration(path)) {}

Configuration Source::configuration() {
  if (file_.text.empty()) file_ = ConfigurationFile::read(file_.path);
  Ini ini = file_.ini();
  if (ofAncestor_) renamed_ = ancestor::renameKeys(ini);
  if (instance_)
    expand(ini, *instance_, file_.path);
  else if (ListSource(ini, file_.path).there())
    throw Failure(ExitStatus::config, file_.path +
                                          ": a configuration of many accounts; add --all, or "
                                          "--instance=NAME for one of them");
  return Configuration::parse(ini, file_.path);
}

std::vector<std::string> Source::warnings(const Configuration& configuration) const {
  std::vector<std::string> all;
  if (configuration.holdsPassword())
    if (auto warning = judgeReaders(file_.path, file_.mode)) all.push_back(*warning);
  if (!renamed_.empty()) all.push_back(file_.path + ": deprecated: " + joined(renamed_));
  return all;
}

SplitPath Source::databaseOf(const Instance& account) const {
  Ini ini = file_.ini();
  expand(ini, account, file_.path);
  const Secret& name = ini.sections[std::string(Ini::kDefault)]["database"].value;
  return databasePlace(std::string(name.reveal()), ofAncestor_);
}

}  // namespace interimap
