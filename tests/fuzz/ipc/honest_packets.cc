// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/fuzz/ipc/honest_packets.h"

#include <fcntl.h>

#include "ipc/delivery.h"
#include "ipc/imap.h"
#include "ipc/launch.h"

namespace interimap::fuzz {

namespace {

const Uid kUid = *Uid::of(7);
const UidSet kUids = *UidSet::parse("1:3,7,9:4294967295");
const Flags kFlags = *Flags::parse("\\Seen work");
const InternalDate kDate = *InternalDate::parse("17-Jul-1996 02:44:25 -0700");
const ReversePath kSender = *ReversePath::parse("alice@example.net");
const ForwardPath kRecipient = *ForwardPath::parse("bob");
const BodyRange kRange{0, kBody.size()};

class Collection {
 public:
  void add(Edge edge, Packet packet) {
    all_.push_back({edge, std::move(packet.words), static_cast<bool>(packet.descriptor)});
  }
  void request(decltype(Request::what) what, Descriptor bodies = {}) {
    add(Edge::request, pack(Request{1, std::move(what), std::move(bodies)}));
  }
  void answer(decltype(Answer::what) what, Descriptor bodies = {}) {
    add(Edge::answer, pack(Answer{1, std::move(what), std::move(bodies)}));
  }
  void order(decltype(Order::what) what, Descriptor peer = {}) {
    add(Edge::order, pack(Order{std::move(what), std::move(peer)}));
  }
  void report(decltype(Report::what) what) { add(Edge::report, pack(Report{std::move(what)})); }
  void delivery(decltype(DeliveryAnswer::what) what) {
    add(Edge::deliveryAnswer, pack(DeliveryAnswer{1, std::move(what)}));
  }
  std::vector<Honest> take() { return std::move(all_); }

