import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import type { RelayLink } from '../relay/relay-link.js';

/** A handle at one chat server. */
interface LinkHandle {
  readonly attached: Promise<number>;
  /** Known once the chat server has answered. */
  number: number | undefined;
}

/**
 * A session of a user: its token, and its handles at chat servers. All devices of the session in
 * this gateway share them.
 */
export class UserSession {
  readonly me: UserCaller;
  readonly #token: string;
  /** Devices with an open session stream. */
  devices = 0;
  /** Posts without an answer. */
  posts = 0;
  usedAtMs = performance.now();
  readonly #handles = new Map<RelayLink, LinkHandle>();
  /**
   * The last handle at each chat server, by instance id. A new relay to that server takes the
   * handle over.
   */
  readonly #lastNumbers = new Map<string, number>();

  readonly #onAttached: (link: RelayLink, handle: number) => void;

  /** `onAttached` is called with each new handle. */
  constructor(me: UserCaller, token: string, onAttached: (link: RelayLink, handle: number) => void) {
    this.me = me;
    this.#token = token;
    this.#onAttached = onAttached;
  }

  /** Whether no device and no post uses the session. */
  get isIdle(): boolean {
    return this.devices === 0 && this.posts === 0;
  }

  /** Returns the handle at a chat server, if it is attached. */
  handleAt(link: RelayLink): number | undefined {
    return this.#handles.get(link)?.number;
  }

  /**
   * Attaches the session at a chat server, or returns its handle there.
   * @throws {Refusal} of the chat server, or `unreachable`.
   */
  attach(link: RelayLink): Promise<number> {
    const known = this.#handles.get(link);
    if (known !== undefined) return known.attached;
    const handle: LinkHandle = { attached: this.#ask(link), number: undefined };
    this.#handles.set(link, handle);
    handle.attached.then(
      (number) => {
        handle.number = number;
        this.#lastNumbers.set(link.instanceId, number);
        this.#onAttached(link, number);
      },
      () => this.#handles.delete(link),
    );
    return handle.attached;
  }

  async #ask(link: RelayLink): Promise<number> {
    const handle = this.#lastNumbers.get(link.instanceId) ?? 0;
    const answer = await link.ask({ attach: { token: this.#token, handle } });
    if (answer.handle === undefined) throw refuse('malformed');
    return answer.handle;
  }

  /** Forgets a handle that has ended. The next use attaches again. */
  forget(link: RelayLink, number: number | undefined): void {
    if (this.#handles.get(link)?.number !== number) return;
    this.#handles.delete(link);
  }

  /** Forgets the handle of a relay that has ended. */
  lose(link: RelayLink): void {
    this.#handles.delete(link);
  }

  /** Ends all handles. Returns those that were attached. */
  detach(): [RelayLink, number][] {
    const attached = [...this.#handles].flatMap(([link, { number }]): [RelayLink, number][] =>
      number === undefined ? [] : [[link, number]],
    );
    for (const [link, detach] of attached) link.send({ detach });
    this.#handles.clear();
    return attached;
  }
}
