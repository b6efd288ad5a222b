// The browser's own slider, with a name and its place in words: the widget library's has neither for a screen reader.

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "idspam-slider";
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // else JupyterLab takes the arrow keys
  const label = document.createElement("label"), input = document.createElement("input");
  const name = document.createElement("span"), text = document.createElement("span");
  Object.assign(input, { type: "range", min: 0 });
  label.append(name, input);
  root.append(label, text);
  el.append(root);
  input.addEventListener("input", () => { model.set("value", Number(input.value)); model.save_changes(); });

  function draw() {
    name.textContent = model.get("description");
    text.textContent = model.get("text");
    input.disabled = model.get("disabled");
    input.max = model.get("max");
    input.value = model.get("value");
    input.setAttribute("aria-valuetext", model.get("text"));
  }
  const names = ["description", "text", "disabled", "max", "value"];
  let planned = 0;
  const soon = () => { cancelAnimationFrame(planned); planned = requestAnimationFrame(draw); };
  names.forEach((trait) => model.on(`change:${trait}`, soon));
  draw();
  return () => names.forEach((trait) => model.off(`change:${trait}`, soon));
}

export default { initialize, render }; // awake.js has initialize
