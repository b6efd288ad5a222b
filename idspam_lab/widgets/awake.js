// Put before each of our scripts. anywidget gives a script two seconds to load; of one that comes later it drops every
// word from the kernel, for good: on a busy machine a panel would stay empty. So ours listens itself, and asks for
// what it has missed.

async function initialize({ model }) {
  const own = await model.widget_manager.get_model(model.get("name"));
  if (!own.comm) return; // a page without a kernel
  const listen = Object.getPrototypeOf(own.constructor.prototype)._handle_comm_msg; // as ipywidgets does, without a limit
  own.comm.on_msg(listen.bind(own));
  model.send("awake");
}
