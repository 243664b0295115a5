// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/template.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"

using namespace interimap;

namespace {

// The value of `key` in [local] for this account of the list, or the error.
std::string valueOf(const std::string& key, const std::string& value, const std::string& list) {
  try {
    Ini ini = Ini::parse("[local]\n" + key + " = " + value + "\n", "f");
    expand(ini, AccountList::parse(list, "l").accounts.front(), "f");
    CHECK(ini.sections.size() == 2);
    CHECK(ini.sections["local"].size() == 1);
    return std::string(ini.sections["local"][key].value.reveal());
  } catch (const Failure& failure) {
    CHECK(failure.status == ExitStatus::config);
    return failure.what();
  }
}

}  // namespace

TEST_CASE("template: what stands for something of the account") {
  struct {
    const char *key, *value, *list;
    std::string_view is;
  } table[] = {
      {"username", "%i", "alice", "alice"},
      {"username", "%i*sync", "alice", "alice*sync"},
      {"username", "%%i", "alice", "%i"},
      {"username", "%%%i%%", "alice", "%alice%"},
      {"username", "%u", "alice;a", "a"},
      {"host", "%h", "alice;a;example.net", "example.net"},
      {"username", "%{name}-%{user}", "alice;a", "alice-a"},
      {"password", "%{pass-word_2}", "name,pass-word_2\nalice,%i %% [x] k = v ; no comment",
       "%i %% [x] k = v ; no comment"},
      {"password", "%{p}", "name;p\nalice;\"\"", ""},
      {"log-prefix", "%?n?%i%n: ?", "alice", "%?n?%i%n: ?"},
      {"accounts-command", "date +%s", "alice", "date +%s"},
      {"list-mailbox", "\"a/%%\"", "alice", "\"a/%\""},
      {"command", "ssh %h doveadm -u %i imap", "a@b.c;u;h", "ssh h doveadm -u a@b.c imap"},
      {"password-file", "secrets/%i", "alice", "secrets/alice"},
      {"SSL_cert", "%{cert}", "name;cert\nalice;/etc/../alice.pem", "/etc/../alice.pem"},
      {"proxy", "%{proxy}", "name;proxy\nalice;socks5://u:p@h:1080", "socks5://u:p@h:1080"},
  };
  for (const auto& row : table) {
    CAPTURE(row.value);
    CAPTURE(row.list);
    CHECK(valueOf(row.key, row.value, row.list) == row.is);
  }
}

TEST_CASE("template: what is refused, with the line, and without a word of a password") {
  constexpr const char* kPercent =
      ": a % is %%, unless it stands for something of the account: %i, %u, %h, %{COLUMN}";
  constexpr const char* kShell =
      " is not only of letters, digits and ._+@:,- as what goes into a command has to be";
  constexpr const char* kFile =
      " cannot be a part of a file's name: it is empty, has a slash or begins with a dot";
  struct {
    const char *key, *value, *list;
    std::string error;
  } table[] = {
      {"username", "100%", "alice", kPercent},
      {"username", "%x", "alice", kPercent},
      {"username", "%{user", "alice;a", kPercent},
      {"username", "%{}", "alice;a", kPercent},
      {"password", "%secret", "alice", kPercent},
      {"username", "%u", "alice", ": there is no column user in l, but name"},
      {"username", "%{User}", "name;user\nalice;a", ": there is no column User in l, but name, user"},
      {"password", "%{secret}", "alice", ": there is no such column in l, but name"},
      {"password-command", "pass %u", "alice;a b", ": l:1: user" + std::string(kShell)},
      {"password-command", "pass %u", "alice;$(x)", ": l:1: user" + std::string(kShell)},
      {"password-command", "pass '%u'", "alice;a'b", ": l:1: user" + std::string(kShell)},
      {"password-command", "pass %u", "alice;-x", ": l:1: user" + std::string(kShell)},
      {"password-command", "%u", "alice;A=b", ": l:1: user" + std::string(kShell)},
      {"command", "%u", "name;user\nalice;~root", ": l:2: user" + std::string(kShell)},
      {"command", "ssh %u", "a;\n", ": l:1: user" + std::string(kShell)},
      {"command", "ssh %i", "caf\xC3\xA9", ": l:1: name" + std::string(kShell)},
      {"password-file", "/secrets/%u", "alice;../bob", ": l:1: user" + std::string(kFile)},
      {"password-file", "/secrets/%u", "alice;..", ": l:1: user" + std::string(kFile)},
      {"SSL_key", "%u.pem", "alice;a/b", ": l:1: user" + std::string(kFile)},
      {"logfile", "/log/%u", "alice;", ": l:1: user" + std::string(kFile)},
      {"proxy", "socks5://%u:x@h", "alice;a@evil",
       ": l:1: user cannot be a part of proxy: it is not only of letters, digits and ._+,-"},
  };
  for (const auto& row : table) {
    CAPTURE(row.value);
    CAPTURE(row.list);
    CHECK(valueOf(row.key, row.value, row.list) == "f:2: Invalid option " + std::string(row.key) + row.error);
  }
  std::string many;
  for (int i = 0; i < 100; ++i) many += "%i";
  CHECK(valueOf("username", many, std::string(180, 'a')) ==
        "f:2: Invalid option username: longer than a value can be, with what it stands for");
}

