// Lines over an axis of numbers: series with a colour, a dash and a mark each, spread bars, level lines, and points
// that can be opened by click, Enter or Space. The numbers also stand in a table below.

const SVG = "http://www.w3.org/2000/svg";
const RIGHT = 24, TOP = 16, BOTTOM = 30, LEFT = 70, BELOW = 22; // below the picture: a line that names the axis

const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};
const draw = (tag, attributes, text) => {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};

// A mark around (0, 0): told apart by shape, not by colour alone.
const MARKS = {
  circle: "M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0Z",
  square: "M-5.5,-5.5h11v11h-11Z",
  triangle: "M0,-7l7,12.5h-14Z",
  diamond: "M0,-8l8,8l-8,8l-8,-8Z",
  down: "M0,7l7,-12.5h-14Z",
  plus: "M-2.5,-7h5v4.5h4.5v5h-4.5v4.5h-5v-4.5h-4.5v-5h4.5Z",
};

function ticks(low, high, most, least = 0) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(least, [1, 2, 5, 10].map((k) => k * power).find((size) => size >= rough));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
    found.push([i * step, (i * step).toFixed(digits)]);
  }
  return found;
}

function range(values, room) {
  const low = Math.min(...values), high = Math.max(...values);
  const gap = high > low ? (high - low) * room : Math.abs(high) * 0.05 || 1;
  return [low - gap, high + gap];
}

// How far each series is moved sideways, in the picture's units: at most 15, and never as far as the next number.
function dodge(series, x) {
  const places = [...new Set(series.filter((one) => one.points.length).flatMap((one) => one.line.map((p) => x(p.x))))];
  places.sort((a, b) => a - b);
  const gaps = places.slice(1).map((place, i) => place - places[i]);
  const step = gaps.length ? Math.min(15, (0.7 * Math.min(...gaps)) / series.length) : 15;
  return (i) => (places.length ? (i - (series.length - 1) / 2) * step : 0);
}

