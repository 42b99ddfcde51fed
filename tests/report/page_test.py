# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Opens reports in a headless Chromium, as a phone and as a desk sees them, light and dark, and as they are printed,
and says what is wrong: errors on the console, requests to anywhere, and all that page_checks.js finds.

Usage: python3 page_test.py [OPTION...] FILE.html...    one line per violation; exit code 1 with any
       python3 page_test.py --self-test                 pages with planted violations: each is found, and nothing else
Exit code 77: there is no Chromium here ($PLATEAU_CHROMIUM, else chromium, chromium-browser or google-chrome).
"""

import argparse
import json
import pathlib
import signal
import sys

import chromium

CHECKS = pathlib.Path(__file__).with_name("page_checks.js")
A4 = 718  # px between the margins that Chromium prints with
LOOKS = {
    "390 light": {"width": 390, "height": 844},
    "390 dark": {"width": 390, "height": 844, "scheme": "dark"},
    "1280 light": {"width": 1280},
    "1280 dark": {"width": 1280, "scheme": "dark"},
    "print": {"width": A4, "media": "print"},
}


def look_at(page, file, look, minimum_charts, picture=None):
    """(seconds to open, sentences about what is wrong, charts). Where there is a `picture`, the page is drawn there."""
    page.emulate(**LOOKS[look])
    seconds = page.visit(chromium.address_of(file))
    if picture:
        picture.with_suffix(".png").write_bytes(page.screenshot())
    sentences = []
    if look == "print":
        pdf = page.pdf()
        if not (pdf.startswith(b"%PDF-") and b"/Type /Page" in pdf):
            sentences.append("it is not printed")
        if picture:
            picture.with_suffix(".pdf").write_bytes(pdf)
    window = {"width": LOOKS[look]["width"], "minimumCharts": minimum_charts, "onPaper": look == "print"}
    seen = page.evaluate(f"({CHECKS.read_text()})({json.dumps(window)})")
    sentences += [*page.troubles, *(f"it asks for {address}" for address in page.requests), *seen["sentences"]]
    return seconds, list(dict.fromkeys(sentences)), seen["charts"]


def judge(page, file, looks=tuple(LOOKS), minimum_charts=1, within=None, max_bytes=None, pictures=None):
    """({sentence: the looks that it holds for}, a sentence about what was seen)."""
    violations, times, charts = {}, [], 0
    for look in looks:
        picture = pictures and pictures.with_name(f"{pictures.name}-{look.replace(' ', '-')}.png")
        seconds, sentences, charts = look_at(page, file, look, minimum_charts, picture)
        times.append(seconds)
        for sentence in sentences:
            violations.setdefault(sentence, []).append(look)
    # The fastest: what makes the others slower is this machine's other work.
    if within is not None and min(times) > within:
        violations[f"it opens in {min(times):.2f} s, and should within {within:g} s"] = list(looks)
    size = file.stat().st_size
    if max_bytes is not None and size > max_bytes:
        violations[f"it has {size} bytes, and should have {max_bytes} at most"] = list(looks)
    return violations, f"{charts} charts, {size / 1e6:.2f} MB, opens in {min(times):.2f} s"


def words_of(looks, violation_looks):
    return "" if list(violation_looks) == list(looks) else f" [{', '.join(violation_looks)}]"


def picture_names(files):
    """The files' stems; those of the same stem with their folder's name."""
    stems = [file.stem for file in files]
    return [file.stem if stems.count(file.stem) == 1 else f"{file.resolve().parent.name}-{file.stem}" for file in files]


def check_files(program, options):
    wrong = False
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    with chromium.Chromium([program]) as browser:
        page = browser.open_page()
        for file, name in zip(options.files, picture_names(options.files)):
            violations, summary = judge(page, file, minimum_charts=options.charts, within=options.within,
                                        max_bytes=options.max_bytes,
                                        pictures=options.screenshots and options.screenshots / name)
            for sentence, looks in violations.items():
                print(f"{file}{words_of(LOOKS, looks)}: {sentence}")
            print(f"{file}: {summary}; {len(violations) or 'no'} violations", file=sys.stderr)
            wrong = wrong or bool(violations)
    return 1 if wrong else 0


def parse():
    parser = argparse.ArgumentParser(prog="page_test.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path, metavar="FILE.html")
    parser.add_argument("--self-test", action="store_true", help="pages with planted violations instead")
    parser.add_argument("--screenshots", type=pathlib.Path, metavar="DIR",
                        help="write FILE-390-dark.png and so on there, and FILE-print.pdf")
    parser.add_argument("--within", type=float, metavar="SECONDS", help="the time from navigation until all is drawn")
    parser.add_argument("--max-bytes", type=int, metavar="N", help="of each file")
    parser.add_argument("--charts", type=int, default=1, metavar="N", help="in each file at least (default 1)")
    options = parser.parse_args()
    if bool(options.files) == options.self_test:
        parser.error("FILE.html... or --self-test")
    for file in options.files:
        if not file.is_file():
            parser.error(f"{file}: no such file")
    return options


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the browser is ended here too
    options = parse()
    try:
        program = chromium.find_chromium()
        if not program:
            print("skipped: there is no Chromium; apt-get install chromium, or set PLATEAU_CHROMIUM to its program")
            return 77
        if options.self_test:
            import planted_pages
            return planted_pages.self_test(program, judge)
        return check_files(program, options)
    except chromium.ChromiumError as error:
        if "No usable sandbox" in str(error):  # a container that lets nobody but root start one
            print(f"skipped: Chromium may not be run here: {error}")
            return 77
        print(f"page_test.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
