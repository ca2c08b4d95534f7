import { MemberRole, type User } from '@parley/client';
import { useEffect, useState } from 'react';
import { type RefusedAction, useAction } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

/** The members of a chat, as far as they are loaded. */
export interface MembersSoFar {
  readonly users: readonly User[];
  readonly busy: boolean;
  readonly refused: RefusedAction | undefined;
  /** Loads the first page again, in place of all that are loaded. */
  readonly reload: () => void;
  /** Loads the next page. Undefined after the last one. */
  readonly more: (() => void) | undefined;
  /** Shows a member whose role has changed, or no longer shows one who was removed. */
  readonly change: (user: User) => void;
}

function withChange(users: readonly User[], changed: User): readonly User[] {
  if (changed.memberRole === MemberRole.UNSPECIFIED) return users.filter(({ id }) => id !== changed.id);
  return users.map((user) => (user.id === changed.id ? changed : user));
}

/** Loads the members of a chat page by page. */
export function useMembers(id: number): MembersSoFar {
  const { membership } = useWorkspace();
  const [users, setUsers] = useState<readonly User[]>([]);
  const [next, setNext] = useState('');
  const { refused, busy, run } = useAction(async (after: string) => {
    const page = await membership.members(id, after);
    setUsers((before) => (after === '' ? page.users : [...before, ...page.users]));
    setNext(page.next);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first page is loaded once
  useEffect(() => {
    run('');
  }, [id]);
  return {
    ...{ users, busy, refused, reload: () => run('') },
    more: next === '' ? undefined : () => run(next),
    change: (user) => setUsers((before) => withChange(before, user)),
  };
}
