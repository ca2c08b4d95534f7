import { once } from 'node:events';
import { WebSocket } from 'ws';
import { refusedUpgrade } from './socket-probe.js';

/** Time within which an expected frame comes, however busy the machine is. */
const withinMs = 60_000;

/** A client of document 002, 003 or 004: records every text frame. */
export class RoomClient {
  readonly frames: string[] = [];
  readonly ws: WebSocket;
  readonly ended: Promise<number>;
  #taken = 0;
  readonly #waiters: (() => void)[] = [];

  constructor(url: string, protocols: readonly string[] = [], headers: Readonly<Record<string, string>> = {}) {
    this.ws = new WebSocket(url.replace(/^http/, 'ws'), [...protocols], { headers, perMessageDeflate: false });
    this.ws.on('error', () => {});
    this.ws.on('message', (payload: Buffer, isBinary: boolean) => {
      this.frames.push(isBinary ? `binary ${payload.toString('hex')}` : payload.toString());
      this.#wake();
    });
    this.ended = new Promise((resolve) =>
      this.ws.once('close', (code) => {
        this.#wake();
        resolve(code);
      }),
    );
  }

  /** Opens a socket. */
  static async open(url: string): Promise<RoomClient> {
    const client = new RoomClient(url);
    await once(client.ws, 'open');
    return client;
  }

  /** Returns the status and the text of a refused upgrade. */
  static refused(
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number | undefined; readonly text: string }> {
    return refusedUpgrade(url, [], headers).then(({ http, text }) => ({ status: http, text }));
  }

  send(frame: string | object): void {
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Returns the next frame that nobody has taken. @throws {Error} after a minute, or at the end */
  async next(): Promise<string> {
    for (const deadline = Date.now() + withinMs; ; ) {
      const frame = this.frames[this.#taken];
      if (frame !== undefined) {
        this.#taken += 1;
        return frame;
      }
      if (Date.now() > deadline || this.ws.readyState === WebSocket.CLOSED)
        throw new Error(`No frame after ${this.frames.slice(-5).join('\n')}`);
      await Promise.race([
        new Promise<void>((resolve) => this.#waiters.push(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, 500)),
      ]);
    }
  }

  /** Sends a frame, and returns the next one. */
  ask(frame: string | object): Promise<string> {
    this.send(frame);
    return this.next();
  }

  async close(): Promise<void> {
    this.ws.close(1_000);
    await this.ended;
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}
