// Put before each of our scripts, after awake.js: a question to the kernel, which may be gone or busy.

const PATIENCE = 5000; // ms until a click without an answer is explained
const NO_ANSWER = "No kernel answers: it is busy, or the notebook's cells have to be run again.";

// A new value of a trait asks; the kernel answers with a change of `answered`. Without an answer the value from before
// the first unanswered click comes back, and `late` is called.
function questions(model, trait, late) {
  let before = null, waiting = 0;
  const ask = (value) => {
    before ??= model.get(trait);
    model.set(trait, value);
    model.save_changes();
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      model.set(trait, before);
      model.save_changes();
      before = null;
      late();
    }, PATIENCE);
  };
  const answered = () => { clearTimeout(waiting); before = null; };
  return { ask, answered, pending: () => before !== null, forget: () => clearTimeout(waiting) };
}