TEST_CASE("template: each account has a database of its own") {
  struct {
    const char *value, *database;
  } table[] = {
      {"", "a.b/state.db"},
      {"database = %i.db\n", "a.b.db"},
      {"database = /srv/%i/state.db\n", "/srv/a.b/state.db"},
      {"database = x%%%{name}\n", "x%a.b"},
      {"metrics = /m/all.prom\n", "f:1: Invalid option metrics: without %i all accounts had the same one"},
      {"database = x.db\n", "f:1: Invalid option database: without %i all accounts had the same one"},
      {"database = %%i.db\n", "f:1: Invalid option database: without %i all accounts had the same one"},
      {"database = %u.db\n", "f:1: Invalid option database: %i alone tells accounts apart"},
      {"database = %i%u.db\n", "f:1: Invalid option database: %i alone tells accounts apart"},
  };
  for (const auto& row : table) {
    std::string is;
    try {
      Ini ini = Ini::parse(row.value, "f");
      expand(ini, AccountList::parse("a.b;u\n", "l").accounts.front(), "f");
      is = ini.sections["_"]["database"].value.reveal();
    } catch (const Failure& failure) {
      is = failure.what();
    }
    CHECK(is == row.database);
  }
}

TEST_CASE("template: sections that are not read stay as they are, and a name alone needs no list") {
  Ini ini = Ini::parse("[other]\nx = %x\n[mailbox %]\nmax-age = %i\n", "f");
  expand(ini, {.name = "alice"}, "f");
  CHECK(ini.sections["other"]["x"].value.reveal() == "%x");
  CHECK(ini.sections["mailbox %"]["max-age"].value.reveal() == "alice");
  Ini user = Ini::parse("username = %u\n", "f");
  CHECK_THROWS_WITH(expand(user, {.name = "alice"}, "f"),
                    "f:1: Invalid option username: there is no column user, as there is neither accounts nor "
                    "accounts-command");
}

TEST_CASE("template: whether the list holds passwords") {
  struct {
    const char* text;
    bool takes;
  } table[] = {
      {"[remote]\npassword = %{p}\n", true},   {"password = %u\n", true},
      {"SSL_key-password = x%{p}\n", true},    {"password = %i\n", false},
      {"password = %%{p}\n", false},           {"[other]\npassword = %{p}\n", false},
      {"password-command = pass %u\n", false}, {"username = %u\npassword = 100%\n", false},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(takesPasswords(Ini::parse(row.text, "f")) == row.takes);
  }
}
