import { Kind } from './gen/chat/v1/types.js';

/** The rules for one kind of entry. */
export interface KindRules {
  /**
   * Whether entries of this kind change an earlier entry, which `targetSeq` names. Only channels
   * with history accept them.
   */
  readonly amends: boolean;
  /** Kinds of later entries that may change an entry of this kind. Empty: no entry may. */
  readonly changedBy: readonly Kind[];
  /** Whether clients may send this kind. All others come from the server. */
  readonly fromClients: boolean;
  /** Content of `data` in such an entry. */
  readonly data: 'content' | 'emoji' | 'nothing' | 'member-change';
  /**
   * Users who may send such an entry. `sender` is the sender of the target. A host is the owner or a
   * channel admin.
   */
  readonly by: 'anyone' | 'sender' | 'sender-or-host' | 'host';
  /**
   * Whether an entry of this kind is something that a user says. Such entries count as unread,
   * search finds them, and they notify users. Indexes of `chat.message` list the same kinds.
   */
  readonly speech: boolean;
  /** Whether slow mode limits entries of this kind, because they show new text. */
  readonly underSlowMode: boolean;
  /**
   * Whether History lists entries of this kind. All other kinds are folded into the entry that they
   * amend.
   */
  readonly inHistory: boolean;
  /** Whether clients that did not ask for events also receive entries of this kind. */
  readonly plain: boolean;
}

const message: KindRules = {
  amends: false,
  changedBy: [Kind.EDIT, Kind.DELETE, Kind.REACT, Kind.UNREACT, Kind.PIN, Kind.UNPIN],
  fromClients: true,
  data: 'content',
  by: 'anyone',
  speech: true,
  underSlowMode: true,
  inHistory: true,
  plain: true,
};
const amendment: KindRules = {
  ...message,
  amends: true,
  changedBy: [],
  speech: false,
  underSlowMode: false,
  inHistory: false,
  plain: false,
};
const reaction: KindRules = { ...amendment, data: 'emoji' };
const pin: KindRules = { ...amendment, data: 'nothing', by: 'host' };

/**
 * The only table of kinds: handlers, statements and clients read it. To add a kind, start with a
 * row here.
 */
export const kindRules: Readonly<Record<Kind, KindRules>> = {
  [Kind.UNSPECIFIED]: message,
  [Kind.EDIT]: { ...amendment, by: 'sender', underSlowMode: true },
  [Kind.DELETE]: { ...amendment, data: 'nothing', by: 'sender-or-host' },
  [Kind.REACT]: reaction,
  [Kind.UNREACT]: reaction,
  [Kind.PIN]: pin,
  [Kind.UNPIN]: pin,
  [Kind.MEMBER]: {
    ...message,
    changedBy: [],
    fromClients: false,
    data: 'member-change',
    speech: false,
    underSlowMode: false,
    plain: false,
  },
};

/** Returns the rules for a number from the wire, or undefined if there is no such kind. */
export function rulesOf(kind: number): KindRules | undefined {
  return kindRules[kind as Kind];
}

function numbersWhere(fits: (rules: KindRules) => boolean): string {
  const numbers = Object.entries(kindRules).flatMap(([kind, rules]) => (fits(rules) ? [kind] : []));
  return `(${numbers.join(', ')})`;
}

/** Kinds as SQL literals, for statements that write `:KIND_EDIT` or `:HISTORY_KINDS`. */
export const kindConstants = {
  KIND_EDIT: String(Kind.EDIT),
  KIND_DELETE: String(Kind.DELETE),
  KIND_REACT: String(Kind.REACT),
  KIND_MEMBER: String(Kind.MEMBER),
  HISTORY_KINDS: numbersWhere(({ inHistory }) => inHistory),
  SPEECH_KINDS: numbersWhere(({ speech }) => speech),
};
