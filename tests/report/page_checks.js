// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Runs inside a report in a browser and returns what is wrong with how it looks, one sentence each: charts that nobody
// sees, text outside of its drawing, on top of other text, cut off, too small or too pale, a page wider than the
// window, a wide table whose caption or first column is out of sight, and references to anything outside of the file.
// `width` is that of the window in CSS pixels (a phone's window grows with what is in it), `minimumCharts` how many
// charts are expected, `onPaper` that nothing can be scrolled. It changes the page, so pictures are taken before.
// Contrast as WCAG 2.2 defines it, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio, levels of 1.4.3.
(function pageChecks(expected) {
  "use strict";
  const { width, minimumCharts, onPaper } = expected;

  const kChartWidth = 200, kChartHeight = 80;  // px, at least
  const kTextHeight = 8.5;                     // px, of a chart's text at least
  const kOverlap = 0.2;                        // of the smaller of two texts' boxes, at most
  const kContrast = 4.5, kContrastOfLarge = 3;
  const kOfAKind = 8;  // sentences, then only their number

  const found = new Map();
  const complain = (kind, words) => {
    if (!found.has(kind)) found.set(kind, new Set());
    found.get(kind).add(words);
  };

  // ---- Words --------------------------------------------------------------------------------------------------------

  const quoted = (text) => {
    const plain = text.replace(/\s+/g, " ").trim();
    return `"${plain.length > 50 ? plain.slice(0, 49) + "…" : plain}"`;
  };
  const nameOf = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].map((name) => `.${name}`).join("");
    const text = element.textContent.trim() ? ` ${quoted(element.textContent)}` : "";
    return `<${element.localName}${id}${classes}>${text}`;
  };
  const titleOf = (svg) => [...svg.children].find((child) => child.localName === "title")?.textContent.trim() ?? "";

  // ---- Boxes --------------------------------------------------------------------------------------------------------

  const shown = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const opacityOf = (element, until = null) => {
    let opacity = 1;
    for (let at = element; at && at !== until; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    return opacity;
  };
  const clips = (overflow) => overflow === "hidden" || overflow === "clip";
  const scrolls = (overflow) => overflow === "auto" || overflow === "scroll";
  const withAncestors = (element) => {
    const all = [];
    for (let at = element; at && at !== document.body; at = at.parentElement) all.push(at);
    return all;
  };
  // For who only listens: there, but of a pixel's size.
  const onlyHeard = (element) => withAncestors(element).some((at) => {
    const style = getComputedStyle(at);
    return style.position === "absolute" && clips(style.overflowX) && at.clientWidth <= 1 && at.clientHeight <= 1;
  });
  // The container that cuts the box off, with the pixels that are lost, or null. `slack` px may go at top and bottom.
  const cutBy = (box, element, slack) => {
    for (const at of withAncestors(element)) {
      const { overflowX, overflowY } = getComputedStyle(at), edge = at.getBoundingClientRect();
      if (scrolls(overflowX) || scrolls(overflowY)) return null;
      const across = clips(overflowX) ? Math.max(edge.left - box.left, box.right - edge.right) - 1 : 0;
      const down = clips(overflowY) ? Math.max(edge.top - box.top, box.bottom - edge.bottom) - 1 - slack : 0;
      if (across > 0 || down > 0) return at;
    }
    return null;
  };
  // Scrolls the page such that what lies `y` px below the window's top comes into its middle; returns where it is then.
  const bringIntoWindow = (y) => {
    if (0 <= y && y < innerHeight) return y;
    const before = scrollY;
    scrollTo({ top: before + y - innerHeight / 2, behavior: "instant" });
    return y - (scrollY - before);
  };

  // ---- Colours ------------------------------------------------------------------------------------------------------

  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colours = new Map();
  // [red, green, blue] from 0 to 255 and alpha from 0 to 1, of anything that CSS takes for a colour.
  const colour = (css) => {
    if (!colours.has(css)) {
      pixel.clearRect(0, 0, 1, 1);
      pixel.fillStyle = css;
      pixel.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
      colours.set(css, { rgb: [red, green, blue], alpha: alpha / 255 });
    }
    return colours.get(css);
  };
  const over = (top, alpha, bottom) => top.map((value, i) => value * alpha + bottom[i] * (1 - alpha));
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const canvas = (() => {  // what lies under a page without a background
    const probe = document.createElement("i");
    probe.style.background = "Canvas";
    document.documentElement.append(probe);
    const { rgb } = colour(getComputedStyle(probe).backgroundColor);
    probe.remove();
    return rgb;
  })();
  // The colour behind the content of an element, or null where an image lies there.
  const backdropOf = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      const { rgb, alpha } = colour(style.backgroundColor);
      if (alpha > 0) layers.push({ rgb, alpha: alpha * opacityOf(at) });
      if (alpha === 1) break;
    }
    return layers.reduceRight((below, { rgb, alpha }) => over(rgb, alpha, below), canvas);
  };
  const judgeContrast = (about, text, ink, alpha, backdrop, style, scale) => {
    const height = parseFloat(style.fontSize) * scale;
    const large = height >= 24 || (height >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = contrast(over(ink, alpha, backdrop), backdrop);
    const needed = large ? kContrastOfLarge : kContrast;
    if (ratio >= needed) return;
    complain("contrast", `${about}text ${quoted(text)} has a contrast of ${ratio.toFixed(2)} against its background, ` +
                         `and needs ${needed}`);
  };

  // ---- The document -------------------------------------------------------------------------------------------------

  const kReferences = ["src", "href", "xlink:href", "srcset", "poster", "action", "formaction", "ping", "background",
                       "manifest", "imagesrcset"];
  const checkReference = (reference, where) => {
    const to = reference.trim();
    if (to.startsWith("#")) {
      if (to.length > 1 && !document.getElementById(decodeURIComponent(to.slice(1))))
        complain("anchor", `${where} leads to ${to}, which is not in the page`);
    } else if (!to.startsWith("data:")) {
      complain("reference", `${where} leads out of the file: ${quoted(to)}`);
    }
  };
  const checkStyle = (css, where) => {
    if (/@import/i.test(css)) complain("reference", `${where} has an @import`);
    for (const [, reference] of css.matchAll(/url\(\s*["']?([^)"']*)/gi)) checkReference(reference, where);
  };
  const checkDocument = () => {
    if (!document.documentElement.lang) complain("document", "the document has no lang");
    if (!document.title.trim()) complain("document", "the document has no title");
    if (document.compatMode !== "CSS1Compat") complain("document", "the document has no doctype");
    if (document.characterSet !== "UTF-8") complain("document", "the document does not say that it is UTF-8");
    const viewport = document.querySelector("meta[name=viewport]")?.content ?? "";
    if (!/width\s*=\s*device-width/.test(viewport))
      complain("document", "the document has no viewport meta of the device's width");
    if (document.querySelector("base, meta[http-equiv=refresh i]"))
      complain("document", "the document leads elsewhere by base or refresh");
    const ids = new Set();
    for (const element of document.querySelectorAll("*")) {
      if (element.id && ids.has(element.id)) complain("id", `the id ${quoted(element.id)} stands twice`);
      ids.add(element.id);
      for (const { name, value } of element.attributes) {
        if (kReferences.includes(name)) checkReference(value, `<${element.localName}> ${name}`);
        else if (/url\(/i.test(value)) checkStyle(value, `<${element.localName}> ${name}`);
      }
      if (element.localName === "style") checkStyle(element.textContent, "<style>");
    }
  };

  // ---- The page -----------------------------------------------------------------------------------------------------

  const checkWidths = () => {
    for (const element of document.body.querySelectorAll("*")) {
      const style = getComputedStyle(element);
      const lost = element.scrollWidth - element.clientWidth;
      if (lost <= 1 || element.clientWidth === 0 || !shown(element) || onlyHeard(element)) continue;
      if (scrolls(style.overflowX) && !element.closest(".scroll"))
        complain("scroll", `${nameOf(element)} scrolls sideways by ${lost} px and is not declared as .scroll`);
      if (scrolls(style.overflowX) && onPaper)
        complain("scroll", `${nameOf(element)} is wider than paper by ${lost} px`);
      if (clips(style.overflowX) && element.textContent.trim())
        complain("clipped", `${nameOf(element)} cuts off ${lost} px of its content`);
    }
    const wide = document.documentElement.scrollWidth - width;
    if (wide <= 1) return;
    const guilty = [...document.body.querySelectorAll("*")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && box.right + scrollX > width + 1 && !element.parentElement.closest(".scroll, svg");
    });
    complain("wide", `the page is ${wide} px wider than the window, by ${guilty.length ? nameOf(guilty.at(-1)) : "?"}`);
  };

  // Of a table that is wider than its room, what it is about and what its rows are called stay in the window.
  const checkTables = () => {
    for (const room of document.querySelectorAll(".scroll")) {
      const caption = room.querySelector("caption");
      if (caption) {
        const range = document.createRange();
        range.selectNodeContents(caption);
        if ([...range.getClientRects()].some((box) => box.right > room.getBoundingClientRect().right + 1))
          complain("table", `the caption ${quoted(caption.textContent)} is wider than its room`);
      }
      const first = room.querySelector("td:first-child"), before = room.scrollLeft;
      if (!first || room.scrollWidth - room.clientWidth <= 1) continue;
      room.scrollLeft = room.scrollWidth;
      if (first.getBoundingClientRect().left < room.getBoundingClientRect().left - 1)
        complain("table", `the first column, with ${quoted(first.textContent)}, is scrolled out of view`);
      room.scrollLeft = before;
    }
  };

  // Every piece of text that a reader sees, with the element that it stands in; the charts' own excepted.
  const pieces = () => {
    const all = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, element = node.parentElement;
      if (!node.data.trim() || element.closest("svg, script, style, noscript, template, option")) continue;
      if (shown(element) && !onlyHeard(element)) all.push({ node, element });
    }
    return all;
  };
  const checkText = () => {
    const judged = new Set();
    for (const { node, element } of pieces()) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const style = getComputedStyle(element);
      for (const box of range.getClientRects()) {
        if (box.width === 0) continue;
        const by = cutBy(box, element, 0.3 * box.height);
        if (by) complain("clipped", `text ${quoted(node.data)} is cut off by <${by.localName}>`);
        if (box.right + scrollX < 1 || box.bottom + scrollY < 1)
          complain("clipped", `text ${quoted(node.data)} lies off the page`);
      }
      if (judged.has(element)) continue;
      judged.add(element);
      const backdrop = backdropOf(element);
      if (!backdrop) continue;
      const ink = colour(style.color);
      judgeContrast("", node.data, ink.rgb, ink.alpha * opacityOf(element), backdrop, style, 1);
    }
  };

  // ---- Charts -------------------------------------------------------------------------------------------------------

  // What the browser draws at a point above the chart, other than what the chart stands in; null for nothing.
  const coverAt = (x, y, svg) => {
    for (const element of document.elementsFromPoint(x, y)) {
      if (element === svg || svg.contains(element) || element.contains(svg)) return null;
      const style = getComputedStyle(element);
      const painted = style.backgroundImage !== "none" || colour(style.backgroundColor).alpha > 0.1 ||
                      element.matches("img, canvas, video, iframe, object, embed, input, button, svg");
      if (painted && opacityOf(element) > 0.1) return element;
    }
    return null;
  };
  const checkCover = (svg, about) => {
    const parts = [0.05, 0.275, 0.5, 0.725, 0.95];
    for (const down of parts)
      for (const across of parts) {
        let box = svg.getBoundingClientRect();
        bringIntoWindow(box.top + down * box.height);
        box = svg.getBoundingClientRect();
        const cover = coverAt(box.left + across * box.width, box.top + down * box.height, svg);
        if (cover) return complain("covered", `${about}is covered by <${cover.localName}>`);
      }
  };
  const checkChart = (svg, about) => {
    if (!titleOf(svg)) complain("title", `${about}has no <title>`);
    if (![...svg.children].some((child) => child.localName === "desc" && child.textContent.trim()))
      complain("title", `${about}has no <desc> for who cannot see it`);
    if (!shown(svg)) {
      complain("hidden", `${about}is not shown`);
      return false;
    }
    const box = svg.getBoundingClientRect();
    if (opacityOf(svg) < 0.1) complain("hidden", `${about}is transparent`);
    if (box.width < kChartWidth || box.height < kChartHeight)
      complain("size", `${about}is ${box.width.toFixed(0)} x ${box.height.toFixed(0)} px, and needs ` +
                       `${kChartWidth} x ${kChartHeight}`);
    if (box.left + scrollX < -0.5 || box.right + scrollX > width + 0.5)
      complain("outside", `${about}reaches out of the window: from ${(box.left + scrollX).toFixed(0)} to ` +
                          `${(box.right + scrollX).toFixed(0)} of ${width} px`);
    const by = cutBy(box, svg, 0);
    if (by) complain("outside", `${about}is cut off by <${by.localName}>`);
    if (![...svg.querySelectorAll("path, rect, circle, line, polyline, polygon, text")].some((mark) => {
      const { width: across, height: down } = mark.getBoundingClientRect();
      return across > 0 || down > 0;
    })) complain("empty", `${about}shows nothing`);
    checkCover(svg, about);
    return true;
  };

  // ---- The texts of a chart -----------------------------------------------------------------------------------------

  // The corners of a text's box, turned as it is, in the units of the drawing.
  const cornersOf = (text, toDrawing) => {
    const { x, y, width: across, height: down } = text.getBBox();
    const matrix = toDrawing.multiply(text.getScreenCTM());
    return [[x, y], [x + across, y], [x + across, y + down], [x, y + down]].map(
      ([left, top]) => [matrix.a * left + matrix.c * top + matrix.e, matrix.b * left + matrix.d * top + matrix.f]);
  };
  const areaOf = (corners) => Math.abs(corners.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % corners.length];
    return sum + x * nextY - nextX * y;
  }, 0)) / 2;
  // What two convex polygons share, the one cut by every edge of the other (Sutherland and Hodgman 1974).
  const shared = (one, other) => {
    const middle = [0, 1].map((k) => other.reduce((sum, corner) => sum + corner[k], 0) / other.length);
    return other.reduce((left, from, i) => {
      const to = other[(i + 1) % other.length];
      const side = ([x, y]) => (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
      const sign = Math.sign(side(middle));
      return left.flatMap((corner, j) => {
        const next = left[(j + 1) % left.length];
        const here = sign * side(corner), there = sign * side(next);
        const kept = here >= 0 ? [corner] : [];
        if ((here > 0 && there < 0) || (here < 0 && there > 0)) {
          const part = here / (here - there);
          kept.push([corner[0] + part * (next[0] - corner[0]), corner[1] + part * (next[1] - corner[1])]);
        }
        return kept;
      });
    }, one);
  };
  const rangeOf = (corners, k) => [Math.min(...corners.map((at) => at[k])), Math.max(...corners.map((at) => at[k]))];

  const checkOverlaps = (texts, about) => {
    for (const [i, one] of texts.entries())
      for (const other of texts.slice(i + 1)) {
        if (one.x[1] < other.x[0] || other.x[1] < one.x[0] || one.y[1] < other.y[0] || other.y[1] < one.y[0]) continue;
        const part = areaOf(shared(one.corners, other.corners)) / Math.min(areaOf(one.corners), areaOf(other.corners));
        if (part > kOverlap)
          complain("overlap", `${about}texts ${quoted(one.text.textContent)} and ${quoted(other.text.textContent)} ` +
                              `overlap by ${(100 * part).toFixed(0)} % of the smaller one`);
      }
  };
  // The colour under a text, of the shapes of its chart that lie there, and null where it cannot be told.
  const backdropInChart = (text, svg, x, y) => {
    const behind = document.elementsFromPoint(x, y).filter((element) => svg.contains(element) && element !== svg);
    const place = behind.findIndex((element) => text.contains(element));
    if (place < 0) return null;
    let backdrop = backdropOf(svg);
    for (const element of behind.slice(place + 1).reverse()) {
      const style = getComputedStyle(element);
      if (text.contains(element) || style.fill === "none" || element.closest("text")) continue;
      if (style.fill.startsWith("url(") || !backdrop) return null;
      const fill = colour(style.fill);
      backdrop = over(fill.rgb, fill.alpha * Number(style.fillOpacity) * opacityOf(element), backdrop);
    }
    return backdrop;
  };
  const checkInk = (text, svg, about) => {
    const style = getComputedStyle(text);
    if (style.fill.startsWith("url(") || style.fill === "none") return;
    const { x, y, width: across, height: down } = text.getBBox();
    const middle = () => new DOMPoint(x + across / 2, y + down / 2).matrixTransform(text.getScreenCTM());
    bringIntoWindow(middle().y);
    const at = middle(), ink = colour(style.fill);
    const halo = style.stroke !== "none" && parseFloat(style.strokeWidth) > 0 && !style.stroke.startsWith("url(");
    const backdrop = halo ? colour(style.stroke).rgb : backdropInChart(text, svg, at.x, at.y);
    if (!backdrop) return;
    const alpha = ink.alpha * Number(style.fillOpacity) * opacityOf(text);
    judgeContrast(about, text.textContent, ink.rgb, alpha, backdrop, style, scaleOf(text));
  };
  const scaleOf = (text) => {
    const { a, b, c, d } = text.getScreenCTM();
    return Math.sqrt(Math.abs(a * d - b * c));
  };
  const checkTexts = (svg, about) => {
    const { x: left, y: top, width: across, height: down } = svg.viewBox.baseVal ?? {};
    if (!across || !down) return complain("viewBox", `${about}has no viewBox`);
    const toDrawing = svg.getScreenCTM().inverse();
    const texts = [];
    for (const text of svg.querySelectorAll("text")) {
      if (!text.textContent.trim() || !shown(text)) continue;
      const corners = cornersOf(text, toDrawing), x = rangeOf(corners, 0), y = rangeOf(corners, 1);
      const name = quoted(text.textContent);
      if (areaOf(corners) === 0) {
        complain("empty", `${about}text ${name} has no size`);
        continue;
      }
      texts.push({ text, corners, x, y });
      if (x[0] < left - 1 || x[1] > left + across + 1 || y[0] < top - 1 || y[1] > top + down + 1)
        complain("viewBox", `${about}text ${name} lies outside of the drawing: x ${x.map(Math.round)} of ` +
                            `${[left, left + across]}, y ${y.map(Math.round)} of ${[top, top + down]}`);
      for (const part of [text, ...text.querySelectorAll("tspan")]) {
        const height = parseFloat(getComputedStyle(part).fontSize) * scaleOf(part);
        if (part.textContent.trim() && height < kTextHeight)
          complain("small", `${about}text ${quoted(part.textContent)} is ${height.toFixed(1)} px high, and needs ` +
                            `${kTextHeight}`);
      }
    }
    checkOverlaps(texts, about);
    for (const { text } of texts) checkInk(text, svg, about);
  };

  // ---- All of it ----------------------------------------------------------------------------------------------------

  const charts = [...document.querySelectorAll("svg[role=img], svg.plateau-chart")];
  if (charts.length < minimumCharts)
    complain("charts", `there are ${charts.length} charts of at least ${minimumCharts}`);
  checkDocument();
  const all = document.createElement("style");  // so that a point tells everything that is drawn there
  all.textContent = "* { pointer-events: auto !important }";
  document.head.append(all);
  charts.forEach((svg, i) => {
    const about = `chart ${titleOf(svg) ? quoted(titleOf(svg)) : i + 1}: `;
    if (checkChart(svg, about)) checkTexts(svg, about);
  });
  all.remove();
  for (const details of document.querySelectorAll("details")) details.open = true;  // what is folded away is read too
  checkWidths();
  checkTables();
  checkText();

  const sentences = [];
  for (const words of found.values()) {
    sentences.push(...[...words].slice(0, kOfAKind));
    if (words.size > kOfAKind) sentences.push(`${words.size - kOfAKind} more like: ${[...words].at(-1)}`);
  }
  return { sentences, charts: charts.length };
})
