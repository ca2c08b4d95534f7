import { InboxCommand, InboxEvent, type Message } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime/refusal';
import type { InboxConnection, WatchOptions } from '../transport.js';

/** The part of a WebSocket that the transport uses. WebSockets of browsers and of `ws` have it. */
export interface SocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number): void;
}

/** Constructor of a WebSocket. */
export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

const subprotocol = 'parley.v1';
const leaveWithinMs = 2_000;
const normalClosure = 1_000;

/** The inbox on one WebSocket. It does not reconnect. */
export class SocketInbox implements InboxConnection {
  readonly #options: WatchOptions;
  readonly #socket: SocketLike | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOpen = false;
  #ended = false;

  constructor(options: WatchOptions, url: string, Socket: SocketConstructor) {
    this.#options = options;
    this.#socket = this.#dial(url, Socket);
  }

  /** Sends a frame. */
  post(frame: Message): void {
    this.#send({ post: frame });
  }

  /** Responds to a ping. */
  pong(sentAt: number): void {
    this.#send({ pong: { sentAt } });
  }

  /** Continues with another token of the same user. */
  renew(token: string): void {
    this.#send({ token });
  }

  /** Closes the socket after everything that was posted. The server has two seconds to respond. */
  leave(): void {
    this.#timer = setTimeout(() => this.#end(undefined), leaveWithinMs);
    this.#socket?.close(normalClosure);
  }

  /** Closes the socket, and does not wait for the server. */
  cut(): void {
    this.#socket?.close(normalClosure);
    this.#end(refuse('cancelled'));
  }

  #dial(url: string, Socket: SocketConstructor): SocketLike | undefined {
    try {
      const socket = new Socket(url, [subprotocol]);
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => this.#begin();
      socket.onmessage = ({ data }: { readonly data: unknown }) => this.#receive(data);
      socket.onclose = () => this.#lose();
      socket.onerror = () => {}; // The event `close` follows.
      return socket;
    } catch (cause) {
      queueMicrotask(() => this.#end(refuse('unreachable', { message: `The address ${url} is not valid.`, cause })));
      return undefined;
    }
  }

  #begin(): void {
    this.#isOpen = true;
    const { token = '', watch } = this.#options;
    this.#send({ token });
    this.#send({ watch });
  }

  #send(command: Parameters<typeof InboxCommand.fromPartial>[0]): void {
    if (this.#ended || !this.#isOpen) return;
    this.#socket?.send(InboxCommand.encode(InboxCommand.fromPartial(command)).finish());
  }

  #receive(data: unknown): void {
    if (this.#ended) return;
    if (data instanceof ArrayBuffer) this.#options.onEvent(InboxEvent.decode(new Uint8Array(data)));
    else this.#end(refuse('internal', { message: 'The server sent text on a WebSocket for bytes.' }));
  }

  #lose(): void {
    this.#end(this.#isOpen ? undefined : refuse('unreachable', { message: 'The WebSocket could not be opened.' }));
  }

  #end(refusal: Refusal | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#options.onEnd(refusal);
  }
}
