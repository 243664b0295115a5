// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/login.h"

#include <algorithm>
#include <optional>

#include "ipc/failure.h"
#include "transport/sasl.h"

namespace interimap {

namespace {

using Manner = Dialogue::Manner;

[[noreturn]] void refuse(ExitStatus status, const std::string& text) { throw Failure(status, text); }

void needCapabilities(Dialogue& server) {
  if (server.capabilities().known()) return;
  StatusResponse status = server.run(Command("CAPABILITY"), Manner::plain);
  if (status.condition != Condition::ok || !server.capabilities().known())
    refuse(ExitStatus::protocol, "no answer to CAPABILITY: " + status.words());
}

void requireImap4(Dialogue& server) {
  needCapabilities(server);
  if (!server.capabilities().has("IMAP4REV1"))
    refuse(ExitStatus::protocol, "Missing IMAP4rev1 CAPABILITY. Not an IMAP4 server?");
}

void startTls(Dialogue& server) {
  requireImap4(server);
  if (!server.capabilities().has("STARTTLS"))
    refuse(ExitStatus::protocol, "Server did not advertise STARTTLS capability.");
  StatusResponse status = server.run(Command("STARTTLS"), Manner::lastInClear);
  if (status.condition != Condition::ok) refuse(ExitStatus::protocol, status.words());
  server.startTls();
  server.forgetCapabilities();  // RFC 3501 section 6.2.1: the client MUST discard them
}

// The first of our preferences that the server offers and that we can do.
std::string chooseMechanism(const Capabilities& capabilities, const std::vector<std::string>& preferences) {
  std::string unsupported;
  for (const auto& mechanism : preferences) {
    if (mechanism == "LOGIN" || (mechanism == "PLAIN" && capabilities.has("AUTH=PLAIN"))) {
      if (capabilities.has("LOGINDISABLED")) refuse(ExitStatus::noPermission, "Logins are disabled.");
      return mechanism;
    }
    if (unsupported.empty() && capabilities.has("AUTH=" + mechanism)) unsupported = mechanism;
  }
  if (!unsupported.empty())
    refuse(ExitStatus::config, "Unsupported authentication mechanism: " + unsupported);
  refuse(capabilities.has("LOGINDISABLED") ? ExitStatus::noPermission : ExitStatus::protocol,
         capabilities.has("LOGINDISABLED") ? "Logins are disabled."
                                           : "Failed to choose an authentication mechanism");
}

// Cyrus (3.6.1) drops what has arrived behind AUTHENTICATE, though not behind LOGIN, and reads on in the
// middle of what comes later. Dovecot is known to take it all, and says who it is; of others this is not
// known.
bool quirkDropsBehindAuthenticate(const StatusResponse& greeting) {
  return greeting.what.text.find("Dovecot") == std::string::npos;
}

StatusResponse authenticate(Dialogue& server, const settings::Net& settings, const std::string& mechanism,
                            const StatusResponse& greeting) {
  if (mechanism == "LOGIN") {
    Command command("LOGIN");
    command.secret(settings.username).secret(settings.password.reveal());
    auto manner = command.oneLine() ? Manner::andRequests : Manner::alone;
    return server.run(std::move(command), manner);
  }
  Command command("AUTHENTICATE PLAIN");
  Secret message = sasl::plain(settings.username, settings.password.reveal());
  if (server.capabilities().has("SASL-IR")) {
    command.add(" ").secretText(message.reveal());
    auto manner = quirkDropsBehindAuthenticate(greeting) ? Manner::alone : Manner::andRequests;
    return server.run(std::move(command), manner);
  }
  command.response(message.reveal());
  return server.run(std::move(command), Manner::alone);
}

// Codes that say the password is not to blame: RFC 5530 section 3, and Dovecot's LIMIT.
bool isTemporary(const std::string& code) {
  return code == "UNAVAILABLE" || code == "LIMIT" || code == "INUSE";
}

// The password does not leave this machine. What a name means to a proxy we do not know.
bool staysHere(const settings::Net& settings) {
  const std::string& host = settings.host;
  bool loopback = host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos;
  return settings.proxy.empty() && (loopback || host == "localhost" || host == "::1" || host == "[::1]");
}

// What interimap cannot work without. Asked after login: before, servers tell but a part.
void requireExtensions(const Capabilities& capabilities) {
  constexpr std::pair<const char*, const char*> kNamed[] = {{"ENABLE", "ENABLE (RFC 5161)"},
                                                            {"QRESYNC", "QRESYNC (RFC 7162)"}};
  for (auto [name, shown] : kNamed)
    if (!capabilities.has(name))
      refuse(ExitStatus::protocol, std::string("Server did not advertise ") + shown + " capability.");
  for (const char* name : {"UIDPLUS", "LIST-EXTENDED", "LIST-STATUS"})
    if (!capabilities.has(name))
      refuse(ExitStatus::protocol, std::string("Non ") + name + "-capable IMAP server.");
}

void authenticateUser(Dialogue& server, settings::Net& settings, const StatusResponse& greeting) {
  bool clear = settings.transport == settings::Transport::imap && !settings.startTls;
  if (clear && !staysHere(settings))
    server.log(LogLevel::warning, "Sending the password to " + settings.host + " without encryption");
  for (auto [key, missing] :
       {std::pair("username", settings.username.empty()), std::pair("password", settings.password.empty())})
    if (missing)
      refuse(ExitStatus::config, std::string("Missing option ") + key + ": the server wants a login");
  requireImap4(server);
  std::string mechanism = chooseMechanism(server.capabilities(), settings.auth);
  StatusResponse status = authenticate(server, settings, mechanism, greeting);
  settings.password.wipe();
  if (status.condition != Condition::ok)
    refuse(isTemporary(status.what.code) ? ExitStatus::tryAgain : ExitStatus::noPermission, status.words());
}

}  // namespace

void logIn(Dialogue& server, settings::Net& settings) {
  StatusResponse greeting = server.greeting();
  bool mustEncrypt = settings.transport == settings::Transport::imap && settings.startTls;
  if (greeting.condition == Condition::preauth) {
    // RFC 3501 section 6.2.1: STARTTLS is for the not authenticated state only.
    if (mustEncrypt)
      refuse(ExitStatus::noPermission,
             "PREAUTH greeting on plaintext connection? MiTM in action? Aborting, "
             "set \"STARTTLS = NO\" to ignore.");
    settings.password.wipe();
    requireImap4(server);
  } else {
    if (mustEncrypt) startTls(server);
    authenticateUser(server, settings, greeting);
    needCapabilities(server);
  }
  if (settings.qresync) requireExtensions(server.capabilities());
}

}  // namespace interimap
