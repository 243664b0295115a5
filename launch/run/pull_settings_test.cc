// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/pull_settings.h"

#include "launch/config/data_home.h"

using namespace interimap;

namespace {

const std::string kText =
    "[work]\nhost = there\nusername = b\npassword = x\nnull-stderr = yes\nuser = mail\npurge-after = 2\n"
    "deliver-rcpt = c\ndeliver-tls = implicit\ndeliver-username = d\ndeliver-password = y\n";

PullSettings made(const PullArguments& arguments) {
  PullSection section = PullSection::parse(Ini::parse(kText, "f"), "work", "f");
  return pullSettings(arguments, section);
}

}  // namespace

TEST_CASE_FIXTURE(DataHome, "pull settings: what the workers are told") {
  PullSettings pull = made({.debug = 1});
  CHECK(pull.workers.ends_with("/libexec/interimap"));
  CHECK(pull.sync.stateDirectory == std::string(path) + "/pullimap");
  CHECK(pull.sync.stateName == "work");
  CHECK(pull.sync.mailboxes == std::vector<std::string>{"INBOX"});
  CHECK(pull.sync.forwardPaths == std::vector<std::string>{"c"});
  CHECK(pull.sync.purgeAfter == 2);
  CHECK(pull.sync.account == "b@there");
  CHECK(pull.sync.user == "mail");
  for (auto debug : {pull.net.debug, pull.delivery.debug}) CHECK(debug == 1);
  CHECK_FALSE(pull.net.nullStderr);
  CHECK_FALSE(pull.net.keepAlive);
  CHECK(pull.net.password.reveal() == "x");
  CHECK(pull.delivery.password.reveal() == "y");
}

TEST_CASE_FIXTURE(DataHome, "pull settings: the errand, and what it implies") {
  using Errand = settings::Pull::Errand;
  struct {
    PullArguments arguments;
    Errand errand;
    bool create;
  } table[] = {
      {{}, Errand::once, true},
      {{.idle = 60}, Errand::idle, false},
      {{.exportStatefile = "f"}, Errand::exportState, false},
  };
  for (const auto& row : table) {
    PullSettings pull = made(row.arguments);
    CHECK(pull.sync.errand == row.errand);
    CHECK(pull.sync.createState == row.create);
    CHECK(pull.sync.interval == row.arguments.idle.value_or(0));
    CHECK(pull.net.keepAlive == row.arguments.idle.has_value());
    CHECK(pull.sync.deliver);
    CHECK_FALSE(pull.sync.retryRefused);
  }
  CHECK_FALSE(made({.deliver = false}).sync.deliver);
  CHECK(made({.retryRefused = true}).sync.retryRefused);
  CHECK(made({.forgetRefused = true}).sync.forgetRefused);
}
