# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""The self-test of page_test.py: a sound page, and the same with one thing wrong each, which must be found by its words
and as the only one. And the browser itself: one that is missing, that ends, and that never answers."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import chromium

SOUND = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sound</title>
<style>
  :root { color-scheme: light dark; --ink: #222; --pale: #666; --paper: #fff; }
  @media (prefers-color-scheme: dark) { :root { --ink: #ddd; --pale: #999; --paper: #181818; } }
  body { margin: 0 auto; padding: 12px; max-width: 900px; font: 16px sans-serif; color: var(--ink); }
  body { background: var(--paper); }
  svg { display: block; width: 100%; max-width: 640px; height: auto; font: 13px sans-serif; }
  svg text { fill: var(--ink); } svg .mark { fill: #0072b2; } svg .frame { fill: none; stroke: var(--pale); }
  .scroll { overflow-x: auto; } @media screen { .scroll table { width: 1500px; } }
  td:first-child { position: sticky; left: 0; width: 100px; }
  .heard { position: absolute; width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
</style>
</head>
<body>
<h1 id="top">Verdict</h1>
<p class="first">More rows would move it. <a href="#accuracy">The chart</a></p>
<p class="heard">For who listens, a sentence that is far longer than a pixel</p>
<svg id="accuracy" class="plateau-chart" role="img" viewBox="0 0 440 200" xmlns="http://www.w3.org/2000/svg">
  <title>Accuracy</title><desc>It rises from 0.5 to 0.8.</desc>
  <rect class="frame" x="60" y="30" width="360" height="130"/>
  <path class="frame" d="M60 150 L420 40"/>
  <rect class="mark" x="200" y="60" width="60" height="40"/>
  <text x="230" y="85" text-anchor="middle" style="fill: #fff">0.71</text>
  <text x="60" y="20">Test accuracy</text>
  <text x="240" y="190" text-anchor="middle">epoch</text>
  <text transform="translate(20 95) rotate(-90)" text-anchor="middle">accuracy (%)</text>
  <text transform="translate(300 150) rotate(-45)">aslant</text>
  <text transform="translate(316 150) rotate(-45)">beside</text>
</svg>
<div class="scroll"><table><tr><td>a wide table</td><td>in its own room</td></tr></table></div>
<details><summary>More</summary><p>Folded away.</p></details>
<img alt="" src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7">
</body>
</html>
"""
NOWHERE = "http://nowhere.invalid/"


def in_body(text):
    return lambda page: page.replace("</body>", text + "\n</body>")


def in_head(text):
    return lambda page: page.replace("</head>", text + "\n</head>")


def in_chart(text):
    return lambda page: page.replace("</svg>", text + "\n</svg>")


def style(css):
    return in_head(f"<style>{css}</style>")


def instead(old, new):
    def change(page):
        assert old in page, old
        return page.replace(old, new, 1)
    return change


# Name, change of the sound page, words of what is found: every sentence has one of them, and each is in a sentence.
PHONE = ("390 light",)
PLANTED = [
    ("a console error", in_body("<script>console.error('planted', 7)</script>"), ["console error: planted 7"]),
    ("an exception", in_body("<script>throw new RangeError('planted')</script>"), ["exception: RangeError: planted"]),
    ("a broken promise", in_body("<script>Promise.reject(new Error('planted'))</script>"),
     ["exception: Error: planted"]),
    ("a dialog", in_body("<script>alert('planted')</script>"), ["dialog: alert 'planted'"]),
    ("an image from elsewhere", in_body(f"<img alt='' src='{NOWHERE}a.png'>"),
     [f"it asks for {NOWHERE}a.png", f'<img> src leads out of the file: "{NOWHERE}a.png"', f"({NOWHERE}a.png)"]),
    ("a fetch after it was loaded", in_body(f"<script>onload = () => setTimeout(() => fetch('{NOWHERE}late')."
                                            "catch(() => 0), 20)</script>"),
     [f"it asks for {NOWHERE}late", f"({NOWHERE}late)"]),
    ("a socket", in_body("<script>new WebSocket('ws://nowhere.invalid/s')</script>"),
     ["it asks for ws://nowhere.invalid/s", "console error: WebSocket"]),
    ("a font from a file", style("@font-face { font-family: Planted; src: url(file:///nowhere.woff2) }"
                                 "body { font-family: Planted, sans-serif }"),
     ["it asks for file:///nowhere.woff2", '<style> leads out of the file: "file:///nowhere.woff2"',
      "(file:///nowhere.woff2)"]),
    ("a link to elsewhere", in_body(f"<p><a href='{NOWHERE}'>there</a></p>"),
     [f'<a> href leads out of the file: "{NOWHERE}"']),
    ("an anchor to nothing", instead("#accuracy", "#precision"), ["leads to #precision, which is not in the page"]),
    ("a fill that is not there", in_chart('<rect fill="url(#hatch)" x="70" y="40" width="9" height="9"/>'),
     ["<rect> fill leads to #hatch, which is not in the page"]),
    ("links to many places", in_body("".join(f"<a href='{NOWHERE}{i}'>there</a> " for i in range(10))),
     [f'<a> href leads out of the file: "{NOWHERE}', "2 more like: <a> href"]),
    ("an id twice", in_body("<p id='top'>again</p>"), ['the id "top" stands twice']),
    ("no language", instead(' lang="en"', ""), ["has no lang"]),
    ("no title", instead("<title>Sound</title>", ""), ["the document has no title"]),
    ("no doctype", instead("<!DOCTYPE html>", ""), ["has no doctype"]),
    ("no encoding", instead('<meta charset="utf-8">', ""), ["does not say that it is UTF-8"]),
    ("a page that leaves", in_head('<meta http-equiv="refresh" content="60">'), ["leads elsewhere by base or refresh"]),
    ("an import", style("@import 'nowhere.css';"), ["<style> has an @import", "it asks for file:///", "(file:///"]),
    ("no viewport", instead('<meta name="viewport" content="width=device-width, initial-scale=1">', ""),
     ["no viewport meta", "wider than the window", "reaches out of the window"]),
    ("no chart", lambda page: page[:page.index("<svg")] + page[page.index("</svg>") + 6:],
     ["there are 0 charts", "leads to #accuracy"]),
    ("a chart that is not displayed", style("svg { display: none !important }"), ['chart "Accuracy": is not shown']),
    ("a chart folded away", lambda page: page.replace("<svg", "<details><summary>s</summary><svg").replace(
        "</svg>", "</svg></details>"), ['chart "Accuracy": is not shown']),
    ("a transparent chart", style("svg { opacity: 0.05 }"), ['chart "Accuracy": is transparent', "has a contrast of"]),
    ("a covered chart", in_body("<div style='position: absolute; left: 0; top: 0; width: 100%; height: 300px; "
                                "pointer-events: none; background: #888'></div>"), ["is covered by <div>"]),
    ("a small chart", style("svg { width: 150px !important }"), ["is 150 x 68 px, and needs 200 x 80", "px high"]),
    ("a chart wider than a phone", style("svg { width: 600px !important; max-width: none !important }"),
     ["reaches out of the window: from 12 to 612", "the page is 222 px wider than the window, by <svg#accuracy"]),
    ("a chart cut off", lambda page: page.replace("<svg", "<div style='height: 100px; overflow: hidden'><svg").replace(
        "</svg>", "</svg></div>"), ["is cut off by <div>"]),
    ("a chart without a title", instead("<title>Accuracy</title>", ""), ["chart 1: has no <title>"]),
    ("a chart without a description", instead("<desc>It rises from 0.5 to 0.8.</desc>", ""), ["has no <desc>"]),
    ("a chart without a viewBox", instead('viewBox="0 0 440 200"', 'style="height: 200px"'), ["has no viewBox"]),
    ("a chart of nothing", lambda page: page[:page.index('  <rect class="frame"')] + page[page.index("</svg>"):],
     ["shows nothing"]),
    ("a text outside of its drawing", in_chart('<text x="400" y="100">far too long</text>'),
     ['text "far too long" lies outside of the drawing: x 400,']),
    ("a turned text outside of its drawing",
     in_chart('<text transform="translate(435 10) rotate(-90)" text-anchor="middle">upright</text>'),
     ['text "upright" lies outside of the drawing']),
    ("a text of no size", in_chart('<text x="70" y="100" style="font-size: 0">gone</text>'),
     ['text "gone" has no size']),
    ("two texts on one another", in_chart('<text x="62" y="23">Planted</text>'),
     ['texts "Test accuracy" and "Planted" overlap by']),
    ("small text in a chart", in_chart('<text x="270" y="125" style="font-size: 9px">tiny</text>'),
     ['text "tiny" is 7.5 px high, and needs 8.5']),
    ("pale text on a mark", instead('style="fill: #fff"', 'style="fill: #000"'), ['text "0.71" has a contrast of 4.']),
    ("text cut off", in_body("<div style='width: 80px; overflow: hidden; white-space: nowrap'>longer than that</div>"),
     ['text "longer than that" is cut off by <div>', "px of its content"]),
    ("text with an ellipsis", in_body("<div style='width: 80px; overflow: hidden; white-space: nowrap; "
                                      "text-overflow: ellipsis'>longer than that</div>"), ["<div>", "of its content"]),
    ("text cut off below", in_body("<details><summary>s</summary><div style='height: 12px; overflow: hidden'>two"
                                   "<br>lines</div></details>"), ['text "lines" is cut off by <div>']),
    ("text beside the page", in_body("<p style='position: absolute; left: -500px'>away</p>"),
     ['text "away" lies off the page']),
    ("a table without room of its own", in_body("<table style='width: 700px'><tr><td>wide</table>"),
     ["the page is 322 px wider than the window, by <td>"]),
    ("a caption as wide as its table", instead("<tr><td>a wide", "<caption style='text-align: right'>far to the right"
                                               "</caption><tr><td>a wide"), ['"far to the right" is wider than its room']),
    ("a table whose first column goes away", style("td:first-child { position: static !important }"),
     ['the first column, with "a wide table", is scrolled out of view']),
    ("a box that scrolls undeclared", instead('<div class="scroll">', '<div style="overflow-x: auto; width: 200px">'
                                              '<div style="width: 300px">wide</div></div><div class="scroll">'),
     ["scrolls sideways by 100 px and is not declared as .scroll"]),
    ("ink on a dark window", style(":root { color-scheme: dark; --ink: #333 } body { background: none }"),
     ["has a contrast of 1."]),
    ("pale text", style(".first { opacity: 0.5 }"), ['text "More rows would move it." has a contrast of',
                                                     'text "The chart" has a contrast of']),
]


def differences(name, got, words):
    """What a page's violations lack, and have too many of."""
    for expected in words:
        if not any(expected in sentence for sentence in got):
            yield f"{name}: nothing says {expected!r}"
    for sentence in got:
        if not any(expected in sentence for expected in words):
            yield f"{name}: nobody planted {sentence!r}"


def planted_problems(page, judge, file):
    for name, change, words in PLANTED:
        if change(SOUND) == SOUND:
            yield f"{name}: the page is as it was"
        file.write_text(change(SOUND))
        yield from differences(name, judge(page, file, looks=PHONE)[0], words)


def looks_problems(page, judge, file):
    """The sound page, and what is wrong in one look only, or about the file."""
    file.write_text(SOUND)
    yield from differences("the sound page", judge(page, file, within=10, max_bytes=9000)[0], [])

    dark = "@media (prefers-color-scheme: dark) { .first { color: #444 } svg text { fill: #444 } a { color: #9cf } }"
    file.write_text(style(dark)(SOUND))
    violations, _ = judge(page, file)
    yield from differences("pale in the dark", violations,
                           ['text "More rows would move it." has a contrast of', 'chart "Accuracy": text '])
    if any(looks != ["390 dark", "1280 dark"] for looks in violations.values()):
        yield f"pale in the dark: {violations}"

    file.write_text(style("svg { width: 600px !important }")(SOUND).replace("max-width: 640px;", ""))
    violations, _ = judge(page, file, looks=("390 dark", "1280 light"))
    if not violations or any(looks != ["390 dark"] for looks in violations.values()):
        yield f"too wide for a phone: {violations}"

    file.write_text(style("@media print { svg { display: none !important } }")(SOUND))
    violations, _ = judge(page, file, looks=("390 light", "print"))
    if violations != {'chart "Accuracy": is not shown': ["print"]}:
        yield f"not printed: {violations}"

    file.write_text(SOUND.replace("@media screen", "@media all"))
    violations, _ = judge(page, file, looks=("1280 light", "print"))
    yield from differences("a table wider than paper", violations, ["is wider than paper by 806 px"])

    busy = "<script>const end = performance.now() + 700; while (performance.now() < end);</script>"
    file.write_text(in_body(busy)(SOUND))
    yield from differences("a slow script", judge(page, file, looks=PHONE, within=0.6)[0], ["and should within 0.6 s"])
    yield from differences("a large file", judge(page, file, looks=PHONE, max_bytes=1000)[0], ["should have 1000 at"])


def picture_problems(page, judge, folder):
    file = folder / "page.html"
    file.write_text(SOUND)
    judge(page, file, looks=("390 dark", "print"), pictures=folder / "page")
    for name, begin in (("page-390-dark.png", b"\x89PNG"), ("page-print.png", b"\x89PNG"),
                        ("page-print.pdf", b"%PDF-")):
        if not (folder / name).is_file() or not (folder / name).read_bytes().startswith(begin):
            yield f"{name} is not written"
    png = (folder / "page-390-dark.png").read_bytes()  # its width and height follow on the name of its first chunk
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    if width != 390 or not 844 <= height < 1200:
        yield f"the picture of a phone has {width} x {height} pixels"


def browser_problems(folder):
    """Browsers that fail do so with their own words, in time, and without a process left."""
    for name, script, expected in (("ends", "echo no display here >&2; exit 3", ["it has ended", "no display here"]),
                                   ("sleeps", "echo waiting >&2; sleep 60", ["within 0.5 s", "waiting"])):
        begin = time.monotonic()
        try:
            with chromium.Chromium(["/bin/sh", "-c", script], seconds=0.5):
                yield f"a browser that {name}: it went well"
        except chromium.ChromiumError as error:
            yield from (f"a browser that {name}: {error}" for words in expected if words not in str(error))
        if time.monotonic() - begin > 10:
            yield f"a browser that {name}: it took {time.monotonic() - begin:.1f} s"
    for environment, code, words in (({"PATH": str(folder)}, 77, "skipped: there is no Chromium"),
                                     ({"PLATEAU_CHROMIUM": str(folder / "none")}, 1, "and that is no program")):
        ran = subprocess.run([sys.executable, "-B", pathlib.Path(__file__).with_name("page_test.py"), "--self-test"],
                             env={**os.environ, "PLATEAU_CHROMIUM": "", **environment}, capture_output=True, text=True)
        if ran.returncode != code or words not in ran.stdout + ran.stderr:
            yield f"{environment}: exit code {ran.returncode}, {ran.stdout}{ran.stderr}"


def self_test(program, judge):
    """The exit code of `page_test.py --self-test`."""
    problems = []
    with tempfile.TemporaryDirectory(prefix="plateau-pages-") as name:
        folder = pathlib.Path(name)
        problems += browser_problems(folder)
        with chromium.Chromium([program]) as browser:
            page = browser.open_page()
            problems += planted_problems(page, judge, folder / "page.html")
            problems += looks_problems(page, judge, folder / "page.html")
            problems += picture_problems(page, judge, folder)
            print(f"{browser.product}: {len(PLANTED)} pages with something planted, {len(problems)} problems")
    for problem in problems:
        print(problem)
    return 1 if problems else 0
