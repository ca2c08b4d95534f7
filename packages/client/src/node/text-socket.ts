import { WebSocket } from 'ws';

const openWithinMs = 10_000;

/** An open WebSocket whose frames are texts. */
export interface TextSocket {
  /** Closes with this code of a WebSocket, once the server has closed too, or when the connection breaks. */
  readonly closed: Promise<number>;
  /** Calls `listener` with each text, including those that have already arrived. */
  onText(listener: (text: string) => void): void;
  send(text: string): void;
  /** Ends the socket normally. */
  close(): void;
}

/** Options of `openTextSocket`. */
export interface TextSocketOptions {
  /** Certificates of the authority to trust, in PEM. Default: those of the system. */
  readonly ca?: Buffer | undefined;
  /** Subprotocols to ask for. Default: none. */
  readonly protocols?: readonly string[];
}

function opened(ws: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    ws.once('open', resolve);
    ws.on('error', reject);
    ws.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (part: Buffer) => {
        text += part.toString();
      });
      response.once('end', () => reject(new Error(text.trim() || `the response is HTTP ${response.statusCode}`)));
    });
  });
}

/**
 * Opens a WebSocket of a door that speaks texts, such as `/chatserver`.
 * @throws {Error} with the words of the server, or of the connection.
 * @example
 * ```ts
 * import { openTextSocket } from '@parley/client/node';
 *
 * export async function nextId(): Promise<string> {
 *   const socket = await openTextSocket(new URL('ws://localhost:8080/chatserver'));
 *   return new Promise((resolve) => socket.onText((text) => resolve(JSON.parse(text).user_id)));
 * }
 * ```
 */
export async function openTextSocket(url: URL, { ca, protocols = [] }: TextSocketOptions = {}): Promise<TextSocket> {
  const ws = new WebSocket(url, [...protocols], { handshakeTimeout: openWithinMs, ...(ca !== undefined && { ca }) });
  const early: string[] = [];
  let listener = (text: string): unknown => early.push(text);
  ws.on('message', (payload: Buffer) => listener(payload.toString()));
  const closed = new Promise<number>((resolve) => ws.once('close', resolve));
  await opened(ws);
  return {
    closed,
    onText: (given) => {
      listener = given;
      for (const text of early.splice(0)) given(text);
    },
    send: (text) => ws.send(text),
    close: () => ws.close(1_000),
  };
}