function render({ model, el }) {
  const root = make("div", "idspam-chart");
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // else JupyterLab takes the arrow keys and Enter
  const key = make("div", "idspam-key");
  const holder = make("div", "idspam-plot");
  const below = make("div", "idspam-below");
  const detail = make("p", "idspam-detail");
  const status = make("p", "idspam-status");
  const table = make("details", "idspam-numbers");
  const cells = make("table");
  status.setAttribute("role", "status"); // read out when it changes
  table.append(make("summary", "", "The numbers as a table"), cells); // a summary that is replaced loses the focus
  root.append(key, holder, below, detail, status, table);
  el.append(root);
  let points = [];
  let room = 0; // pixels there are for the chart's width, when it was drawn last
  const question = questions(model, "opened", () => { status.textContent = `${NO_ANSWER} Nothing was opened.`; });

  function paint() {
    const series = model.get("series"), levels = model.get("levels");
    root.style.width = `${model.get("width")}px`; // on a projector a picture is as large as its letters need
    room = root.clientWidth;
    const width = room || model.get("width"); // a unit is a pixel: letters keep their size
    const height = model.get("height") - BELOW;
    const right = width - RIGHT, floor = height - BOTTOM;
    holder.style.minHeight = `${height}px`; // what stands below stays where it is when the first line comes
    const focused = points.findIndex((node) => node === root.getRootNode().activeElement);
    const all = series.flatMap((one) => [...one.line, ...one.points]);
    key.replaceChildren(...series.map(entry), ...levels.map(entry));
    detail.hidden = !model.get("clickable");
    key.hidden = series.length + levels.length < 2;
    points = [];
    table.hidden = !all.length;
    below.textContent = all.length ? model.get("x_label") : "";
    if (!all.length) {
      holder.replaceChildren(make("p", "idspam-empty", model.get("empty")));
      return;
    }
    const xs = model.get("x_range") ?? range(all.map((p) => p.x), 0.04);
    const ys = model.get("y_range") ?? range(
      [...all.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]), ...levels.map((level) => level.y)], 0.08);
    const across = (edge) => (value) => LEFT + edge + ((value - xs[0]) / (xs[1] - xs[0])) * (right - LEFT - 2 * edge);
    const x = across(Math.abs(dodge(series, across(0))(0))); // the points moved furthest stay off the axis's numbers
    const y = (value) => floor - ((value - ys[0]) / (ys[1] - ys[0])) * (floor - TOP);
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": model.get("title") });
    axes(svg, xs, ys, x, y, right, floor, all.every((p) => Number.isInteger(p.x)));
    for (const level of levels) {
      const line = { x1: LEFT, x2: right, y1: y(level.y), y2: y(level.y), stroke: level.colour };
      svg.append(draw("line", { ...line, "stroke-width": 2.5, "stroke-dasharray": level.dash }));
    }
    const beside = dodge(series, x); // methods stand side by side, so that no point hides another's
    series.forEach((one, i) => lines(svg, one, (value) => x(value) + beside(i), y));
    series.forEach((one, i) => marks(svg, one, (value) => x(value) + beside(i), y));
    holder.replaceChildren(svg);
    if (focused >= 0 && points[focused]) points[focused].focus();
    numbers(series);
  }

  function entry(one) {
    const item = make("span", "idspam-entry");
    const svg = draw("svg", { viewBox: "-18 -9 36 18", width: 36, height: 18, "aria-hidden": "true" });
    svg.append(draw("line", { x1: -18, x2: 18, y1: 0, y2: 0, stroke: one.colour, "stroke-width": 2.5, "stroke-dasharray": one.dash }));
    if (one.mark) svg.append(draw("path", { d: MARKS[one.mark], fill: one.colour }));
    item.append(svg, make("span", "", one.name));
    return item;
  }

  function axes(svg, xs, ys, x, y, right, floor, whole) {
    const wanted = apart(model.get("x_ticks").map((v) => [v, String(v)]), x);
    const most = Math.min(8, Math.max(2, Math.floor((right - LEFT) / 60)));
    for (const [value, text] of ticks(...ys, 7)) {
      svg.append(draw("line", { x1: LEFT, x2: right, y1: y(value), y2: y(value), class: "idspam-grid" }));
      svg.append(draw("text", { x: LEFT - 8, y: y(value) + 5, "text-anchor": "end" }, text));
    }
    for (const [value, text] of wanted.length ? wanted : ticks(...xs, most, whole ? 1 : 0)) {
      svg.append(draw("text", { x: x(value), y: floor + 22, "text-anchor": "middle" }, text));
    }
    svg.append(draw("line", { x1: LEFT, x2: right, y1: floor, y2: floor, class: "idspam-axis" }));
    const middle = (floor + TOP) / 2;
    const turned = `rotate(-90 18 ${middle})`;
    svg.append(draw("text", { x: 18, y: middle, "text-anchor": "middle", transform: turned }, model.get("y_label")));
  }

  // Of the numbers below the axis all, or every second, or third, so that each has room.
  function apart(wanted, x) {
    const half = (text) => 4.5 * text.length + 3;
    const fit = (some) => some.every(([value, text], i) => !i || x(value) - half(text) > x(some[i - 1][0]) + half(some[i - 1][1]));
    const every = (n) => wanted.filter((_, i) => i % n === 0);
    let n = 1;
    while (!fit(every(n))) n += 1;
    return every(n);
  }

  function lines(svg, one, x, y) {
    const path = one.line.map((p, i) => `${i ? "L" : "M"}${x(p.x).toFixed(1)},${y(p.y).toFixed(1)}`).join("");
    const style = { d: path, fill: "none", stroke: one.colour, "stroke-width": 2.5, "stroke-dasharray": one.dash };
    svg.append(draw("path", style));
    for (const p of one.line.filter((point) => point.low !== undefined)) {
      const bar = { x1: x(p.x), x2: x(p.x), y1: y(p.low), y2: y(p.high), stroke: one.colour, "stroke-width": 2 };
      svg.append(draw("line", bar));
    }
  }

  function marks(svg, one, x, y) {
    for (const p of one.points) {
      const open = p.key === model.get("opened");
      const group = draw("g", { transform: `translate(${x(p.x).toFixed(1)},${y(p.y).toFixed(1)})`, class: "idspam-point" });
      group.append(draw("circle", { r: 9, fill: "transparent" }));
      group.append(draw("circle", { r: 11, class: "idspam-ring" }));
      group.append(draw("path", { d: MARKS[one.mark], fill: one.colour, class: "idspam-mark" }));
      group.setAttribute("aria-label", p.text);
      if (open) group.classList.add("idspam-open");
      if (model.get("clickable")) {
        group.setAttribute("role", "button");
        group.setAttribute("aria-pressed", String(open));
        group.setAttribute("tabindex", points.length ? "-1" : "0");
        points.push(group);
      } else {
        group.setAttribute("role", "img");
        group.append(draw("title", {}, p.text));
      }
      const told = () => { detail.textContent = p.text; };
      group.addEventListener("mouseenter", told);
      group.addEventListener("focus", told);
      group.addEventListener("click", () => choose(p.key));
      svg.append(group);
    }
  }

  function choose(point) {
    if (!model.get("clickable") || point === model.get("opened")) return;
    status.textContent = "";
    question.ask(point);
  }

  function answered() {
    question.answered();
    status.textContent = "";
  }

  holder.addEventListener("keydown", (event) => {
    const here = points.indexOf(event.target.closest?.(".idspam-point"));
    if (here < 0) return;
    if (event.key === "Enter" || event.key === " ") points[here].dispatchEvent(new MouseEvent("click"));
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: points.length - 1 };
    if (event.key in to || event.key === " ") event.preventDefault();
    const next = points[to[event.key]];
    if (!next) return;
    points.forEach((node) => node.setAttribute("tabindex", node === next ? "0" : "-1"));
    next.focus();
  });

  function numbers(series) {
    const shown = (value) => value.toFixed(model.get("decimals"));
    const head = make("tr");
    for (const text of [model.get("series_label"), model.get("x_label"), model.get("y_label")]) {
      const cell = make("th", "", text);
      cell.scope = "col";
      head.append(cell);
    }
    const rows = series.flatMap((one) => one.line.map((p) => {
      const row = make("tr"), first = make("th", "", one.name);
      first.scope = "row";
      const spread = p.low === undefined ? "" : ` (${shown(p.low)} to ${shown(p.high)})`;
      row.append(first, make("td", "", p.note ? `${p.x} (${p.note})` : String(p.x)), make("td", "", shown(p.y) + spread));
      return row;
    }));
    const note = model.get("table_note");
    cells.replaceChildren(...(note ? [make("caption", "", note)] : []), head, ...rows);
  }

  const names = ["series", "levels", "title", "x_label", "y_label", "x_ticks", "x_range", "y_range", "decimals",
    "series_label", "table_note", "opened", "clickable", "width", "height", "empty"];
  let planned = 0;
  const soon = () => { cancelAnimationFrame(planned); planned = requestAnimationFrame(paint); };
  names.forEach((trait) => model.on(`change:${trait}`, soon));
  model.on("change:answered", answered);
  const observer = new ResizeObserver(() => { if (root.clientWidth && root.clientWidth !== room) soon(); });
  paint();
  observer.observe(root);
  return () => {
    observer.disconnect();
    question.forget();
    model.off("change:answered", answered);
    names.forEach((trait) => model.off(`change:${trait}`, soon));
  };
}

export default { initialize, render }; // awake.js has initialize, asking.js has questions
