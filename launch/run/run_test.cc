// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/run.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "launch/run/fake_workers.h"

using namespace interimap;
using namespace interimap::fake;

namespace {

__attribute__((constructor)) void actAsWorker(int count, char** words, char**) {
  const char* name = std::strrchr(words[0], '/');
  if (count != 2 || !name) return;
  std::string_view program(name);
  if (program != "/sync" && program != "/net" && program != "/delivery") return;
  try {
    Reporter launch{Channel(Descriptor(Channel::kToLaunch))};
    std::string directory(words[0], static_cast<std::size_t>(name + 1 - words[0]));
    Script script(directory, words[1]);
    const std::string_view due = part(script.text, directory, words[1]);
    for (char step : due) act(step, launch, words[1], script.pulls);
  } catch (const PeerGone&) {
    _exit(69);
  } catch (...) {
  }
  _exit(98);
}

}  // namespace

TEST_CASE("a run: settings, lock, go, log lines, statistics, end") {
  Result result = play({"slidP0", "sgdwTq", "sgwq"});
  CHECK(result.status == 0);
  CHECK(result.log.find("database(INBOX): hello\n") != std::string::npos);
  CHECK(result.log.find("\nright\n") != std::string::npos);
  CHECK(result.log.find("local: right\n") != std::string::npos);
  CHECK(result.log.find("wrong") == std::string::npos);
  CHECK(result.log.find("local: IMAP traffic (bytes): recv 1 sent 2\n") != std::string::npos);
  CHECK(result.log.find("ERROR") == std::string::npos);
}

TEST_CASE("a run: who failed decides, and only that is told") {
  struct {
    const char *sync, *local, *remote;
    int status;
    const char* log;
  } table[] = {
      {"se5", "st0", "st0", 75, "ERROR: oops\n"},  // never locked, so no net starts
      {"slWq", "sgwq", "sge7", 77, "remote: ERROR: oops\n"},
      {"slWq", "sgwq", "sgk", 70, "remote: ERROR: killed by signal SIGKILL\n"},
      {"slk", "sgwq", "sgwq", 70, "sync: ERROR: killed by signal SIGKILL\n"},
      {"slWq", "sgwq", "sgx", 70, "remote: ERROR: ended without saying why, exit status 3\n"},
      {"slWq", "sgwq", "sgvz", 70,
       "remote: ERROR: broke the protocol between us: a packet that is no message\n"},
      {"slWq", "sgwq", "sglz", 70,
       "remote: ERROR: broke the protocol between us: unexpected report: locked\n"},
      {"slWq", "sgwq", "sgq", 70, "ERROR: the workers ended without saying why\n"},
      {"sl0", "sgz", "sgwq", 0, ""},  // a net that hangs on is killed
  };
  for (const auto& row : table) {
    CAPTURE(row.sync);
    CAPTURE(row.remote);
    Result result = play({row.sync, row.local, row.remote});
    CHECK(result.status == row.status);
    CHECK(result.log == row.log);
  }
}

TEST_CASE("a run: SIGTERM and SIGINT stop it in good order") {
  Result result = play({"slKt0", "sgwTq", "sgwq"});
  CHECK(result.status == 0);
  CHECK(result.log == "local: IMAP traffic (bytes): recv 1 sent 2\n");
  result = play({"slIt0", "sgwTq", "sgwq", true});
  CHECK(result.status == 1);
  CHECK(result.log == "Interrupted (Ctrl-C)\n");
  result = play({"slKtKz", "sgwq", "sgz"});  // twice, by one that does not stop
  CHECK(result.status == 0);
}

