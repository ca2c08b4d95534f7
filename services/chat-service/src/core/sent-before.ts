/** What was answered to a sent message. */
export interface Sent {
  readonly seq: number;
  readonly timestamp: number;
  /** Of what was sent: the same client id with another digest is another message. */
  readonly digest: string;
}

/** A UUID is the same one in either case. */
function identityOf(sender: string, clientId: string): string {
  return `${sender} ${clientId.toLowerCase()}`;
}

/** The last messages by sender and client id, so that a retry is answered like the first try. */
export class SentBefore {
  readonly #most: number;
  readonly #sent = new Map<string, Sent>();

  constructor(most = 1_024) {
    this.#most = most;
  }

  find(sender: string, clientId: string): Sent | undefined {
    return this.#sent.get(identityOf(sender, clientId));
  }

  /** Remembers one, and forgets the oldest where there are too many. */
  add(sender: string, clientId: string, sent: Sent): void {
    this.#sent.set(identityOf(sender, clientId), sent);
    if (this.#sent.size <= this.#most) return;
    const [oldest] = this.#sent.keys();
    if (oldest !== undefined) this.#sent.delete(oldest);
  }
}
