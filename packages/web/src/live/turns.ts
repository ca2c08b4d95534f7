/**
 * Returns a function that runs the callback once in the next turn of the event loop, however often
 * the function is called. Unlike a timer, the callback is not delayed in hidden tabs.
 */
export function inNextTurn(callback: () => void): () => void {
  const { port1, port2 } = new MessageChannel();
  let scheduled = false;
  port1.onmessage = () => {
    scheduled = false;
    callback();
  };
  return () => {
    if (scheduled) return;
    scheduled = true;
    port2.postMessage(undefined);
  };
}
