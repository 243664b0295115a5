// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_scene.h"

#include <algorithm>
#include <utility>

#include "ipc/failure.h"

namespace interimap {

namespace {

std::string bodyAt(const Descriptor& bodies, BodyRange range) {
  std::string body(range.size, '\0');
  return pread(bodies.get(), body.data(), body.size(), static_cast<off_t>(range.offset)) >= 0 ? body : "";
}

// Waiting lets the simulated peers do their work.
class SceneExchange final : public Exchange {
 public:
  SceneExchange(PullScene& scene, Reporter& reporter, Channel& launch)
      : Exchange(reporter), scene_(scene), launch_(launch) {}

  void turn() override {
    step();
    Exchange::turn();
  }
  void pause(std::chrono::milliseconds duration, const std::function<bool()>& until) override {
    step();
    Exchange::pause(std::chrono::milliseconds(1), until);
    if (until && until()) return;
    scene_.now += std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    if (scene_.settings.errand != settings::Pull::Errand::idle) return;
    scene_.onPause(scene_.pauses);
    if (scene_.pauses-- == 0) throw Stopped();
  }
  void step() {
    launch_.flush();
    while (auto packet = launch_.receive()) take(readReport(std::move(*packet)));
    scene_.server.step();
    scene_.sink.step();
  }

 private:
  void take(const Report& report) {
    if (auto* line = std::get_if<LogLine>(&report.what)) {
      const char* levels[] = {"info", "notice", "warning", "error", "debug"};
      scene_.log.push_back(std::string(levels[static_cast<int>(line->level)]) + " " + line->mailbox + ": " +
                           line->text);
    } else if (auto* pulled = std::get_if<Pulled>(&report.what)) {
      scene_.pulled.push_back(*pulled);
    } else if (std::holds_alternative<WantsDeliverer>(report.what)) {
      auto [ours, theirs] = Channel::pair();
      scene_.sink.connect(Channel(std::move(theirs)));
      launch_.send(pack(Order{Deliverer{}, std::move(ours)}));
    }
  }

  PullScene& scene_;
  Channel& launch_;
};

}  // namespace

void SceneSink::connect(Channel channel) {
  channel_.emplace(std::move(channel));
  ++connections;
  settled_ = 0;
  over_ = false;
}

void SceneSink::step() {
  if (!channel_ || holds) return;
  try {
    channel_->flush();
    while (!over_) {
      auto packet = channel_->receive();
      if (!packet) break;
      DeliveryRequest request = readDeliveryRequest(std::move(*packet));
      if (std::holds_alternative<deliver::Quit>(request.what)) {
        sawQuit = over_ = true;
        channel_->send(pack(DeliveryAnswer{request.id, deliver::Closed{}}));
      } else {
        over_ = !deliver(request);
      }
    }
  } catch (const PeerGone&) {
    over_ = true;
    channel_.reset();
  }
  if (over_ && channel_ && !channel_->sending()) channel_.reset();
}

bool SceneSink::deliver(DeliveryRequest& request) {
  auto& window = std::get<deliver::Window>(request.what);
  for (std::uint32_t i = 0; i < window.messages.size(); ++i) {
    if (closesAfter && settled_ >= *closesAfter) {
      channel_->send(pack(DeliveryAnswer{0, deliver::Closed{"connection lost", closedWith}}));
      return false;
    }
    deliver::Settled settled{i, {}};
    std::string body = bodyAt(request.bodies, window.messages[i].body);
    if (losing(body)) {
      deliver::Outcome lost{Kind::deferred, deliver::Outcome::Stage::data, 0, std::nullopt, "words"};
      settled.outcomes.assign(window.forwardPaths.size(), lost);
      channel_->send(pack(DeliveryAnswer{request.id, std::move(settled)}));
      channel_->send(pack(DeliveryAnswer{0, deliver::Closed{"words", closedWith}}));
      return false;
    }
    for (const ForwardPath& recipient : window.forwardPaths) {
      Kind kind = fate(body, recipient.text());
      if (kind == Kind::delivered || kind == Kind::unknown) received.emplace_back(body, recipient.text());
      if (kind == Kind::delivered) onDelivered(body);
      auto [refusedWith, status] = refusal(window.messages[i].reversePath.text());
      auto code = static_cast<std::uint16_t>(kind == Kind::delivered  ? 250
                                             : kind == Kind::deferred ? 451
                                             : kind == Kind::refused  ? refusedWith
                                                                      : 0);
      bool refused = kind == Kind::refused;
      settled.outcomes.push_back({kind,
                                  refused ? deliver::Outcome::Stage::mail : deliver::Outcome::Stage::end,
                                  code, refused ? status : std::nullopt, "words"});
    }
    if (diesAfter && settled_ >= *diesAfter) return false;  // delivered, and nobody is told
    ++settled_;
    channel_->send(pack(DeliveryAnswer{request.id, std::move(settled)}));
  }
  channel_->send(pack(DeliveryAnswer{request.id, deliver::Done{}}));
  return true;
}

std::size_t SceneSink::count(const std::string& body) const {
  return static_cast<std::size_t>(
      std::ranges::count(received, body, [](const auto& each) { return each.first; }));
}

ExitStatus PullScene::run(int stopAtWrite, bool stopAfter) {
  log.clear();
  pulled.clear();
  killed = false;
  settings.stateDirectory = scratch.path();
  settings.stateName = "db";
  auto [ours, theirs] = Channel::pair();
  auto [net, netTheirs] = Channel::pair();
  Reporter reporter{Channel(std::move(ours))};
  Channel launch(std::move(theirs));
  server.connect(Channel(std::move(netTheirs)));
  SceneExchange exchange(*this, reporter, launch);
  Log sayings(reporter);
  Seam seam(static_cast<std::uint32_t>(stopAtWrite), stopAfter, [] { throw Killed(); });
  ExitStatus status = ExitStatus::ok;
  try {
    store::PullState state(settings.stateDirectory, settings.stateName, true, {settings.mailboxes.front()},
                           [&](const char*, bool after) { after ? seam.after() : seam.before(); });
    Server remote(Side::remote, Channel(std::move(net)), exchange, seam);
    Pull(settings, remote, exchange, reporter, sayings, seam, state, [&] { return now; }).run();
    status = sayings.status();
  } catch (const Killed&) {
    killed = true;
    sink.step();  // delivery goes on with what it has
  } catch (const Stopped&) {
  } catch (const Failure& failure) {
    sayings.error(About::run(), failure.what(), failure.status);
    status = failure.status;
  }
  exchange.step();
  server.disconnect();
  sink.disconnect();
  return status;
}

bool PullScene::said(const std::string& text) const { return saidTimes(text) != 0; }

std::size_t PullScene::saidTimes(const std::string& text) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      log, [&](const std::string& line) { return line.find(text) != std::string::npos; }));
}

void PullScene::withState(const std::function<void(store::PullState&)>& look) {
  store::PullState state(scratch.path(), "db", true, {settings.mailboxes.front()});
  look(state);
}

}  // namespace interimap
