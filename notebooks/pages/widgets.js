// Widgets on a page without kernel and without network.
//
// ipywidgets installs a script for the classic notebook (scripts/jupyter-widgets.js). It holds all widgets and their
// manager, and asks the notebook around it for a kernel, menus and output areas. Below stand just enough of these for
// the manager to read the page's own state and draw from it. require.js is loaded before this file.

(() => {
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const STATE = "application/vnd.jupyter.widget-state+json";
  const nothing = () => {};

  // An output area as far as ipywidgets.Output and `interact` need one.
  class OutputArea {
    constructor({ selector }) { this.place = selector; this.outputs = []; this.element = { trigger: nothing }; }
    clear_output() { this.place.replaceChildren(); this.outputs = []; }
    fromJSON(outputs) { this.outputs = outputs; this.place.append(...outputs.map(drawn)); }
    toJSON() { return this.outputs; }
    handle_output() {}
    handle_clear_output() {}
    create_output_subarea() { return [this.place]; }
  }

  function drawn(output) {
    const node = document.createElement("div"), data = output.data ?? {};
    if (data["image/png"]) {
      const image = document.createElement("img");
      image.src = `data:image/png;base64,${data["image/png"]}`;
      image.alt = data["text/plain"] ?? "";
      node.append(image);
    } else if (data["text/html"]) {
      node.innerHTML = data["text/html"];
    } else {
      const text = document.createElement("pre");
      text.textContent = output.text ?? data["text/plain"] ?? "";
      node.append(text);
    }
    return node;
  }

  const kernel = { is_connected: () => true, comm_info: (_, answer) => answer({ content: { comms: {} } }) };
  kernel.comm_manager = {
    kernel,
    register_target: nothing,
    new_comm(manager, name, data, callbacks, metadata, id) { throw new Error("no kernel"); },
  };
  const actions = { register: nothing };
  const notebook = {
    kernel, metadata: {}, events: { on: nothing }, container: { on: nothing }, get_cells: () => [],
    keyboard_manager: { actions, register_events: nothing },
  };
  const menu = document.createElement("ul"); // the manager puts its own menu beside the help menu
  menu.hidden = true;
  menu.innerHTML = '<li><a id="help_menu"></a></li>';
  document.body.append(menu);
  window.Jupyter = { version: "6.5.0", notebook, notification_area: { widget: nothing }, menubar: { actions } };

  let render = null; // how the classic notebook draws a widget
  OutputArea.prototype.register_mime_type = (type, draw) => { render = draw; };
  define("base/js/namespace", [], () => window.Jupyter);
  define("base/js/events", [], () => ({ on: nothing }));
  define("notebook/js/outputarea", [], () => ({ OutputArea }));
  requirejs.config({
    paths: { "nbextensions/jupyter-js-widgets/extension": `${folder}jupyter-widgets`, anywidget: `${folder}anywidget` },
  });

  async function drawAll(library) {
    await library.load_ipython_extension();
    const manager = kernel.widget_manager;
    await manager.set_state(JSON.parse(document.querySelector(`script[type="${STATE}"]`).textContent));
    for (const script of document.querySelectorAll(`script[type="${VIEW}"]`)) {
      const { model_id } = JSON.parse(script.textContent);
      const place = document.createElement("div");
      script.after(place);
      const area = Object.assign(new OutputArea({ selector: place }), { keyboard_manager: notebook.keyboard_manager });
      if (manager.has_model(model_id)) render.call(area, { model_id }, {}, { append: nothing });
    }
    document.body.dataset.widgets = "drawn";
  }

  // Not an async function itself: require.js does not take that for a function.
  requirejs(["nbextensions/jupyter-js-widgets/extension"], (library) => { drawAll(library); });
})();
