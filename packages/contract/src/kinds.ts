import { Kind } from './gen/chat/v1/types.js';

/** The rules for one kind of entry. */
export interface KindRules {
  /** Entries of this kind change an earlier entry, named by `targetSeq`. Only channels that keep messages take them. */
  readonly amends: boolean;
  /** Clients may send this kind; others come from the server. */
  readonly fromClients: boolean;
  /** `data` of such an entry. */
  readonly data: 'content' | 'emoji' | 'nothing' | 'member-change';
  /** Sender of such an entry: anyone, the sender of the target, that sender or a host, or a host (the owner or a channel admin). */
  readonly by: 'anyone' | 'sender' | 'sender-or-host' | 'host';
  /** Slow mode counts it, because it shows new text. */
  readonly underSlowMode: boolean;
  /** History lists it. All other kinds are folded into the entry that they amend. */
  readonly inHistory: boolean;
  /** Clients that asked for no events receive it too. */
  readonly plain: boolean;
}

const message: KindRules = {
  amends: false,
  fromClients: true,
  data: 'content',
  by: 'anyone',
  underSlowMode: true,
  inHistory: true,
  plain: true,
};
const amendment: KindRules = { ...message, amends: true, underSlowMode: false, inHistory: false, plain: false };
const reaction: KindRules = { ...amendment, data: 'emoji' };
const pin: KindRules = { ...amendment, data: 'nothing', by: 'host' };

/** The one table of kinds: handlers, statements and clients read it. A new kind begins as a row here. */
export const kindRules: Readonly<Record<Kind, KindRules>> = {
  [Kind.UNSPECIFIED]: message,
  [Kind.EDIT]: { ...amendment, by: 'sender', underSlowMode: true },
  [Kind.DELETE]: { ...amendment, data: 'nothing', by: 'sender-or-host' },
  [Kind.REACT]: reaction,
  [Kind.UNREACT]: reaction,
  [Kind.PIN]: pin,
  [Kind.UNPIN]: pin,
  [Kind.MEMBER]: { ...message, fromClients: false, data: 'member-change', underSlowMode: false, plain: false },
};

/** Returns the rules of a number that came over the wire; undefined if there is no such kind. */
export function rulesOf(kind: number): KindRules | undefined {
  return kindRules[kind as Kind];
}

function numbersWhere(fits: (rules: KindRules) => boolean): string {
  const numbers = Object.entries(kindRules).flatMap(([kind, rules]) => (fits(rules) ? [kind] : []));
  return `(${numbers.join(', ')})`;
}

/** Kinds as SQL literals, for statements that write `:KIND_EDIT` or `:HISTORY_KINDS`. */
export const kindConstants = {
  KIND_MESSAGE: String(Kind.UNSPECIFIED),
  KIND_EDIT: String(Kind.EDIT),
  KIND_MEMBER: String(Kind.MEMBER),
  HISTORY_KINDS: numbersWhere(({ inHistory }) => inHistory),
};
