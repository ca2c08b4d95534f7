import type { LineOf } from './format.js';
import type { ImportedPeople } from './imported-people.js';

type Member = LineOf<'member'>;

function untilText(until: Member['muted_until']): string | null {
  if (until === undefined) return null;
  return until === 'forever' ? 'infinity' : new Date(until).toISOString();
}

/**
 * Returns what two members have together, if the operator has said that they are the same person.
 * @param entries number of entries of the channel, which a member without receipts has read
 */
function merged(one: Member, other: Member, entries: number): Member {
  const inside = [one, other].filter(({ out }) => out === undefined);
  const [first = one, second = first] = inside;
  return {
    ...first,
    role: inside.some(({ role }) => role === 'admin') ? 'admin' : 'member',
    joined: Math.min(first.joined, second.joined),
    read: Math.max(first.read ?? entries, second.read ?? entries),
    delivered: Math.max(first.delivered ?? 0, second.delivered ?? 0),
    muted_until: one.muted_until ?? other.muted_until,
    banned_until: inside.length > 0 ? undefined : (one.banned_until ?? other.banned_until),
  };
}

/**
 * Returns the columns of the members of a channel. A member without receipts has read everything.
 * @param entries number of entries of the channel
 */
export function memberColumns(members: readonly Member[], people: ImportedPeople, entries: number) {
  const byId = new Map<string, Member>();
  for (const member of members) {
    const userId = people.idOf(member.person);
    const other = byId.get(userId);
    byId.set(userId, other === undefined ? member : merged(other, member, entries));
  }
  const all = [...byId.values()];
  const readOf = ({ out, read = entries }: Member) => (out === undefined ? read : 0);
  return {
    userIds: [...byId.keys()],
    roles: all.map(({ role }) => role),
    joined: all.map(({ joined, out }) => (out === undefined ? joined : 0)),
    stays: all.map(({ stay }) => stay ?? null),
    areOut: all.map(({ out }) => out === true),
    leftByChoice: all.map((one) => one.left_by_choice === true),
    read: all.map(readOf),
    delivered: all.map((one) => (one.out === undefined ? Math.max(readOf(one), one.delivered ?? 0) : 0)),
    notify: all.map(({ notify }) => notify),
    markedUnread: all.map((one) => one.marked_unread === true),
    joinedMs: all.map((one) => one.joined_at ?? null),
    mutedUntil: all.map((one) => untilText(one.muted_until)),
    bannedUntil: all.map((one) => untilText(one.banned_until)),
  };
}
