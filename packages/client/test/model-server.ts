import type { LogPosition, StreamOpening } from '../src/core/bookmark.js';
import type { QueuedSend } from '../src/core/exchange.js';
import type { OutboxEntry } from '../src/core/outbox.js';
import type { SendAnswer } from '../src/core/send-queue.js';

/** A frame from the server to the client. */
export type Down =
  | { readonly opening: StreamOpening }
  | { readonly entry: QueuedSend }
  | { readonly answer: SendAnswer<{ readonly retryAfterMs: number }> };

/** A send from the client to the server. */
export type Up = Pick<OutboxEntry<unknown>, 'clientId'>;

/**
 * Model of the server in memory: it has one order, accepts each client id once, and resumes by
 * position. It injects faults on request.
 */
export class ModelServer {
  log = 'log-1';
  entries: QueuedSend[] = [];
  /** Whether the server remembers client ids. If false, it remembers none. */
  remembers = true;
  #refusals = 0;
  #mutes = 0;
  /** Both directions of the single stream; undefined while closed. */
  #up: Up[] | undefined;
  #down: Down[] | undefined;
  #firstSeq = 1;

  get connected(): boolean {
    return this.#down !== undefined;
  }

  /** Refuses one of the next sends temporarily. */
  refuseNext(): void {
    this.#refusals += 1;
  }

  /** Drops one of the next acks. */
  muteNext(): void {
    this.#mutes += 1;
  }

  /** Stops injecting faults. */
  calm(): void {
    this.#refusals = 0;
    this.#mutes = 0;
  }

  connect(resume: LogPosition | undefined): void {
    const opening = this.#opening(resume);
    const after = opening.resumption === 'whole' ? (resume?.seq ?? 0) : this.entries.length;
    this.#up = [];
    this.#down = [{ opening }, ...this.entries.slice(after).map((entry) => ({ entry }))];
  }

  #opening(resume: LogPosition | undefined): StreamOpening {
    const place = { log: this.log, seq: this.entries.length };
    if (resume === undefined) return { place, resumption: 'new', missingTo: 0 };
    if (resume.log !== this.log || resume.seq > place.seq) return { place, resumption: 'reset', missingTo: 0 };
    const gap = resume.seq + 1 < this.#firstSeq;
    return { place, resumption: gap ? 'gap' : 'whole', missingTo: gap ? place.seq : 0 };
  }

  /** Sends a frame to the server, if a stream is open. */
  send(up: Up): void {
    this.#up?.push(up);
  }

  /** Sends a message as another user. */
  otherSays(): void {
    this.#say({ clientId: '', own: false });
  }

  /** Handles the next frame from the client. */
  work(): void {
    const up = this.#up?.shift();
    if (up === undefined) return;
    if (this.#refusals > 0) {
      this.#refusals -= 1;
      const refused = { clientId: up.clientId, seq: 0, timestamp: 0, refusal: { retryAfterMs: 100 } };
      this.#down?.push({ answer: refused });
      return;
    }
    const before = this.remembers ? this.entries.find(({ clientId }) => clientId === up.clientId) : undefined;
    const entry = before ?? this.#say({ ...up, own: true });
    if (this.#mutes > 0) this.#mutes -= 1;
    else this.#down?.push({ answer: { ...entry, refusal: undefined } });
  }

  /**
   * Delivers the next frame to the client. With `again` it stays queued for a duplicate, if it may
   * come twice.
   */
  next(again: boolean): Down | undefined {
    const [first] = this.#down ?? [];
    return again && first !== undefined && this.#mayRepeat(first) ? first : this.#down?.shift();
  }

  /**
   * Returns whether a frame may come twice. The opening of a stream may not. A second refusal means
   * that the server refused a second attempt, so the client may make a third one. That is harmless
   * only if the server remembers client ids.
   */
  #mayRepeat(frame: Down): boolean {
    if ('opening' in frame) return false;
    return this.remembers || !('answer' in frame) || frame.answer.refusal === undefined;
  }

  /** Drops the next frame if it is another user's entry. */
  dropEntry(): void {
    const [first] = this.#down ?? [];
    if (first !== undefined && 'entry' in first && !first.entry.own) this.#down?.shift();
  }

  /** Loses the stream and everything that is in transit. */
  kill(): void {
    this.#up = undefined;
    this.#down = undefined;
  }

  /** Loses the stream and the log. */
  restart(): void {
    this.kill();
    this.log = `log-${Number(this.log.slice(4)) + 1}`;
    this.entries = [];
    this.#firstSeq = 1;
  }

  /** Makes the entries written so far impossible to replay. */
  forget(): void {
    this.#firstSeq = this.entries.length + 1;
  }

  #say(said: Pick<QueuedSend, 'clientId' | 'own'>): QueuedSend {
    const entry: QueuedSend = { ...said, seq: this.entries.length + 1, timestamp: 0 };
    this.entries.push(entry);
    this.#down?.push({ entry });
    return entry;
  }
}
