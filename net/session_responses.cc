// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Session: what the server sends, and whose it is (RFC 3501 section 7).
#include <algorithm>
#include <utility>

#include "ipc/failure.h"
#include "net/session.h"

namespace interimap {

void Session::handle(const Response& response) {
  std::string_view text = response.text;
  if (text.starts_with("* ")) return untagged(response);
  if (text == "+" || text.starts_with("+ "))
    return continuation(text.substr(std::min<std::size_t>(2, text.size())));
  tagged(response);
}

void Session::continuation(std::string_view challenge) {
  if (!greeting_.come()) throw Failure(ExitStatus::protocol, "not a greeting: a continuation");
  if (!login_.challenged(challenge)) pipeline_.continued();
}

void Session::untagged(const Response& response) {
  auto [parsed, kind] = parseUntagged(response);
  if (!parsed) {
    pipeline_.missed(kind, FetchResponse::uidBefore(response.text));
    remarks_.malformed(kind, response.text);
    return silence_.unasked();
  }
  bool first = !greeting_.come();
  told(*parsed);
  if (first && std::holds_alternative<StatusResponse>(*parsed)) return;
  if (first)
    throw Failure(ExitStatus::protocol, "not a greeting: " + response.text.substr(0, limits::kExcerpt));
  if (!pipeline_.take(*parsed, kind)) silence_.unasked();
}

// What concerns the connection, whoever asked for it.
void Session::told(Untagged& untagged) {
  if (auto* status = std::get_if<StatusResponse>(&untagged)) {
    note(status->what);
    if (status->condition == Condition::bye) remarks_.bye(status->what.text);
    if (!greeting_.come()) greeting_.take(*status);
  } else if (auto* capabilities = std::get_if<Capabilities>(&untagged)) {
    noteCapabilities(std::move(*capabilities));
  } else if (auto* fetch = std::get_if<FetchResponse>(&untagged)) {
    remarks_.dropped(*fetch);
  } else if (auto* id = std::get_if<IdResponse>(&untagged)) {
    login_.passed(
        "product",
        "Product: " +
            (id->name.empty() ? "not told" : id->name + (id->version.empty() ? "" : " " + id->version)),
        {{"name", id->name}, {"version", id->version}});
  } else if (auto* quota = std::get_if<QuotaResponse>(&untagged)) {
    login_.passed("quota", "Quota: " + (quota->resources.empty() ? "none" : quota->text()), {});
  }
}

void Session::tagged(const Response& response) {
  std::string_view text = response.text;
  if (!greeting_.come() && login_.underWay()) {  // which went ahead of it
    if (!greeting_.perhaps())
      throw Failure(ExitStatus::protocol, "not a greeting: " + response.text.substr(0, limits::kExcerpt));
    greeting_.nothingFollows();
  }
  auto blank = std::min(text.find(' '), text.size());
  auto status = StatusResponse::parse(text.substr(std::min(blank + 1, text.size())));
  // tagged = OK, NO or BAD (RFC 3501 section 7.1), to a command that is in flight
  bool condition = status && status->condition <= Condition::bad;
  auto took = condition ? pipeline_.completed(text.substr(0, blank), *status) : std::nullopt;
  if (!took)
    throw Failure(ExitStatus::protocol, "Unexpected response: " + response.text.substr(0, limits::kExcerpt));
  note(status->what);
  silence_.answered();
  compression_.answered(*took);
}

// Behind a login that went ahead of it the greeting tells what the server could do before.
void Session::note(const RespText& text) {
  bool former = !greeting_.come() && login_.underWay();
  if (text.code == "CAPABILITY" && !former) noteCapabilities(Capabilities::parse(text.arguments));
  if (text.code == "NOTIFICATIONOVERFLOW") pipeline_.overflow();
  if (text.code == "ALERT") remarks_.alert(text.text);
}

// RFC 3501 section 7.2.1: a server may tell them at any time.
void Session::noteCapabilities(Capabilities capabilities) {
  capabilities_ = std::move(capabilities);
  if (phase_ == Phase::ready) enterReady();
}

}  // namespace interimap
