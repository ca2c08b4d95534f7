import type { LogPosition, StreamOpening } from '../src/core/bookmark.js';
import type { QueuedSend, SendAnswer } from '../src/core/exchange.js';
import type { OutboxEntry } from '../src/core/outbox.js';

/** What travels down a stream. */
export type Down =
  | { readonly opening: StreamOpening }
  | { readonly entry: QueuedSend }
  | { readonly answer: SendAnswer<{ readonly retryAfterMs: number }> };

/** What a send is, to the model. */
export type Up = Pick<OutboxEntry<unknown>, 'clientId'>;

/** The server as the contract has it: one order, a client id once, resume by place. All in memory, and as unreliable as told. */
export class ModelServer {
  log = 'log-1';
  entries: QueuedSend[] = [];
  /** It knows every client id for ever; else none. */
  remembers = true;
  #refusals = 0;
  #mutes = 0;
  /** Up and down the one stream; undefined: there is none. */
  #up: Up[] | undefined;
  #down: Down[] | undefined;
  #firstSeq = 1;

  get connected(): boolean {
    return this.#down !== undefined;
  }

  /** One more of the sends to come is refused for a while. */
  refuseNext(): void {
    this.#refusals += 1;
  }

  /** One more of the acks to come is lost. */
  muteNext(): void {
    this.#mutes += 1;
  }

  /** Nothing goes wrong any more. */
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

  /** Up the stream, if there is one. */
  send(up: Up): void {
    this.#up?.push(up);
  }

  /** Somebody else says something. */
  otherSays(): void {
    this.#say({ clientId: '', own: false });
  }

  /** Takes the next thing that came up the stream. */
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

  /** The next frame of the stream; with `again` it stays to come once more, unless it opens the stream. */
  next(again: boolean): Down | undefined {
    const [first] = this.#down ?? [];
    return again && first !== undefined && !('opening' in first) ? first : this.#down?.shift();
  }

  /** Loses the next frame, if it is an entry of somebody else. */
  dropEntry(): void {
    const [first] = this.#down ?? [];
    if (first !== undefined && 'entry' in first && !first.entry.own) this.#down?.shift();
  }

  /** What is in the stream is lost, in both directions. */
  kill(): void {
    this.#up = undefined;
    this.#down = undefined;
  }

  /** All that was said is lost too. */
  restart(): void {
    this.kill();
    this.log = `log-${Number(this.log.slice(4)) + 1}`;
    this.entries = [];
    this.#firstSeq = 1;
  }

  /** What was said so far cannot be replayed any more. */
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