 private:
  std::vector<Honest> all_;
};

void addRequests(Collection& all) {
  all.request(request::Enable{});
  all.request(request::List{"#news.", {"*", "a/%"}, {"SUBSCRIBED"}, true});
  all.request(request::Select{{"INBOX"}, true, request::Known{{5}, {6}, kUids, 3, kUids}});
  all.request(request::Fetch{kUids, request::Fetch::Items::identity});
  all.request(request::Fetch{kUids, request::Fetch::Items::content});
  all.request(request::FetchBodies{kUids, true, Reading::again, {"DELIVERED-TO"}});
  all.request(request::Append{{"INBOX"}, true, {{kFlags, kDate, kRange}, {{}, kDate, kRange}}}, sealedBody());
  all.request(request::Store{kUids, request::Store::Change::remove, kFlags});
  all.request(request::Expunge{kUids});
  all.request(request::Move{kUids, {"a"}});
  all.request(request::Copy{UidSet::range(1, 3), {"a"}});
  all.request(request::Search{
      kUids,
      std::chrono::year_month_day(std::chrono::year(2024), std::chrono::month(2), std::chrono::day(29))});
  all.request(request::Manage{request::Manage::Verb::rename, {"a"}, {"b"}});
  all.request(request::Watch{{"INBOX"}, 60});
  all.request(request::Simple{request::Simple::Verb::logout});
}

void addAnswers(Collection& all) {
  all.answer(answer::Ready{{Extension::idle, Extension::notify}, true, "NO"});
  all.answer(answer::Listed{{{{"a/b"}, '/', false, true, true}, {{"c"}, {}, true, false, false}}});
  all.answer(answer::Statuses{{{{"a"}, UidValidity{1}, UidNext{2}, ModSeq{3}, 4}, {{"b"}, {}, {}, {}, {}}}});
  all.answer(answer::Selected{{1}, {2}, {3}, 4, true, true, {false, true, kFlags}});
  all.answer(answer::Vanished{kUids});
  all.answer(answer::Found{kUids});
  all.answer(answer::Messages{{{kUid, {5}, kFlags, kDate, 99, HeaderDigest{1}}, {kUid, {}, {}, {}, 0, {}}}});
  all.answer(answer::Window{{{kUid, kFlags, kDate, kRange, HeaderDigest{1}, kSender}}, {kUid}}, sealedBody());
  all.answer(answer::Appended{{1}, {kUid, {}}, "NO quota", {true, false}});
  all.answer(answer::Done{answer::Done::Completion::no, "OVERQUOTA", "[OVERQUOTA] no"});
}

settings::Tls tls() {
  settings::Tls tls;
  tls.caFile = "/ca";
  tls.fingerprints = {"sha256$00"};
  tls.hostname = "sni";
  tls.protocols = {"!SSLv3"};
  tls.cipherSuites = "TLS_AES_128_GCM_SHA256";
  return tls;
}

void addOrders(Collection& all) {
  settings::Net net;
  net.host = "imap.example";
  net.port = "993";
  net.tls = tls();
  net.auth = {"PLAIN"};
  net.username = "user";
  net.password = Secret("secret");
  all.order(std::move(net));
  settings::Sync sync;
  sync.databaseDirectory = "/db";
  sync.databaseName = "x.db";
  sync.maxDeletions = {{25, true}};
  sync.patterns = {"*"};
  sync.ignore = "^x";
  all.order(std::move(sync));
  settings::Pull pull;
  pull.stateDirectory = "/db";
  pull.stateName = "x";
  pull.mailboxes = {"INBOX"};
  pull.forwardPaths = {"bob"};
  pull.purgeAfter = 30;
  all.order(std::move(pull));
  settings::Delivery delivery;
  delivery.host = "mx";
  delivery.port = "25";
  delivery.tls = tls();
  delivery.password = Secret("secret");
  all.order(std::move(delivery));
  all.order(Go{});
  all.order(Stop{});
  all.order(Look{});
  all.order(Deliverer{}, sealedBody());
}

void addReports(Collection& all) {
  all.report(LogLine{LogLevel::warning, Component::local, "INBOX", "text"});
  all.report(Locked{});
  all.report(Progress{1, 2, 3});
  all.report(Traffic{1, 2, 3, 4, true});
  all.report(Synchronised{1, 2, 3, 4, 5, 6, 7, true});
  all.report(WantsDeliverer{});
  all.report(Pulled{1, 2, 3, 4, 5, 6, true});
  all.report(Exported{"octets"});
  all.report(Waits{5000, true});
  all.report(Finding{Component::local, "INBOX", "text", {{"uid", std::uint64_t{1}}, {"reply", "no"}}});
  all.report(Ended{ExitStatus::tryAgain});
}

void addDelivery(Collection& all) {
  all.add(
      Edge::deliveryRequest,
      pack(DeliveryRequest{1, deliver::Window{{kRecipient, kRecipient}, {{kSender, kRange}, {{}, kRange}}},
                           sealedBody()}));
  all.add(Edge::deliveryRequest, pack(DeliveryRequest{2, deliver::Quit{}, {}}));
  using deliver::Outcome;
  Outcome refused{Outcome::Kind::refused, Outcome::Stage::rcpt, 550, EnhancedStatus{5, 1, 1}, "no"};
  all.delivery(deliver::Settled{1, {refused, Outcome{}}});
  all.delivery(deliver::Done{});
  all.delivery(deliver::Closed{"gone", ExitStatus::unavailable});
}

}  // namespace

const std::vector<Honest>& honestPackets() {
  static const std::vector<Honest> kAll = [] {
    Collection all;
    addRequests(all);
    addAnswers(all);
    addOrders(all);
    addReports(all);
    addDelivery(all);
    return all.take();
  }();
  return kAll;
}

Descriptor sealedBody() {
  static const Descriptor kSealed = [] {
    BodyWriter writer;
    writer.write(kBody);
    return writer.seal();
  }();
  return Descriptor(fcntl(kSealed.get(), F_DUPFD_CLOEXEC, 0));
}

}  // namespace interimap::fuzz
