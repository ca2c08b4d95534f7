/**
 * Returns a function that runs the callback once in the next turn of the event loop, however often
 * the function is called. Unlike a timer, the callback is not delayed in hidden tabs. No port stays
 * open afterwards.
 */
export function inNextTurn(callback: () => void): () => void {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      scheduled = false;
      callback();
    };
    port2.postMessage(undefined);
  };
}
