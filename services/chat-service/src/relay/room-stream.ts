import type { Framing } from '@parley/fanout';
import { type Refusal, refuse } from '@parley/runtime';
import type { MessageStream } from '../session/stream.js';

const nothing = Buffer.alloc(0);
/**
 * The framing of all room streams, which writes nothing. They share it, so that the empty result is
 * also shared.
 */
const silent: Framing = { overheadBytes: 0, join: () => nothing };

/**
 * The stream of a session in a room through a relay. It carries nothing, because the follow of the
 * room sends the frames, and messages arrive as posts.
 */
export class RoomStream implements MessageStream {
  readonly framing = silent;
  #ended: Refusal | 'gone' | undefined;
  #listeners: (() => void)[] = [];
  #onEnd: (refusal: Refusal | undefined) => void = () => {};

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Calls `listener` once, with the refusal if there is one, when the session ends by itself. */
  onEnd(listener: (refusal: Refusal | undefined) => void): void {
    this.#onEnd = listener;
    if (this.#ended !== undefined) this.#notify();
  }

  #notify(): void {
    this.#onEnd(this.#ended === 'gone' ? undefined : this.#ended);
  }

  write(): boolean {
    return true;
  }

  onDrain(): void {}

  onMessage(): void {}

  pause(): void {}

  resume(): void {}

  onHalfClose(): void {}

  onWritten(): void {}

  onClose(listener: () => void): void {
    if (this.ended) queueMicrotask(listener);
    else this.#listeners.push(listener);
  }

  end(refusal?: Refusal): void {
    if (this.ended) return;
    this.#ended = refusal ?? 'gone';
    for (const listener of this.#listeners.splice(0)) listener();
    this.#notify();
  }

  reset(): void {
    this.end(refuse('too-slow'));
  }
}
