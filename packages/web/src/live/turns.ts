/** Calls back once in the next turn, however often it is asked; hidden tabs are not slowed down as by timers. */
export function inNextTurn(callback: () => void): () => void {
  const { port1, port2 } = new MessageChannel();
  let asked = false;
  port1.onmessage = () => {
    asked = false;
    callback();
  };
  return () => {
    if (asked) return;
    asked = true;
    port2.postMessage(undefined);
  };
}
