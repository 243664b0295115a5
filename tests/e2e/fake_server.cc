// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "tests/e2e/fake_session.h"
#include "tests/e2e/port.h"

namespace interimap::bed {

FakeServer::FakeServer(FakeOptions options) : options_(std::move(options)) {
  mailboxes_["INBOX"].uidValidity = nextUidValidity_++;
  listener_ = listenOnLoopback(port_);
  acceptor_ = std::thread([this] { serve(); });
}

FakeServer::~FakeServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (int s : sockets_) shutdown(s, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (int s : sockets_) close(s);
  close(listener_);
}

void FakeServer::serve() {
  while (!stopping_) {
    int s = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (s < 0) return;
    int on = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::lock_guard lock(mutex_);
    sockets_.push_back(s);
    threads_.emplace_back([this, s] {
      Session(*this, s).serve();
      shutdown(s, SHUT_RDWR);
    });
  }
}

void FakeServer::on(const std::string& pattern, unsigned nth, Intervention intervention) {
  std::lock_guard lock(mutex_);
  hooks_.push_back({std::regex(pattern, std::regex::icase), nth, 0, std::move(intervention)});
}

void FakeServer::forget() {
  std::lock_guard lock(mutex_);
  hooks_.clear();
}

void FakeServer::refuse(std::function<std::string(const std::string& text)> judge) {
  std::lock_guard lock(mutex_);
  judge_ = std::move(judge);
}

void FakeServer::access(const std::function<void(std::map<std::string, FakeMailbox>&)>& use) {
  std::lock_guard lock(mutex_);
  use(mailboxes_);
}

std::vector<std::string> FakeServer::commands() const {
  std::lock_guard lock(mutex_);
  return commands_;
}

const Intervention* FakeServer::intervene(const std::string& command, bool atLiteral) {
  for (Hook& hook : hooks_) {
    if (hook.intervention.atLiteral != atLiteral ||
        !std::regex_search(command, hook.pattern, std::regex_constants::match_continuous)) {
      continue;
    }
    ++hook.seen;
    if (hook.nth == 0 || hook.nth == hook.seen) return &hook.intervention;
  }
  return nullptr;
}

}  // namespace interimap::bed
