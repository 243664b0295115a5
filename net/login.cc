// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/login.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "ipc/ascii.h"
#include "ipc/failure.h"
#include "ipc/imap.h"
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

bool isImap4(const Capabilities& capabilities) {
  return capabilities.has("IMAP4REV1") || capabilities.has("IMAP4REV2");
}

void requireImap4(Dialogue& server) {
  needCapabilities(server);
  if (!isImap4(server.capabilities()))
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

// What the server offers. LOGIN is a command of IMAP, which needs no announcement; where it is disabled, a
// password is not to be sent in another way either.
std::vector<std::string> offered(const Capabilities& capabilities) {
  std::vector<std::string> mechanisms = capabilities.behind("AUTH=");
  if (std::ranges::find(mechanisms, "LOGIN") == mechanisms.end()) mechanisms.emplace_back("LOGIN");
  if (capabilities.has("LOGINDISABLED")) std::erase_if(mechanisms, sasl::givesAway);
  return mechanisms;
}

bool showsCertificate(const settings::Net& settings) {
  bool tls = settings.transport == settings::Transport::imaps ||
             (settings.transport == settings::Transport::imap && settings.startTls);
  return tls && !settings.tls.certificate.empty();
}

// Our preferences; where there are none, the strongest that the server offers. `clear`: the password would
// be there for anybody to read, and nobody has said that it may.
std::vector<std::string> wanted(const settings::Net& settings, bool clear) {
  std::vector<std::string> names = settings.auth.empty() ? sasl::strongestFirst() : settings.auth;
  if (settings.auth.empty() && showsCertificate(settings)) names.insert(names.begin(), "EXTERNAL");
  bool hidden = (clear && settings.auth.empty()) || settings.least == settings::Least::scram;
  if (hidden) std::erase_if(names, sasl::givesAway);
  if (!settings.authzid.empty()) std::erase(names, "LOGIN");  // has no word for it
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

[[noreturn]] void nothingToChoose(const Capabilities& capabilities, const std::vector<std::string>& wanted,
                                  bool clear, settings::Least least) {
  if (capabilities.has("LOGINDISABLED")) refuse(ExitStatus::noPermission, "Logins are disabled.");
  std::string text = "Failed to choose an authentication mechanism: the server offers " +
                     joined(offered(capabilities)) + ", of which none is among " + joined(wanted);
  if (least == settings::Least::scram)
    refuse(ExitStatus::noPermission,
           text + ", as auth-min = scram asks for. Somebody in between may have taken the better ones away");
  if (!clear) refuse(ExitStatus::protocol, text + ". See auth");
  refuse(ExitStatus::noPermission,
         text + ". To send the password without encryption, set auth = PLAIN LOGIN");
}

// Cyrus (3.6.1) drops what has arrived behind AUTHENTICATE, though not behind LOGIN, and reads on in the
// middle of what comes later. Dovecot is known to take it all, and says who it is; of others this is not
// known.
bool quirkDropsBehindAuthenticate(const StatusResponse& greeting) {
  return greeting.what.text.find("Dovecot") == std::string::npos;
}

// Cyrus (3.6.1) knows no tls-exporter, refuses it after three seconds, and counts that as a failed login.
bool quirkHasNoExporter(const StatusResponse& greeting) {
  return greeting.what.text.find("Cyrus") != std::string::npos;
}

// What a login is made for.
struct Occasion {
  StatusResponse greeting;
  Capabilities capabilities;
  bool ahead = false;  // of the greeting, which is that of the last time
};

Command loginCommand(const settings::Net& settings) {
  Command command("LOGIN");
  command.secret(settings.username).secret(settings.password.reveal());
  return command;
}

// All that the server has to be told goes in one command, and requests may go behind it.
bool isOneFlight(std::string_view mechanism, const settings::Net& settings, const Occasion& to) {
  if (mechanism == "LOGIN") return loginCommand(settings).oneLine();
  return mechanism == "PLAIN" && to.capabilities.extensions().has(Extension::saslIr) &&
         !quirkDropsBehindAuthenticate(to.greeting);
}

StatusResponse sayLogin(Dialogue& server, const settings::Net& settings) {
  Command command = loginCommand(settings);
  auto manner = command.oneLine() ? Manner::andRequests : Manner::alone;
  return server.run(std::move(command), manner);
}

StatusResponse sayAuthenticate(Dialogue& server, sasl::Conversation& conversation, const Occasion& to) {
  Command command("AUTHENTICATE " + std::string(conversation.name()));
  bool mayFollow = !quirkDropsBehindAuthenticate(to.greeting);
  // A token that is refused has the server ask on, and what follows would be taken for the answer.
  auto manner = mayFollow && !sasl::takesToken(conversation.name()) ? Manner::thenRequests : Manner::alone;
  const std::optional<Secret>& initial = conversation.initial();
  if (initial && to.capabilities.extensions().has(Extension::saslIr)) {
    // RFC 4959 section 3: one that is empty.
    command.add(" ").secretText(initial->reveal().empty() ? "=" : initial->reveal());
    // PLAIN has said all; behind another mechanism the server may still ask.
    if (conversation.name() == "PLAIN" && mayFollow) manner = Manner::andRequests;
  } else {
    conversation.hold();
  }
  StatusResponse status = server.run(std::move(command), manner, &conversation);
  if (status.condition == Condition::ok) conversation.requireProof();
  return status;
}

// The password is not to blame: RFC 5530 section 3, and Dovecot's LIMIT. Of servers without such codes, their
// words: "Too many simultaneous connections", "Maximum number of connections from user+IP exceeded",
// "Temporary authentication failure", "Server busy, please try again later".
bool isTemporary(const RespText& what) {
  if (what.code == "UNAVAILABLE" || what.code == "LIMIT" || what.code == "INUSE") return true;
  if (what.code == "AUTHENTICATIONFAILED" || what.code == "AUTHORIZATIONFAILED" || what.code == "EXPIRED")
    return false;
  std::string text = asciiUpper(what.text);
  auto says = [&](std::string_view words) { return text.find(words) != std::string::npos; };
  bool many = says("TOO MANY") || says("MAXIMUM") || says("LIMIT") || says("EXCEED");
  if (many && (says("CONNECTION") || says("SESSION") || says("LOGIN") || says("CLIENT") || says("PROCESS")))
    return true;
  for (const char* words : {"TEMPORAR", "TRY AGAIN", "RETRY", "TRY LATER", "LATER", "BUSY", "OVERLOAD",
                            "UNAVAILABLE", "NOT AVAILABLE", "MAINTENANCE", "TIMED OUT", "TIMEOUT"})
    if (says(words)) return true;
  return false;
}

// The password does not leave this machine. What a name means to a proxy we do not know.
bool staysHere(const settings::Net& settings) {
  const std::string& host = settings.host;
  bool loopback = host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos;
  return settings.proxy.empty() && (loopback || host == "localhost" || host == "::1" || host == "[::1]");
}

struct Attempt {
  StatusResponse status;
  std::string mechanism, reason{};
  bool oneFlight = false;
};

// Without the mechanisms of this kind.
std::vector<std::string> weakerThan(const std::string& refused, std::vector<std::string> names) {
  if (refused == "EXTERNAL") std::erase(names, refused);
  if (refused == "EXTERNAL") return names;
  std::erase_if(names, [&](const std::string& name) {
    return sasl::isPlus(refused) ? sasl::isPlus(name) : name.starts_with("SCRAM-");
  });
  return names;
}

// Whether the refusal is not about the password: it comes before the server has answered to the mechanism,
// or, behind a binding, without the code of RFC 5530 for a wrong password.
bool isAboutMechanism(const StatusResponse& status, const sasl::Conversation& conversation) {
  if (status.condition == Condition::ok || isTemporary(status.what)) return false;
  return !conversation.heard() || (sasl::isPlus(conversation.name()) && status.what.code.empty());
}

sasl::Credentials credentialsFor(Dialogue& server, const settings::Net& settings, const Occasion& to) {
  sasl::Credentials credentials{.username = settings.username,
                                .password = settings.password.reveal(),
                                .authzid = settings.authzid,
                                .bindings = server.channelBindings(),
                                .host = settings.host,
                                .port = settings.port,
                                .certificate = showsCertificate(settings)};
  if (quirkHasNoExporter(to.greeting))
    std::erase_if(credentials.bindings, [](const ChannelBinding& it) { return it.type == "tls-exporter"; });
  return credentials;
}

// What a server means by -PLUS is one kind of binding, and it does not say which: if it refuses the first it
// is asked with the next. Servers offer, too, what they cannot do: where passwords are kept as hashes SCRAM
// is impossible. Then the next kind is tried, unless somebody said which mechanism it is to be.
Attempt authenticate(Dialogue& server, const settings::Net& settings, const Occasion& to, bool clear) {
  const Capabilities& capabilities = to.capabilities;
  auto names = wanted(settings, clear);
  sasl::Credentials credentials = credentialsFor(server, settings, to);
  while (true) {
    auto mechanism = sasl::choose(offered(capabilities), names, credentials);
    if (!mechanism) nothingToChoose(capabilities, names, clear, settings.least);
    std::string name(mechanism->name());
    server.passed("mechanisms", "Mechanisms offered: " + joined(offered(capabilities)) + "; used: " + name,
                  {{"offered", joined(offered(capabilities))}, {"used", name}});
    if (clear && sasl::givesAway(name))
      server.log(LogLevel::warning, "Sending the password to " + settings.host + " without encryption");
    bool oneFlight = isOneFlight(name, settings, to);
    if (name == "LOGIN") return {sayLogin(server, settings), name, {}, oneFlight};
    sasl::Conversation conversation(std::move(mechanism));
    StatusResponse status = sayAuthenticate(server, conversation, to);
    bool next = isAboutMechanism(status, conversation);
    if (next && sasl::isPlus(name) && credentials.bindings.size() > 1) {
      credentials.bindings.erase(credentials.bindings.begin());
      continue;
    }
    auto weaker = weakerThan(name, names);
    if (!next || !settings.auth.empty() || !sasl::choose(offered(capabilities), weaker, credentials))
      return {status, name, conversation.reason(), oneFlight};
    names = std::move(weaker);
  }
}

void requireCredentials(const settings::Net& settings) {
  for (auto [key, missing] :
       {std::pair("username", settings.username.empty()),
        std::pair("password", settings.password.empty() && !showsCertificate(settings))})
    if (missing && settings.check)  // why there is none, launch has told
      refuse(ExitStatus::noPermission, std::string("There is no ") + key + " to log in with");
    else if (missing)
      refuse(ExitStatus::config, std::string("Missing option ") + key + ": the server wants a login");
}

// The server may have been asked for what it does not offer any more, or does not like to be asked so early.
void requireForeseen(Dialogue& server, const Occasion& to, const StatusResponse& status) {
  const StatusResponse greeting = server.greeting();
  if (status.condition == Condition::no && greeting.words() == to.greeting.words()) return;
  std::string text = status.words() + ": the login went ahead of the greeting, " + greeting.words() +
                     ". The next one waits for it";
  server.wentAheadInVain(text);
  refuse(ExitStatus::tryAgain, text);
}

// Whether it was one flight.
bool authenticateUser(Dialogue& server, settings::Net& settings, const Occasion& to) {
  bool clear = settings.transport == settings::Transport::imap && !settings.startTls;
  Attempt attempt = authenticate(server, settings, to, clear && !staysHere(settings));
  settings.password.wipe();
  const StatusResponse& status = attempt.status;
  if (status.condition == Condition::ok) {
    server.passed("login", "Logged in as " + settings.username + " by " + attempt.mechanism);
    return attempt.oneFlight;
  }
  if (to.ahead) requireForeseen(server, to, status);
  bool temporary = isTemporary(status.what), token = sasl::takesToken(attempt.mechanism);
  bool stale = !temporary && token && settings.renewable && !settings.renewed;
  std::string where = settings.transport == settings::Transport::tunnel ? "the server behind the tunnel"
                                                                        : settings.host + ":" + settings.port;
  const char* advice = temporary ? ") for now"
                       : stale   ? "). Asking for the access token once more"
                       : token   ? "). See username and password-command, which is to print an access token"
                                 : "). See username and password";
  refuse(temporary ? ExitStatus::tryAgain
         : stale   ? kStale
                   : ExitStatus::noPermission,
         status.words() + (attempt.reason.empty() ? "" : " (" + attempt.reason + ")") + ": " + where +
             " refused the login of " + settings.username + " (" + attempt.mechanism + advice);
}

std::string withoutCode(const RespText& what) {
  auto end = what.text.starts_with('[') ? what.text.find("] ") : std::string::npos;
  return end == std::string::npos ? what.text : what.text.substr(end + 2);
}

// Behind TLS, whose certificate was verified, the login may go ahead of the greeting if that is known from
// the last time, and if nothing but the greeting would be waited for.
std::optional<Occasion> foreseen(Dialogue& server, const settings::Net& settings) {
  bool may =
      settings.transport == settings::Transport::imaps && !settings.check && !settings.username.empty();
  if (!may) return std::nullopt;
  auto greeting = server.foreseen();
  if (!greeting || greeting->what.code != "CAPABILITY") return std::nullopt;
  Occasion to{*greeting, Capabilities::parse(greeting->what.arguments), true};
  auto mechanism =
      sasl::choose(offered(to.capabilities), wanted(settings, false), credentialsFor(server, settings, to));
  may = isImap4(to.capabilities) && mechanism && isOneFlight(mechanism->name(), settings, to);
  return may ? std::optional(to) : std::nullopt;
}

// The connection may have been lost because of it.
bool logInAhead(Dialogue& server, settings::Net& settings, const Occasion& to) try {
  return authenticateUser(server, settings, to);
} catch (const Failure& failure) {
  if (failure.status == ExitStatus::unavailable || failure.status == ExitStatus::protocol)
    server.wentAheadInVain(failure.what());
  throw;
}

// Behind the greeting. Whether it was one flight.
bool logInBehind(Dialogue& server, settings::Net& settings, const StatusResponse& greeting) {
  bool mustEncrypt = settings.transport == settings::Transport::imap && settings.startTls;
  if (greeting.condition == Condition::preauth) {
    // RFC 3501 section 6.2.1: STARTTLS is for the not authenticated state only.
    if (mustEncrypt)
      refuse(ExitStatus::noPermission,
             "PREAUTH greeting on plaintext connection? MiTM in action? Aborting, "
             "set \"STARTTLS = NO\" to ignore.");
    settings.password.wipe();
    requireImap4(server);
    return false;
  }
  if (mustEncrypt) startTls(server);
  requireCredentials(settings);
  requireImap4(server);
  return authenticateUser(server, settings, {greeting, server.capabilities()});
}

}  // namespace

std::string logIn(Dialogue& server, settings::Net& settings) {
  const std::optional<Occasion> to = foreseen(server, settings);
  bool oneFlight = to && logInAhead(server, settings, *to);
  const StatusResponse greeting = server.greeting();
  server.passed("greeting", "Greeting: " + withoutCode(greeting.what));
  if (!to) oneFlight = logInBehind(server, settings, greeting);
  needCapabilities(server);
  bool known = greeting.what.code == "CAPABILITY" && greeting.what.text.size() <= kMostText;
  return oneFlight && known && settings.transport == settings::Transport::imaps ? greeting.what.text : "";
}

}  // namespace interimap