TEST_CASE("a run: a worker that is not there") {
  ProgressLine nowhere(-1);
  Log log({}, nowhere);
  sigset_t before;
  sigprocmask(SIG_SETMASK, nullptr, &before);
  Signals signals;
  Service service({});
  RunSettings settings;
  settings.workers = "/nonexistent";
  CHECK_THROWS_WITH_AS(Run({log, nowhere, signals, service}).run(std::move(settings)),
                       "/nonexistent/sync: No such file or directory", Failure);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a run: settings that fit no packet") {
  settings::Sync sync;
  sync.mailboxes.assign(1000, std::string(100, 'x'));
  CHECK(play({.sync = "s", .local = "s", .remote = "s", .settings = std::move(sync)}).status == -78);
}

TEST_CASE("a run: what was done is summed up") {
  const std::string line = play({.sync = "slNN5", .local = "sgwq", .remote = "sgwq"}).log;
  CHECK(line.starts_with("Copied 2 messages to local, 4 expunged in 0."));
  Result result = play({.sync = "slNN5", .local = "sgwq", .remote = "sgwq", .json = true});
  CHECK(result.status == 75);
  CHECK(result.log.find(R"("level":"summary","exitStatus":75,)") != std::string::npos);
  CHECK(result.log.find(R"("mailboxes":3,"copiedToLocal":2,"copiedToRemote":0,"flagsUpdated":0,)"
                        R"("expunged":4,"failed":0,"held":0,"octets":0,"octetsToLocal":0,)"
                        R"("octetsToRemote":0})") != std::string::npos);
}

