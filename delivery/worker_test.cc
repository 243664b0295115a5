// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The program itself, locked in: TLS and AUTH with what the sandbox leaves.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "delivery/script_test.h"
#include "ipc/delivery.h"
#include "ipc/failure.h"
#include "ipc/launch.h"
#include "sandbox/sandbox.h"
#include "transport/tls_server_test.h"

using namespace interimap;
using namespace interimap::test;

namespace {

constexpr int kPatience = 20000;  // milliseconds; nothing here takes long

Descriptor listenAt(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  return listener;
}

Descriptor acceptFrom(const Descriptor& listener) {
  pollfd waited{listener.get(), POLLIN, 0};
  REQUIRE(poll(&waited, 1, kPatience) == 1);
  return Descriptor(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

// As launch starts it; the test is launch and sync.
class Worker {
 public:
  Worker() : Worker(Channel::pair(), Channel::pair()) {}
  ~Worker() { end(); }

  // Its log, until it is gone.
  std::string log() {
    std::string text;
    try {
      for (pollfd waited{launch.fd(), POLLIN, 0}; poll(&waited, 1, kPatience) == 1;)
        while (auto packet = launch.receive()) {
          Report report = readReport(std::move(*packet));
          if (auto* line = std::get_if<LogLine>(&report.what)) text += line->text + "\n";
        }
    } catch (const PeerGone&) {
    }
    return text;
  }
  // As waitpid() says it.
  int end() {
    launch = Channel(Channel::pair().first);  // it ends when nobody is there any more
    sync = Channel(Channel::pair().first);
    if (process_ > 0) waitpid(process_, &status_, 0);
    process_ = -1;
    return status_;
  }

  Channel launch, sync;

 private:
  using Ends = std::pair<Descriptor, Descriptor>;
  Worker(Ends launches, Ends syncs) : launch(std::move(launches.first)), sync(std::move(syncs.first)) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    obituary_ = Descriptor(ends[0]);
    Descriptor itsObituary(ends[1]);
    // BUILD/libexec/interimap/delivery, seen from BUILD/unit/delivery
    auto build = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
    std::string path = build / "libexec/interimap/delivery";
    process_ = fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) run(path.c_str(), launches.second.get(), syncs.second.get(), itsObituary.get());
  }
  [[noreturn]] static void run(const char* path, int launches, int syncs, int obituary) {
    constexpr int kAside = 100;
    const int from[] = {launches, syncs, obituary};
    const int to[] = {Channel::kToLaunch, Channel::kFirstPeer, sandbox::kObituary};
    for (int i = 0; i < 3; ++i) dup2(from[i], kAside + i);
    for (int i = 0; i < 3; ++i) dup2(kAside + i, to[i]);
    close_range(sandbox::kObituary + 1, ~0U, 0);
    execl(path, path, nullptr);
    _exit(127);
  }

  Descriptor obituary_;
  pid_t process_ = -1;
  int status_ = 0;
};

}  // namespace

TEST_CASE("the worker, locked in: STARTTLS, AUTH, mail, QUIT") {
  Directory directory;
  Identified authority = issue({.commonName = "authority", .authority = true});
  Identified identified = issue({.alternativeNames = "DNS:mx.example"}, &authority);
  std::string path = directory.path() + "/smtp";
  Descriptor listener = listenAt(path);

  Worker worker;
  settings::Delivery settings;
  settings.host = path;
  settings.ehlo = "me.example";
  settings.security = settings::Delivery::Security::required;
  settings.tls.hostname = "mx.example";
  settings.tls.caFile = directory.write("ca.pem", pem(authority));
  settings.username = "alice";
  settings.password = Secret("open sesame");
  settings.debug = 1;
  worker.launch.send(pack(Order{std::move(settings), {}}));
  worker.launch.send(pack(Order{Go{}, {}}));
  BodyWriter writer;
  writer.write("secret body");
  deliver::Window window{{*ForwardPath::parse("bob")},
                         {{*ReversePath::parse("alice@example"), {0, writer.size()}}}};
  worker.sync.send(pack(DeliveryRequest{1, std::move(window), writer.seal()}));
  worker.sync.send(pack(DeliveryRequest{2, deliver::Quit{}, {}}));

  Script encrypted = kHelloAgain;
  encrypted.push_back({"250-mx\r\n250 AUTH LOGIN PLAIN\r\n", "AUTH PLAIN AGFsaWNlAG9wZW4gc2VzYW1l\r\n"});
  encrypted = encrypted + kMailAndQuit;
  encrypted[2].says = "235 welcome\r\n";
  bool followed = false;
  TlsServer server(
      acceptFrom(listener), identified, [&](SSL* ssl) { followed = follow(encrypted, ssl); },
      [&](int fd) { return follow(kGo, fd); });
  std::string log = worker.log();
  CAPTURE(log);
  server.join();
  CHECK(followed);
  int status = worker.end();
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(log.find("; seccomp") != std::string::npos);
}
