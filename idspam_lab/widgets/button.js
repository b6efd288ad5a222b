// A button that keeps the keyboard's focus when it has nothing to do: it is greyed, not taken away from the keyboard.

function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-button widget-button mod-danger idspam-stop"; // looks like the library's own
  button.setAttribute("data-lm-suppress-shortcuts", "true"); // else JupyterLab takes Enter
  button.addEventListener("click", () => { if (!model.get("disabled")) model.send("click"); });
  el.append(button);

  const draw = () => {
    button.textContent = model.get("description");
    button.title = model.get("tooltip");
    button.setAttribute("aria-disabled", String(model.get("disabled")));
  };
  const names = ["description", "tooltip", "disabled"];
  names.forEach((trait) => model.on(`change:${trait}`, draw));
  draw();
  return () => names.forEach((trait) => model.off(`change:${trait}`, draw));
}

export default { initialize, render }; // awake.js has initialize
