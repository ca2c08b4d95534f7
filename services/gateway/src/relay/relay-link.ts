import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { ChatService, type RelayDown, RelayUp } from '@parley/contract';
import { bearerMetadata, bytesCodec, refusalFromStatus, startDuplex } from '@parley/rpc';
import { limits, type Refusal, refusalFromFrame, refuse } from '@parley/runtime';
import type { Upstream } from '../clients/connection-pool.js';
import { type ChannelFrame, decodeDown } from './down-frames.js';

/** A request to a chat server. The link numbers it. */
export type RelayRequestFields = Omit<Parameters<typeof RelayUp.fromPartial>[0], 'id'>;

/** Receives the end of the link, and all frames of a chat server that do not answer a request. */
export interface LinkListener {
  /** A frame of a followed channel. */
  onFrame(link: RelayLink, frame: ChannelFrame): void;
  /** Any other frame: `following`, `closed`, `owned` with the id 0, a receipt or a ping. */
  onDown(link: RelayLink, down: RelayDown): void;
  /** Called once, however the link ends. */
  onClose(link: RelayLink, why: Refusal): void;
}

export interface RelayLinkOptions {
  readonly instanceId: string;
  readonly name: string;
  readonly upstream: Upstream;
  /** Service token for this chat server. */
  readonly token: string;
  readonly listener: LinkListener;
}

/** A request that waits for its response. */
interface Question {
  readonly resolve: (answer: RelayDown) => void;
  readonly reject: (refusal: Refusal) => void;
  readonly untilMs: number;
}

/** Time within which a chat server must answer a request. */
const answerWithinMs = 10_000;
const method = { ...ChatService.relay, requestType: bytesCodec, responseType: bytesCodec };

/** The stream between this gateway and one chat server. */
export class RelayLink {
  /** Instance id of the chat server. */
  readonly instanceId: string;
  readonly name: string;
  readonly openedAtMs = performance.now();
  readonly #listener: LinkListener;
  readonly #call: ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly #questions = new Map<number, Question>();
  #id = 0;
  #waitingBytes = 0;
  #heardAtMs = this.openedAtMs;
  #isOpen = true;

  constructor({ instanceId, name, upstream, token, listener }: RelayLinkOptions) {
    this.instanceId = instanceId;
    this.name = name;
    this.#listener = listener;
    this.#call = startDuplex(upstream.client, method, bearerMetadata(token));
    this.#call.on('data', (bytes: Uint8Array) => this.#receive(bytes));
    this.#call.on('error', () => {}); // `status` follows.
    this.#call.on('status', (status: ServiceError) => {
      upstream.release();
      this.close(refusalFromStatus(status));
    });
    this.send({ hello: { name } });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Bytes of requests that the chat server has not taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Sends a request and returns its id. If the chat server has left too many bytes unread, the link
   * ends.
   */
  send(up: RelayRequestFields): number {
    this.#id += 1;
    if (this.#isOpen) this.#write(RelayUp.encode(RelayUp.fromPartial({ ...up, id: this.#id })).finish());
    return this.#id;
  }

  #write(bytes: Uint8Array): void {
    this.#waitingBytes += bytes.length;
    this.#call.write(bytes, () => {
      this.#waitingBytes -= bytes.length;
    });
    if (this.#waitingBytes > limits.relayUnreadBytes) this.close(refuse('too-slow'));
  }

  /**
   * Sends a request and resolves with its response: `handle`, `ack` or `owned`. Calls `onAnswer`
   * with the response before any later frame is handled.
   * @throws {Refusal} of the chat server; `too-busy` if too many requests are open,
   * `deadline-exceeded` if no response comes in time, or the reason for which the link ended.
   */
  ask(up: RelayRequestFields, onAnswer?: (answer: RelayDown) => void): Promise<RelayDown> {
    if (!this.#isOpen) return Promise.reject(refuse('unreachable'));
    if (this.#questions.size >= limits.relayWaiting) return Promise.reject(refuse('too-busy'));
    return new Promise((resolve, reject) => {
      const untilMs = performance.now() + answerWithinMs;
      const answered = (answer: RelayDown) => {
        onAnswer?.(answer);
        resolve(answer);
      };
      this.#questions.set(this.#id + 1, { resolve: answered, reject, untilMs });
      this.send(up);
    });
  }

  /** Ends the link if the chat server is silent. Rejects requests whose response is late. */
  tick(): void {
    const nowMs = performance.now();
    for (const [id, { reject, untilMs }] of this.#questions) {
      if (untilMs > nowMs) break; // Later requests have more time left.
      this.#questions.delete(id);
      reject(refuse('deadline-exceeded'));
    }
    if (nowMs - this.#heardAtMs > limits.relaySilentMs) this.close(refuse('idle'));
  }

  /** Ends the link. Only the first call counts. */
  close(why: Refusal): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#call.cancel();
    for (const { reject } of this.#questions.values()) reject(why);
    this.#questions.clear();
    this.#listener.onClose(this, why);
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#heardAtMs = performance.now();
    try {
      const received = decodeDown(bytes);
      if ('frame' in received) this.#listener.onFrame(this, received.frame);
      else this.#take(received.down);
    } catch (cause) {
      this.close(refuse('malformed', { cause }));
    }
  }

  #take(down: RelayDown): void {
    const { id, ping, refusal } = down;
    const question = this.#questions.get(id);
    if (ping?.ping !== undefined) this.send({ pong: ping.ping });
    this.#questions.delete(id);
    if (question === undefined) this.#takeUnasked(down);
    else if (refusal === undefined) question.resolve(down);
    else question.reject(refusalFromFrame(refusal));
  }

  /** Ends a handle whose response came too late, because nobody would use it. */
  #takeUnasked(down: RelayDown): void {
    if (down.handle === undefined) this.#listener.onDown(this, down);
    else this.send({ detach: down.handle });
  }
}
