// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The configuration file as it was when the program started; after wipe(), as it is. Of many accounts, as it
// is for one of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launch/config/configuration.h"
#include "launch/config/configuration_file.h"
#include "launch/config/paths.h"
#include "launch/fleet/account_list.h"
#include "launch/fleet/list_source.h"

namespace interimap {

class Source {
 public:
  explicit Source(const std::string& path);

  void takeInstance(Instance instance) { instance_ = std::move(instance); }
  std::string instance() const { return instance_ ? instance_->name : ""; }

  // Throws Failure(config), also if it is for many accounts and none was taken.
  Configuration configuration();
  void wipe() { file_.text.wipe(); }
  bool ofAncestor() const { return ofAncestor_; }
  const std::string& path() const { return file_.path; }
  // Throws Failure(config) if anybody can read a password.
  std::vector<std::string> warnings(const Configuration& configuration) const;

  ListSource list() const { return ListSource(file_.ini(), file_.path); }
  // Where the database of an account of many is. Throws Failure(config) for what no account can be put into.
  SplitPath databaseOf(const Instance& account) const;

 private:
  ConfigurationFile file_;
  bool ofAncestor_;
  std::optional<Instance> instance_;
  std::vector<std::string> renamed_;
};

}  // namespace interimap