TEST_CASE("a run: more connections, at sync's wish") {
  const std::string kTraffic = "local: IMAP traffic (bytes): recv 2 sent 4\n",
                    kWithout = "local/2: WARNING: Going on without this connection: ";
  struct {
    const char *sync, *local2;
    int status;
    std::string log;
  } table[] = {
      {"slCAAA0", "sgwTq", 0, kTraffic},
      {"slCAAAX0", "sgTq", 0, kTraffic},  // let go before
      {"slCAAAX0", "sgTe7", 0, kWithout + "oops\n" + kTraffic},
      {"slCAAAX5", "sgTk", 75, kWithout + "killed by signal SIGKILL\n" + kTraffic},
      {"slCAAAX0", "sgTx", 0, kWithout + "ended without saying why, exit status 3\n" + kTraffic},
      {"slCAAAXCAAA0", "sgTq", 0, "local: IMAP traffic (bytes): recv 3 sent 6\n"},
      // what is compromised ends it all
      {"slCAAAt0", "sgTvz", 70,
       "local/2: ERROR: broke the protocol between us: a packet that is no message\n" + kTraffic},
      {"slCAAAt0", "sgTlz", 70,
       "local/2: ERROR: broke the protocol between us: unexpected report: locked\n" + kTraffic},
      // more than there may be
      {"slcz", "", 70,
       "sync: ERROR: broke the protocol between us: unexpected report: wants nets\n"
       "local: IMAP traffic (bytes): recv 1 sent 2\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.sync);
    CAPTURE(row.local2);
    Play several{.sync = row.sync, .local = "sgwTq", .remote = "sgwq"};
    several.settings.of.local.connections = 2;
    several.settings.of.remote.connections = 3;
    several.local2 = row.local2;
    several.remote2 = several.remote3 = "sgwq";
    Result result = play(several);
    CHECK(result.status == row.status);
    CHECK(result.log == row.log);
  }
  Result result = play({"slCz", "sgwq", "sgwq"});
  CHECK(result.status == 70);
  CHECK(result.log == "sync: ERROR: broke the protocol between us: unexpected report: wants nets\n");
}

TEST_CASE("a run: connections that idle, at sync's wish") {
  auto run = [](const char* sync, const char* idle1, unsigned connections = 1) {
    Play watcher{.sync = sync, .local = "sgwTq", .remote = "sgwq"};
    watcher.settings.errand = settings::Errand::notify;
    watcher.settings.interval = 60;
    watcher.settings.of.local.idleMailboxes = {"*"};
    watcher.settings.of.local.connections = watcher.settings.of.remote.connections =
        static_cast<std::uint8_t>(connections);
    watcher.local2 = watcher.remote2 = watcher.remote3 = "sgwq";
    watcher.localIdle1 = idle1;
    return play(watcher);
  };
  const std::string kTraffic = "local: IMAP traffic (bytes): recv 1 sent 2\n",
                    kNotDue = "sync: ERROR: broke the protocol between us: unexpected report: ";
  CHECK(run("sloO0", "sgwq").log == kTraffic);
  CHECK(run("sloOX0", "sge7").log ==
        "local/idle1: WARNING: Going on without this connection: oops\n" + kTraffic);
  CHECK(run("sloOXoO0", "sgq|sgwq").status == 0);  // made again
  // Not instead of those that copy, nor they instead of it.
  Result both = run("sloOCAAA0", "sgwq", 3);
  CHECK(both.status == 0);
  CHECK(both.log == kTraffic);
  // For whom there is no such key.
  Result result = play({"sloz", "sgwq", "sgwq"});
  CHECK(result.status == 70);
  CHECK(result.log == kNotDue + "wants a net to idle\n");
}

TEST_CASE("watching: a connection that breaks is made again") {
  // The remote server goes away; it is still away; it is back, and the user ends it all.
  Result result = play(
      {.sync = "slSWq|slWq|slSKt0", .local = "sgwq|sgwq|sgwq", .remote = "sge9|sge9|sgwq", .watch = true});
  CHECK(result.status == 0);
  CHECK(withoutTimes(result.log) ==
        "remote: ERROR: oops\ntrying again in N s\nremote: ERROR: oops\ntrying again in N s\n");
}

TEST_CASE("watching: a line that breaks again and again, and carries something each time, is not away") {
  Result result = play({.sync = "slPWq|slPWq|slPWq|slSKt0",
                        .local = "sgwq|sgwq|sgwq|sgwq",
                        .remote = "sge9|sge9|sge9|sgwq",
                        .watch = true});
  CHECK(result.status == 0);
  std::regex announced("again in ([0-9]+) s");
  INFO(result.log);
  std::size_t waits = 0;
  for (std::sregex_iterator each(result.log.begin(), result.log.end(), announced), end; each != end; ++each) {
    CHECK(std::stoi((*each)[1]) <= 2);
    ++waits;
  }
  CHECK(waits == 3);
}

TEST_CASE("watching: what does not pass ends it") {
  struct {
    const char *sync, *local, *remote;
    int status;
    const char* log;
  } table[] = {
      {"se5", "st0", "st0", 75, "ERROR: oops\n"},  // somebody else watches
      {"slWq", "sgwq", "sge7", 77, "remote: ERROR: oops\n"},
      {"slWq", "sgwq", "sge6", 76, "remote: ERROR: oops\n"},  // a server that never was good enough
      {"slSWq", "sgwq", "sgk", 70, "remote: ERROR: killed by signal SIGKILL\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.sync);
    CAPTURE(row.remote);
    Result result = play({.sync = row.sync, .local = row.local, .remote = row.remote, .watch = true});
    CHECK(result.status == row.status);
    CHECK(withoutTimes(result.log) == row.log);
  }
}

TEST_CASE("field 17: a login that is refused after the first attempt is tried again, slowly") {
  struct {
    const char *sync, *remote;
  } table[] = {
      {"slSWq|slLWq", "sge6|sge7"},  // it had worked
      {"slWq|slLWq", "sge9|sge7"},   // it had not, but the first attempt was not the one that was refused
      {"slLSWq", "sge7"},            // refused in the middle of what worked
  };
  for (const auto& row : table) {
    CAPTURE(row.sync);
    Result result = play({.sync = row.sync, .local = "sgwq|sgwq", .remote = row.remote, .watch = true});
    CHECK(result.status == 0);  // SIGTERM came while it waited
    std::string last = "remote: ERROR: oops\ntrying again in N s\n";
    CHECK(withoutTimes(result.log).ends_with(last));
    long seconds = std::stol(result.log.substr(result.log.rfind("again in ") + 9));
    CHECK(seconds >= 60);
    CHECK(seconds <= 120);
  }
}

TEST_CASE("watching: a password that was told once may be told again") {
  Play once{.sync = "slSWq|slSKt0", .local = "sgwq|sgwq", .remote = "sg9|sgwq", .watch = true};
  once.withoutPassword = 1;
  Result result = play(once);
  CHECK(result.status == 0);
  CHECK(withoutTimes(result.log) == "trying again in N s\nERROR: no password\ntrying again in N s\n");
  once.withoutPassword = 0;
  CHECK(play(once).status == -77);
}

TEST_CASE("watching: SIGTERM between two attempts ends it at once") {
  auto began = std::chrono::steady_clock::now();
  Result result = play({.sync = "slWq|slLWq", .local = "sgwq|sgwq", .remote = "sg9|sg9", .watch = true});
  CHECK(result.status == 0);
  std::chrono::seconds waits{0};  // as announced: one was waited for, the other cut short
  std::regex announced("again in ([0-9]+) s");
  INFO(result.log);
  for (std::sregex_iterator each(result.log.begin(), result.log.end(), announced), end; each != end; ++each)
    waits += std::chrono::seconds(std::stoi((*each)[1]));
  CHECK(waits >= std::chrono::seconds(3));
  CHECK(std::chrono::steady_clock::now() - began < waits);
}

// What the service manager hears of a watcher, but that it lives.
std::string toldOf(Play watched) {
  std::string name = "interimap-run-" + std::to_string(getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  Descriptor manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  REQUIRE(bind(manager.get(), reinterpret_cast<sockaddr*>(&address),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())) == 0);
  watched.watch = true;
  watched.notifySocket = "@" + name;
  play(watched);
  std::string heard;
  char message[2048];
  for (ssize_t n; (n = recv(manager.get(), message, sizeof message, 0)) >= 0;)
    heard += std::string(message, static_cast<std::size_t>(n)) + "\n";
  CHECK(heard.find("WATCHDOG=1\n") != std::string::npos);
  return std::regex_replace(heard, std::regex("WATCHDOG=1\n"), "");
}

TEST_CASE("watching: the service manager is told") {
  CHECK(toldOf({.sync = "slPSKt0", .local = "sgwq", .remote = "sgwq"}) ==
        "STATUS=Connecting\nEXTEND_TIMEOUT_USEC=120000000\nSTATUS=Copying 1 of 2 messages, 3\n"
        "READY=1\nSTATUS=Waiting for news; last time: 1 copied\nSTOPPING=1\nSTOPPING=1\n");
}

TEST_CASE("a server that hangs up because it is asked too much is connected to again") {
  Result once = play({.sync = "slWq|sl0", .local = "sgwq|sgw0", .remote = "sgy5|sgw0"});
  CHECK(once.status == 0);
  CHECK(withoutTimes(once.log) == "The server is asked too much; trying again in N s\n");
  Result never = play({.sync = "slWq", .local = "sgwq", .remote = "sgY5"});
  CHECK(never.status == 75);
  CHECK(never.log.starts_with("The server is to be left alone until 2"));
  CHECK(never.log.ends_with(" UTC, which is longer than max-wait. Run again then\n"));
  Result tomorrow = play({.sync = "sly5|sl0", .local = "sgwq|sgw0", .remote = "sgwq|sgw0"});
  CHECK(tomorrow.status == 0);
  CHECK(withoutTimes(tomorrow.log) == "No more may be transferred today; trying again in N s\n");
  // Only a net may say that it waits.
  CHECK(play({.sync = "slrz", .local = "sgwq", .remote = "sgwq"}).status == 70);
}

TEST_CASE("watching: the service manager is told of a server that asks to be left alone") {
  CHECK(toldOf({.sync = "slWKt0", .local = "sgwq", .remote = "sgr9"})
            .find("READY=1\nSTATUS=remote: waiting for 90 s, as the server asks\n") != std::string::npos);
}
