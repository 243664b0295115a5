// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/account_list.h"

#include "ipc/failure.h"
#include "launch/config/key.h"
#include "launch/fleet/template.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

constexpr std::string_view kTemplate =
    "username = %i\npassword = %u\n[local]\ncommand = run '%i' \"%h\" %u\n[remote]\nSSL_cert = /c/%i/%u\n";

void checkExpanded(const Instance& account) {
  Ini ini = Ini::parse(kTemplate, "f");
  try {
    expand(ini, account, "f");
  } catch (const Failure& failure) {
    require(std::string_view(failure.what()).starts_with("f:"), "the line of the template is named");
    return;
  }
  require(ini.sections.size() == 3 && ini.sections["_"].size() == 3 && ini.sections["local"].size() == 1,
          "no line is added");
  for (char c : ini.sections["local"]["command"].value.reveal())
    require(std::string_view("$`\\;&|<>()*?[]{}#~!\n").find(c) == std::string_view::npos,
            "nothing for a shell");
  require(ini.sections["_"]["database"].value.reveal() == account.name + "/state.db",
          "a database of its own");
}

}  // namespace

// What accounts-command may have written.
FUZZ(accounts) {
  try {
    const AccountList list = AccountList::parse(octets, "l");
    require(!list.accounts.empty(), "there is an account");
    for (const Instance& account : list.accounts) {
      require(wrongName(account.name).empty() && account.name.find('/') == account.name.npos, "a good name");
      require(account.columns.size() == account.fields.size(), "all columns");
      for (const Secret& field : account.fields)
        require(isTextOrEmpty(field.reveal()), "no control characters");
    }
    checkExpanded(list.accounts.front());
  } catch (const Failure& failure) {
    require(failure.status == ExitStatus::config, "a bad list is a bad configuration");
    require(std::string_view(failure.what()).starts_with("l:"), "the list is named");
  }
}
