import type { User } from '@parley/client';
import { useEffect, useState } from 'react';
import { type RefusedAction, refusedBy } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

const searchAfterMs = 200;

interface FoundUsers {
  /** Undefined while the search runs. */
  readonly users?: readonly User[];
  readonly refused?: RefusedAction;
}

/** Returns the first users whose id or name begins with a text, or why the search failed. */
export function useFoundPeople(text: string): FoundUsers {
  const { membership } = useWorkspace();
  const [found, setFound] = useState<FoundUsers>({});
  const sought = text.trim();
  useEffect(() => {
    setFound({});
    if (sought === '') return;
    const searching = new AbortController();
    const timer = setTimeout(() => {
      membership.findUsers(sought, searching.signal).then(
        (users) => setFound({ users }),
        (thrown) => searching.signal.aborted || setFound({ refused: refusedBy(thrown) }),
      );
    }, searchAfterMs);
    return () => {
      clearTimeout(timer);
      searching.abort();
    };
  }, [membership, sought]);
  return found;
}
