/** The effect of an entry on an earlier one: an edit replaces its text, a deletion removes it. */
export interface Amendment {
  /** Seq of the earlier entry. */
  readonly target: number;
  /** Returns the earlier entry in its new form. */
  readonly apply: (earlier: EncodedMessage) => EncodedMessage;
  /**
   * For an edit: returns the edit without its text. The ring stores that instead of the edit once a
   * later change has replaced the text.
   */
  readonly withdrawn?: () => EncodedMessage;
}

/** A message, encoded once for all subscribers, without the framing of any transport. */
export interface EncodedMessage {
  readonly bytes: Uint8Array;
  /**
   * Whether clients without events receive it too. If false, only subscribers that asked for events
   * do.
   */
  readonly plain: boolean;
  readonly amendment?: Amendment | undefined;
}
