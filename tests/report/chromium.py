# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that opens pages and says what they did: with Python's standard library alone.

It is told what to do in the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/) through two pipes:
with --remote-debugging-pipe it reads messages from file descriptor 3 and writes them to 4, each one JSON followed by a
NUL byte. Nothing waits without a limit of time, the browser and its profile are gone when the `with` ends, and where it
fails, what it said on its stderr is part of the error.
"""

import base64
import contextlib
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
SECONDS = 30  # of patience with one answer
QUIET_SECONDS = 0.1  # a page that asks for something after it was loaded does so within this time

# No window, no network, no service of its own that would ask for something beside the page.
FLAGS = ("--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
         "--disable-default-apps", "--disable-sync", "--disable-extensions", "--disable-breakpad",
         "--disable-crash-reporter", "--disable-features=Translate,OptimizationHints,MediaRouter",
         "--metrics-recording-only", "--mute-audio", "--no-pings", "--no-proxy-server", "--password-store=basic",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US")


class ChromiumError(Exception):
    """The browser did not do what it was told; the words say what, with the end of its stderr."""


def find_chromium():
    """The program: $PLATEAU_CHROMIUM, or the first of NAMES on the path that answers; None where there is none."""
    wanted = os.environ.get("PLATEAU_CHROMIUM")
    if wanted:
        if not shutil.which(wanted):
            raise ChromiumError(f"PLATEAU_CHROMIUM is {wanted}, and that is no program")
        return shutil.which(wanted)
    for name in NAMES:
        program = shutil.which(name)
        if program and is_chromium(program):
            return program
    return None


def is_chromium(program):
    """Ubuntu has a chromium-browser that only asks for a snap to be installed."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=SECONDS).stdout
        return "Chrom" in said
    return False


