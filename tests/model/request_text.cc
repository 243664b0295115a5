// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/model/request_text.h"

namespace interimap::model {

namespace {

struct Text {
  std::string operator()(const request::Enable&) { return "ENABLE"; }
  std::string operator()(const request::List&) { return "LIST"; }
  std::string operator()(const request::Select& select) {
    std::string text = "SELECT " + select.mailbox.bytes;
    if (!select.known) return text;
    return text + " QRESYNC (" + std::to_string(select.known->uidValidity.value) + " " +
           std::to_string(select.known->modSeq.value) + " " + select.known->uids.text() + ")";
  }
  std::string operator()(const request::Fetch& fetch) {
    const char* items[] = {"FLAGS", "SIZES", "IDENTITY", "CONTENT", "LISTING"};
    return "FETCH " + fetch.uids.text() + " " + items[static_cast<int>(fetch.items)];
  }
  std::string operator()(const request::FetchBodies& fetch) {
    return "FETCH " + fetch.uids.text() + " BODIES";
  }
  std::string operator()(const request::Append& append) {
    return "APPEND " + append.mailbox.bytes + " " + std::to_string(append.messages.size()) + " messages" +
           (append.together ? "" : ", one by one");
  }
  std::string operator()(const request::Store& store) {
    return "STORE " + store.uids.text() + (store.change == request::Store::Change::add ? " +" : " -") +
           "FLAGS (" + store.flags.text() + ")";
  }
  std::string operator()(const request::Expunge& expunge) {
    const char* steps[] = {"EXPUNGE ", "MARK ", "EXPUNGE MARKED ", "EXPUNGE ALL MARKED "};
    return steps[static_cast<int>(expunge.step)] + expunge.uids.text();
  }
  std::string operator()(const request::Move& move) {
    return "MOVE " + move.uids.text() + " " + move.to.bytes;
  }
  std::string operator()(const request::Copy& copy) {
    return "COPY " + copy.uids.text() + " " + copy.to.bytes;
  }
  std::string operator()(const request::Manage& manage) {
    const char* verbs[] = {"CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"};
    return verbs[static_cast<int>(manage.verb)] + (" " + manage.mailbox.bytes);
  }
  std::string operator()(const request::Search& search) {
    return "SEARCH " + search.uids.text() + " " + search.with.text();
  }
  std::string operator()(const request::Watch&) { return "IDLE"; }
  std::string operator()(const request::Simple&) { return "NOOP"; }
};

}  // namespace

std::string text(const Request& request) { return std::visit(Text(), request.what); }

}  // namespace interimap::model
