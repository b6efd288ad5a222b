// Tokens shaded by their weight in the prompt. A click, Enter or Space takes one away; the kernel answers with new
// numbers, or, on a page without a kernel, the answers that were worked out beforehand (`alone`).

const ROUTES = { both: "both", generator: "the prompt", backbone: "the frozen model" };
const BADGES = { both: "−both", generator: "−prompt", backbone: "−model" };
const NARROW = 480; // pixels below which a class's name and number stand above its bar
const FULL_SHADE = 4; // times the uniform weight at which a token is shaded most, as in report.py

const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;
const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text; // never as HTML: a token may hold anything
  return node;
};

function render({ model, el }) {
  const root = make("div", "idspam-tokens");
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // else JupyterLab takes the arrow keys and Enter
  const bars = make("div", "idspam-bars");
  const tools = make("fieldset", "idspam-tools");
  const list = make("div", "idspam-list");
  const detail = make("p", "idspam-detail");
  const status = make("p", "idspam-status");
  list.setAttribute("role", "group");
  status.setAttribute("role", "status"); // read out when it changes
  root.append(bars, tools, list, detail, status);
  el.append(root);

  let local = null; // { place, route } of a page without a kernel
  let late = ""; // said when no answer came
  const question = questions(model, "out", () => {
    late = `${NO_ANSWER} Nothing was taken away.`;
    draw();
  });
  const name = `route-${Math.random().toString(36).slice(2)}`;

  // What is shown ------------------------------------------------------------------------------------

  const view = () => {
    if (!local) return model.get("view");
    return model.get("alone")[local.route][local.place] ?? model.get("whole");
  };
  const routeOf = (place) => {
    if (local) return local.place === place ? local.route : null;
    const out = model.get("out");
    const [g, b] = [out.generator.includes(place), out.backbone.includes(place)];
    return g && b ? "both" : g ? "generator" : b ? "backbone" : null;
  };
  const answers = () => !model.widget_manager?.kernel && Object.keys(model.get("alone")).length > 0;
  const changed = () => model.get("tokens").some((_, place) => routeOf(place));

  function sentence(place) {
    const { weights, decimals } = view();
    const token = model.get("tokens")[place].text;
    const parts = [];
    if (weights && !(routeOf(place) === "generator" || routeOf(place) === "both")) {
      const times = (weights[place] * view().left.length).toFixed(decimals);
      parts.push(`${percent(weights[place])} of the prompt's weight, x${times} the uniform weight`);
    }
    if (routeOf(place)) parts.push(`taken away from ${ROUTES[routeOf(place)]}`);
    if (model.get("tokens")[place].special) parts.push("a special token");
    return `${token}: ${parts.join("; ") || "this method gives no weight to tokens"}`;
  }

  // Drawing ------------------------------------------------------------------------------------------

  function drawBars() {
    const now = view().probabilities, whole = model.get("whole").probabilities;
    bars.replaceChildren(
      ...model.get("labels").map((label, i) => {
        const row = make("div", "idspam-bar");
        const track = make("span", "idspam-track");
        const fill = make("span", "idspam-fill");
        fill.style.width = `${100 * now[i]}%`;
        track.append(fill);
        let text = percent(now[i]);
        if (changed() && !question.pending()) {
          const mark = make("span", "idspam-before");
          mark.style.left = `${100 * whole[i]}%`;
          track.append(mark);
          text += ` (was ${percent(whole[i])})`;
        }
        row.append(make("span", "idspam-label", label), track, make("span", "idspam-number", text));
        return row;
      }),
    );
  }

  function drawTools() {
    const routes = model.get("routes");
    tools.hidden = model.get("readonly");
    if (tools.dataset.routes !== routes.join()) buildTools(routes); // what is replaced loses the focus
    tools.querySelectorAll("input").forEach((input) => { input.checked = input.value === model.get("route"); });
    tools.querySelector(".idspam-back").setAttribute("aria-disabled", String(!changed()));
  }

  function buildTools(routes) {
    tools.dataset.routes = routes.join();
    const legend = make("legend", "", routes.length > 1 ? "A click on a token takes it away from" : "A click takes a token away");
    const choices = routes.map((route) => {
      const label = make("label");
      const input = make("input");
      Object.assign(input, { type: "radio", name, value: route });
      input.addEventListener("change", () => { model.set("route", route); model.save_changes(); });
      label.append(input, ` ${ROUTES[route]}`);
      return label;
    });
    const back = make("button", "idspam-back", "Put all back");
    back.type = "button";
    back.addEventListener("click", () => { if (changed()) ask({ generator: [], backbone: [] }); });
    tools.replaceChildren(legend, ...(routes.length > 1 ? choices : []), back);
  }

  function drawList() {
    const tokens = model.get("tokens");
    const same = list.children.length === tokens.length
      && tokens.every((token, i) => list.children[i].dataset.token === token.text);
    if (!same) list.replaceChildren(...tokens.map((token, place) => chip(token, place)));
    const weights = view().weights;
    const top = weights ? Math.max(...weights, 2 / weights.length) : 1;
    list.setAttribute("aria-label", weights ? "Tokens and their weight in the prompt" : "Tokens");
    tokens.forEach((_, place) => dress(list.children[place], place, weights, top));
  }

  function chip(token, place) {
    const button = make("button", "idspam-token");
    button.type = "button";
    button.dataset.token = token.text;
    button.tabIndex = place === 0 ? 0 : -1; // Tab reaches the list, the arrow keys move within it
    button.classList.toggle("idspam-special", token.special);
    const bar = make("span", "idspam-weight");
    bar.append(make("span", "idspam-level"), make("span", "idspam-uniform"));
    button.append(make("span", "idspam-text", token.text), bar, make("span", "idspam-times"));
    button.addEventListener("click", () => { move(place); toggle(place); });
    button.addEventListener("focus", () => { detail.textContent = sentence(place); });
    button.addEventListener("mouseenter", () => { detail.textContent = sentence(place); });
    return button;
  }

  function dress(button, place, weights, top) {
    const [, bar, times] = button.children;
    const route = routeOf(place);
    const gone = route === "generator" || route === "both";
    bar.hidden = !weights;
    if (weights) {
      const factor = weights[place] * view().left.length;
      const shade = gone ? 0 : 0.6 * Math.min(1, Math.max(0, (factor - 1) / (FULL_SHADE - 1)));
      button.style.setProperty("--shade", shade.toFixed(3));
      bar.children[0].style.width = `${(100 * weights[place]) / top}%`;
      bar.children[1].style.left = `${100 / view().left.length / top}%`;
      times.textContent = route ? BADGES[route] : `x${factor.toFixed(view().decimals)}`;
    } else {
      times.textContent = route ? BADGES[route] : "";
    }
    button.classList.toggle("idspam-out", Boolean(route));
    button.setAttribute("aria-label", sentence(place));
    if (model.get("readonly")) button.setAttribute("aria-disabled", "true");
    else button.setAttribute("aria-pressed", String(Boolean(route)));
  }

  function draw() {
    if (!model.get("tokens").length) {
      [bars, list].forEach((part) => part.replaceChildren());
    } else {
      drawBars();
      drawList();
    }
    drawTools();
    const focused = [...list.children].indexOf(root.getRootNode().activeElement);
    if (focused >= 0) detail.textContent = sentence(focused);
    say();
  }

  function say() {
    if (question.pending()) return; // the numbers are those of before the click
    const { probabilities } = view();
    const labels = model.get("labels");
    let text = late || model.get("said");
    if (!text && model.get("tokens").length) {
      const best = probabilities.indexOf(Math.max(...probabilities));
      text = `Predicted: ${labels[best]} (${percent(probabilities[best])}).`;
      if (changed()) text += ` The whole text: ${percent(model.get("whole").probabilities[best])}.`;
      if (view().spread) text += ` ${view().spread}`;
      if (model.get("notes")) text += ` ${model.get("notes")}`;
    }
    if (status.textContent !== text) status.textContent = text;
  }

  // What a person does -------------------------------------------------------------------------------

  function toggle(place) {
    detail.textContent = sentence(place);
    if (model.get("readonly")) return;
    const route = model.get("route"), out = model.get("out");
    const wanted = routeOf(place) === route ? [] : route === "both" ? ["generator", "backbone"] : [route];
    if (answers()) {
      local = wanted.length ? { place, route } : null;
      draw();
      if (wanted.length && !model.get("alone")[route][place]) status.textContent = "This token cannot be taken away.";
      return;
    }
    const next = {};
    for (const part of ["generator", "backbone"]) {
      next[part] = out[part].filter((other) => other !== place).concat(wanted.includes(part) ? [place] : []);
    }
    ask(next);
  }

  function ask(next) {
    if (answers()) { local = null; draw(); return; }
    late = "";
    question.ask(next);
  }

  function answered() {
    question.answered();
    late = "";
    soon();
  }

  function move(place) {
    [...list.children].forEach((button, i) => { button.tabIndex = i === place ? 0 : -1; });
    list.children[place].focus();
  }

  list.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    const here = [...list.children].indexOf(event.target.closest(".idspam-token"));
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: last };
    if (!(event.key in to)) return;
    event.preventDefault();
    move(Math.min(last, Math.max(0, to[event.key])));
  });

  const names = ["view", "tokens", "labels", "whole", "out", "routes", "route", "alone", "said", "notes", "readonly"];
  let planned = 0;
  const soon = () => { // several traits change together: drawn once
    cancelAnimationFrame(planned);
    planned = requestAnimationFrame(draw);
  };
  const observer = new ResizeObserver(() => { bars.classList.toggle("idspam-narrow", root.clientWidth < NARROW); });
  observer.observe(root);
  const forget = () => { local = null; detail.textContent = ""; };
  model.on("change:tokens", forget);
  names.forEach((trait) => model.on(`change:${trait}`, soon));
  model.on("change:answered", answered);
  draw();
  return () => {
    observer.disconnect();
    model.off("change:answered", answered);
    names.forEach((trait) => model.off(`change:${trait}`, soon));
    model.off("change:tokens", forget);
    question.forget();
  };
}

export default { initialize, render }; // awake.js has initialize, asking.js has questions
