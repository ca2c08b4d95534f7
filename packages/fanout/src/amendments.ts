import { Kind, type Message } from '@parley/contract';
import type { Amendment, EncodedMessage } from './encoded-message.js';
import type { RingBuffer } from './ring-buffer.js';

/** Turns the encoded messages of a ring into messages of the contract, and back. */
export interface MessageCodec {
  readonly decode: (encoded: Pick<EncodedMessage, 'bytes'>) => Message;
  readonly encode: (message: Message) => EncodedMessage;
}

const nothing = new Uint8Array();

/** Returns a message without its text, content type, mentions and files. */
function withdrawn({ bytes }: Pick<EncodedMessage, 'bytes'>, { decode, encode }: MessageCodec): EncodedMessage {
  return encode({ ...decode({ bytes }), data: nothing, contentType: '', mentions: [], fileIds: [], deleted: true });
}

/** Returns a message with the text of an edit. */
function edited(earlier: EncodedMessage, edit: Uint8Array, { decode, encode }: MessageCodec): EncodedMessage {
  const said = decode(earlier);
  if (said.deleted || said.kind !== Kind.UNSPECIFIED) return earlier;
  const { data, contentType, timestamp } = decode({ bytes: edit });
  return encode({ ...said, data, contentType, editedAt: timestamp });
}

/**
 * Returns the effect of an edit or a deletion on the earlier entry, or undefined for any other
 * message. `bytes` is the message as it is encoded for the ring.
 * @example
 * ```ts
 * import { Message } from '@parley/contract';
 * import { amendmentOf, type MessageCodec } from '@parley/fanout';
 *
 * const codec: MessageCodec = {
 *   decode: ({ bytes }) => Message.decode(bytes),
 *   encode: (message) => {
 *     const bytes = Message.encode(message).finish();
 *     return { bytes, plain: true, amendment: amendmentOf(message, bytes, codec) };
 *   },
 * };
 * ```
 */
export function amendmentOf(
  { kind, targetSeq: target, deleted }: Message,
  bytes: Uint8Array,
  codec: MessageCodec,
): Amendment | undefined {
  if (kind === Kind.DELETE) return { target, apply: (earlier) => withdrawn(earlier, codec) };
  if (kind !== Kind.EDIT || deleted) return undefined;
  return {
    target,
    apply: (earlier) => edited(earlier, bytes, codec),
    withdrawn: () => withdrawn({ bytes }, codec),
  };
}

/**
 * Keeps the ring in step with the log, so that later readers of an entry do not see text that was
 * deleted or replaced.
 * @example
 * ```ts
 * import { Amendments, RingBuffer } from '@parley/fanout';
 *
 * const ring = new RingBuffer(1_048_576, 65_536);
 * const amendments = new Amendments(ring);
 * const blank = { bytes: new Uint8Array(), plain: true };
 * ring.push({ bytes: new TextEncoder().encode('hello'), plain: true });
 * amendments.apply({ target: 1, apply: () => blank }, ring.head - 1); // a deletion of that message
 * ring.push(blank);
 * ```
 */
export class Amendments {
  readonly #ring: RingBuffer;
  /**
   * Newest edit of each edited message, by the seq of that message: the cursor of the edit in the
   * ring, and the function that removes its text. Earlier edits come first.
   */
  readonly #edits = new Map<
    number,
    { readonly cursor: number; readonly withdrawn: NonNullable<Amendment['withdrawn']> }
  >();

  constructor(ring: RingBuffer) {
    this.#ring = ring;
  }

  /**
   * Applies an amendment. Call it right before the amending entry joins the ring. `cursor` is the
   * cursor of the target.
   */
  apply({ target, apply, withdrawn }: Amendment, cursor: number): void {
    this.#ring.replace(cursor, apply);
    this.withdraw(target);
    if (withdrawn !== undefined) this.#edits.set(target, { cursor: this.#ring.head, withdrawn });
    this.#forget();
  }

  /** Removes the text of the newest edit of this target. */
  withdraw(target: number): void {
    const edit = this.#edits.get(target);
    if (edit === undefined) return;
    this.#edits.delete(target);
    this.#ring.replace(edit.cursor, edit.withdrawn);
  }

  /** Removes the text of edits whose target lies below `seq`. */
  withdrawBelow(seq: number): void {
    for (const target of this.#edits.keys()) if (target < seq) this.withdraw(target);
  }

  /** Forgets edits that the ring has dropped. */
  #forget(): void {
    for (const [target, { cursor }] of this.#edits) {
      if (cursor >= this.#ring.tail) return;
      this.#edits.delete(target);
    }
  }
}
