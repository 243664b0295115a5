// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/account_list.h"

#include <doctest/doctest.h>

#include "ipc/failure.h"

using namespace interimap;

namespace {

// "alice(user=a,host=h) bob(user=b,host=h)"
std::string shown(const AccountList& list) {
  std::string all;
  for (const Instance& account : list.accounts) {
    all += (all.empty() ? "" : " ") + account.name;
    std::string fields;
    for (std::size_t i = 0; i < account.columns.size(); ++i)
      if (account.columns[i] != "name")
        fields +=
            (fields.empty() ? "" : ",") + account.columns[i] + "=" + std::string(account.fields[i].reveal());
    if (!fields.empty()) all += "(" + fields + ")";
  }
  return all;
}

std::string parsed(const std::string& text) {
  try {
    return shown(AccountList::parse(text, "l"));
  } catch (const Failure& failure) {
    CHECK(failure.status == ExitStatus::config);
    return failure.what();
  }
}

}  // namespace

TEST_CASE("account list: lines and CSV") {
  struct {
    std::string text;
    std::string_view list;
  } table[] = {
      {"alice\nbob\n", "alice bob"},
      {"alice\r\nbob", "alice bob"},
      {"\xEF\xBB\xBF"
       "alice\n\n # bob\n\t\ncarol@example.net\n",
       "alice carol@example.net"},
      {"alice;a\nbob;b\n", "alice(user=a) bob(user=b)"},
      {"alice ; a ;\th \n", "alice(user=a,host=h)"},
      {"alice,x\n", "alice,x"},
      {"name\nalice\n", "alice"},
      {"name,password\nalice,a;b\n", "alice(password=a;b)"},
      {"name;password\nalice;a,b\n", "alice(password=a,b)"},
      {"name\tpassword\nalice\t a b \n", "alice(password=a b)"},
      {"name\tpassword\tuser\nalice\t\tu\n", "alice(password=,user=u)"},
      {"user;name\nu;alice\n", "alice(user=u)"},
      {"name;p\nalice;\"a;b\"\"c \"\n", "alice(p=a;b\"c )"},
      {"name;p\nalice;a\"b\n", "alice(p=a\"b)"},
      {"name;p\nalice;\n", "alice(p=)"},
      {"name;p\nalice;[x]\nbob;k = v\n", "alice(p=[x]) bob(p=k = v)"},
      {"name;p\n\"#1\";x\n", "#1(p=x)"},
      {"\xC3\xA9lodie\n", "\xC3\xA9lodie"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(parsed(row.text) == row.list);
  }
}

TEST_CASE("account list: what is refused, with its line") {
  const std::string longName(AccountList::kLongestName + 1, 'a'),
      longField(AccountList::kLongestField + 1, 'a');
  std::string columns = "name";
  for (std::size_t i = 0; i < AccountList::kMostColumns; ++i) columns += ";c" + std::to_string(i);
  struct {
    std::string text;
    std::string_view error;
  } table[] = {
      {"", "l: there is no account in it"},
      {"# alice\n\n", "l: there is no account in it"},
      {"name;user\n", "l: there is no account in it"},
      {"alice\nbob\nalice\n", "l:3: the account alice is there twice, first in line 1"},
      {"name;user\na;b\n\na;c\n", "l:4: the account a is there twice, first in line 2"},
      {"name;user;user\na;b;c\n", "l:1: two columns are called user"},
      {"name;\na;b\n", "l:1: column : a name is of letters, digits, - and _"},
      {"name;us er\na;b\n", "l:1: column us er: a name is of letters, digits, - and _"},
      {columns + "\n", "l:1: too many columns"},
      {"a;b;c;d\n", "l:1: more than name, user and host: a first line has to name the columns"},
      {"name;user\na\n", "l:2: 1 fields, where the columns are name, user"},
      {"name;user\na;b;c\n", "l:2: 3 fields, where the columns are name, user"},
      {"a;b\nc\n", "l:2: 1 fields, where the columns are name, user"},
      {"name;user\na;\"b\nc\"\n", "l:2: a quotation mark is not closed"},
      {"name;user\na;\"b\"c\n", "l:2: there is something behind a closing quotation mark"},
      {"name;user\na;b\rc\n", "l:2: a control character is in it"},
      {std::string("a\nb\0c\n", 6), "l:2: a control character is in it"},
      {"a\nb\x1b[1m\n", "l:2: a control character is in it"},
      {"a\nb\tc\n", "l:2: a control character is in it"},
      {"a\n;b\n", "l:2: 2 fields, where the columns are name"},
      {";b\n", "l:1: a name cannot be empty"},
      {"a/b\n", "l:1: a name cannot hold a slash, as files are called after it"},
      {"..\n", "l:1: a name cannot begin with a dot or a dash"},
      {"-a\n", "l:1: a name cannot begin with a dot or a dash"},
      {"\" a\"\n", "l:1: a name cannot begin or end with a blank"},
      {longName + "\n", "l:1: a name cannot be longer than 200 octets"},
      {"a;" + longField + "\n", "l:1: a field is too long"},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    CHECK(parsed(row.text) == row.error);
  }
  CHECK(parsed(std::string(AccountList::kMostOctets + 1, 'a')) == "l: larger than a list of accounts can be");
}

TEST_CASE("account list: accounts are found by name, and known by what they say") {
  AccountList one = AccountList::parse("a;x\nb;y\n", "l"),
              other = AccountList::parse("# new\nb;y\na;z\n", "l");
  REQUIRE(one.find("b"));
  CHECK_FALSE(one.find("c"));
  CHECK(one.find("b")->origin == "l:2");
  CHECK(one.find("b")->find("user")->reveal() == "y");
  CHECK_FALSE(one.find("b")->find("host"));
  CHECK(one.find("b")->says(*other.find("b")));
  CHECK_FALSE(one.find("a")->says(*other.find("a")));
  CHECK(one.find("a")->says(one.find("a")->copy()));
}