class Chromium:
    """with Chromium([program]) as browser: browser.open_page().visit(address_of(file))"""

    def __init__(self, command, seconds=SECONDS):
        self._command, self._seconds = command, seconds
        self._ids, self._answers, self._pages = 0, {}, {}
        self._unread = b""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="plateau-chromium-", ignore_cleanup_errors=True)
        self._stderr = tempfile.TemporaryFile()
        try:
            self._start()
            self.product = self.call("Browser.getVersion")["product"]
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, failure=None, *_):
        if hasattr(self, "_process"):
            if not failure:
                with contextlib.suppress(ChromiumError, subprocess.TimeoutExpired):
                    self.call("Browser.close", seconds=2)
                    self._process.wait(2)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # and whatever it started
            self._process.wait()
            os.close(self._to)
            os.close(self._from)
        self._stderr.close()
        self._folder.cleanup()

    def _start(self):
        their_from, self._to = os.pipe()
        self._from, their_to = os.pipe()
        # Four descriptors are open, so what subprocess opens lies above 4; moved up, ours are not in the way either.
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (their_from, their_to)]
        os.close(their_from)
        os.close(their_to)
        os.set_blocking(self._to, False)

        def take_places():
            os.dup2(theirs[0], 3)
            os.dup2(theirs[1], 4)

        home = self._folder.name
        flags = [*FLAGS, f"--user-data-dir={home}/profile", "about:blank"]
        if os.geteuid() == 0:  # for root it has no sandbox
            flags.insert(0, "--no-sandbox")
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        try:
            self._process = subprocess.Popen([*self._command, *flags], stdin=subprocess.DEVNULL, stdout=self._stderr,
                                             stderr=self._stderr, env=environment, start_new_session=True,
                                             close_fds=False, preexec_fn=take_places)
        except OSError as error:
            os.close(self._to)
            os.close(self._from)
            raise ChromiumError(f"{self._command[0]} does not start: {error.strerror}") from error
        finally:
            for end in theirs:
                os.close(end)

    # ---- Messages ----------------------------------------------------------------------------------------------------

    def call(self, method, parameters=None, session=None, seconds=None):
        """The answer to a command. What happens meanwhile is told to the pages."""
        number = self.post(method, parameters, session)
        limit = seconds or self._seconds
        self.wait(lambda: number in self._answers, limit, f"no answer to {method} within {limit} s")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise self.error(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def post(self, method, parameters=None, session=None):
        self._ids += 1
        message = {"id": self._ids, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        self._write(json.dumps(message).encode() + b"\0")
        return self._ids

    def wait(self, done, seconds, words):
        """Takes messages until done() or, where there are no words for being late, until the time is over."""
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left > 0 and self._read(left):
                continue
            if words:
                raise self.error(words)
            return

    def _write(self, data):
        end = time.monotonic() + self._seconds
        while data:
            if not select.select([], [self._to], [], max(0, end - time.monotonic()))[1]:
                raise self.error("it does not read its messages")
            try:
                data = data[os.write(self._to, data):]
            except BrokenPipeError:
                raise self.error("it has ended") from None

    def _read(self, seconds):
        if not select.select([self._from], [], [], seconds)[0]:
            return False
        got = os.read(self._from, 1 << 20)
        if not got:
            raise self.error("it has ended")
        *whole, self._unread = (self._unread + got).split(b"\0")
        for message in map(json.loads, whole):
            if "id" in message:
                self._answers[message["id"]] = message
            elif message.get("sessionId") in self._pages:
                self._pages[message["sessionId"]].notice(message["method"], message["params"])
        return True

    def error(self, words):
        self._stderr.seek(0)
        said = self._stderr.read().decode(errors="replace").splitlines()[-20:]
        return ChromiumError("\n  ".join([f"{self._command[0]}: {words}; its stderr:", *(said or ["(nothing)"])]))

    def open_page(self):
        """An empty page. One page for several visits is three times as fast as one for each."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network", "Inspector"):
            page.call(f"{domain}.enable")
        page.call("Page.setLifecycleEventsEnabled", {"enabled": True})
        return page


class Page:
    """What the page of the last visit did stands in `troubles` (sentences: errors on the console, exceptions, dialogs)
    and `requests` (addresses of all that it asked for, but itself and data:)."""

    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.troubles, self.requests = [], []
        self._address, self._loaded = None, set()

    def call(self, method, parameters=None, **options):
        return self.browser.call(method, parameters, session=self.session, **options)

    def emulate(self, width, height=900, scheme="light", media="screen", scale=1):
        """Sizes in CSS pixels; below 600 it is a phone. scheme: light or dark; media: screen or print."""
        self.call("Emulation.setDeviceMetricsOverride",
                  {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600})
        self.call("Emulation.setEmulatedMedia",
                  {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def visit(self, address):
        """Opens the address; returns the seconds from the start of the navigation until it was loaded and drawn."""
        self._go("about:blank")  # what the page before still says is its own
        self.troubles, self.requests = [], []
        self._go(address)
        # The frame after the next one begins when the one with the whole page was made.
        drawn = self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => "
                              "done(Math.max(performance.now(), ...performance.getEntriesByType('paint').map("
                              "paint => paint.startTime))))))")
        self.browser.wait(lambda: False, QUIET_SECONDS, None)
        return drawn / 1000

    def _go(self, address):
        self._address = address
        went = self.call("Page.navigate", {"url": address})
        if went.get("errorText"):
            raise ChromiumError(f"{address}: {went['errorText']}")
        # Told by the number of its loading: the page before may be late.
        self.browser.wait(lambda: went["loaderId"] in self._loaded, SECONDS,
                          f"{address} is not loaded within {SECONDS} s")

    def evaluate(self, expression):
        """The value of a JavaScript expression, or of the promise that it is."""
        answer = self.call("Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
        if "exceptionDetails" in answer:
            raise ChromiumError(f"{self._address}: {words_of_exception(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    def screenshot(self):
        """The whole page, also what lies below the window, as the bytes of a PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
        answer = self.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip})
        return base64.b64decode(answer["data"])

    def pdf(self):
        """The page as it is printed on A4, as the bytes of a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})["data"])

    def notice(self, method, event):
        """One event of the protocol."""
        if method == "Page.lifecycleEvent" and event["name"] == "load":
            self._loaded.add(event["loaderId"])
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
            said = " ".join(str(part.get("value", part.get("description", part["type"]))) for part in event["args"])
            self.troubles.append(f"console {event['type']}: {said}")
        elif method == "Runtime.exceptionThrown":
            self.troubles.append(f"exception: {words_of_exception(event['exceptionDetails'])}")
        elif method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):
            entry = event["entry"]
            about = f" ({entry['url']})" if entry.get("url") not in (None, self._address) else ""
            self.troubles.append(f"console {entry['level']}: {entry['text']}{about}")
        elif method == "Network.requestWillBeSent":
            self._requested(event["request"]["url"])
        elif method == "Network.webSocketCreated":
            self._requested(event["url"])
        elif method == "Page.javascriptDialogOpening":
            self.troubles.append(f"dialog: {event['type']} {event['message']!r}")
            self.browser.post("Page.handleJavaScriptDialog", {"accept": True}, self.session)
        elif method == "Inspector.targetCrashed":
            raise self.browser.error(f"{self._address}: the page crashed")

    def _requested(self, address):
        if address != self._address and not address.startswith(("data:", "about:")):
            self.requests.append(address)


def words_of_exception(details):
    thrown = details.get("exception", {})
    return (thrown.get("description") or str(thrown.get("value", details["text"]))).splitlines()[0]


def address_of(path):
    return pathlib.Path(path).resolve().as_uri()
